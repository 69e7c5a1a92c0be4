"""Bundles of files that are written without a converter: what they answer can be told by looking at the input."""

import numpy as np
from tiny_files import BuiltinOperator, Graph, Tensor, apply, file_of, schema, weight

from zoo.bundle import load_bundle, write_bundle


def pack(out, name, data, parts, labels=None):
    """A bundle of a user's own with the one artifact float32."""
    manifest = {
        **dict.fromkeys(("model", "tag", "family", "task")),
        **{"zoo": "0.1.0", "decode": "single", "source": "source.keras", "labels": labels, "parts": parts},
        "artifacts": {"float32": {"file": "float32.tflite"}},
    }
    with write_bundle(out, name, manifest) as folder:
        (folder / "float32.tflite").write_bytes(data)
        (folder / "source.keras").write_bytes(b"none")
    return load_bundle(out / name)


def means(out, name="means", *, batch=1, shape=(4, 4, 3), labels=None, **meaning):
    """The mean of each channel of a picture (or of any other input whose last axis has channels), as logits.

    `meaning`: what the manifest says of the input `x`; a picture of 0..255 unless given.
    """
    graph, x = Graph(), Tensor((batch, *shape))
    axes = weight(np.arange(1, len(shape)), np.int32)
    y = apply(graph, BuiltinOperator.MEAN, [x, axes], Tensor((batch, shape[-1])), schema.ReducerOptionsT())
    given = {"shape": [batch, *shape], "dtype": "float32", **(meaning or {"kind": "image"})}
    answer = {"shape": [batch, shape[-1]], "dtype": "float32", **({"softmax": True} if labels else {})}
    parts = {"predict": {"inputs": {"x": given}, "outputs": {"y": answer}}}
    return pack(out, name, file_of(graph, {"x": x}, {"y": y}), parts, labels)
