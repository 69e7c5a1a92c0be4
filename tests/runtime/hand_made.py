"""Bundles of files that are written without a converter: what they answer can be told by looking at the input."""

import make
import numpy as np
from tiny_files import BuiltinOperator, Graph, Tensor, apply, file_of, schema, weight


def means(out, name="means", *, batch=1, shape=(4, 4, 3), labels=None, **meaning):
    """The mean of each channel of a picture (or of any other input whose last axis has channels), as logits.

    `meaning`: what the manifest says of the input `x`; a picture of 0..255 unless given.
    """
    graph, x = Graph(), Tensor((batch, *shape))
    axes = weight(np.arange(1, len(shape)), np.int32)
    y = apply(graph, BuiltinOperator.MEAN, [x, axes], Tensor((batch, shape[-1])), schema.ReducerOptionsT())
    manifest = make.manifest(
        {"x": make.tensor(batch, *shape, **(meaning or {"kind": "image"}))},
        {"y": make.tensor(batch, shape[-1])},
        {"y": make.classes(labels)} if labels else {},
    )
    return make.bundle(out, name, manifest, {"float32.tflite": file_of(graph, {"x": x}, {"y": y})})
