"""Bundles of files that are written without a converter: what they answer can be told by looking at the input."""

import make
import numpy as np
from tiny_files import BuiltinOperator, Graph, Tensor, apply, file_of, product, schema, weight

from zoo.export.assembly.file import write
from zoo.export.assembly.graph import Piece, TensorType


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


def sums(out, matrix, stream="stream"):
    """A bundle of `predict`, y = W x, and of a part that streams, y_t = W x_t + y_(t-1); `matrix`: W, square."""
    width, whole, streamed = len(matrix), Graph(), Graph()
    x, frame, state = Tensor((1, width)), Tensor((1, 1, width)), Tensor((1, 1, width))
    y, z = product(whole, x, weight(matrix)), product(streamed, frame, weight(matrix), keepNumDims=True)
    new = apply(streamed, BuiltinOperator.ADD, [z, state], state.like(), schema.AddOptionsT())
    row = apply(streamed, BuiltinOperator.RESHAPE, [new, weight(np.array([1, 1, width]), np.int32)], state.like())
    data = write(
        {
            "predict": Piece(whole, {"x": x}, {"y": y}),
            stream: Piece(streamed, {"x": frame, "sum": state}, {"y": row, "sum": new}),
        }
    )
    row = make.tensor(1, 1, width)
    frames = {"inputs": {"x": row | {"kind": "array", "time": True}}, "outputs": {"y": row | {"time": True}}}
    manifest = make.manifest(
        {"x": make.tensor(1, width, kind="array")},
        {"y": make.tensor(1, width)},
        parts={stream: frames | {"state": {"sum": row}}},
        stream=stream,
    )
    return make.bundle(out, "sums", manifest, {"float32.tflite": data})


def echo(out, vocabulary, longest=4):
    """A bundle that takes a picture and a text: `mean` of the picture's channels, `asked` and `count` of its tokens."""
    graph, picture = Graph(), Tensor((1, 4, 4, 3))
    tokens, words = (Tensor(shape, TensorType.INT32) for shape in ((1, longest), (1, 1)))
    axes = weight(np.array([1, 2]), np.int32)
    outputs = {
        "mean": apply(graph, BuiltinOperator.MEAN, [picture, axes], Tensor((1, 3)), schema.ReducerOptionsT()),
        "asked": apply(graph, BuiltinOperator.CAST, [tokens], Tensor(tokens.shape), schema.CastOptionsT()),
        "count": apply(graph, BuiltinOperator.CAST, [words], Tensor(words.shape), schema.CastOptionsT()),
    }
    manifest = make.manifest(
        {
            "picture": make.tensor(1, 4, 4, 3, kind="image"),
            "text": make.tensor(1, longest, kind="tokens", dtype="int32", vocabulary="words"),
            "words": make.tensor(1, 1, kind="length", dtype="int32", of="text"),
        },
        {name: make.tensor(*tensor.shape) for name, tensor in outputs.items()},
        {"mean": make.classes(["red", "green", "blue"])},
        vocabularies={"words": vocabulary},
    )
    data = file_of(graph, {"picture": picture, "text": tokens, "words": words}, outputs)
    return make.bundle(out, "echo", manifest, {"float32.tflite": data})
