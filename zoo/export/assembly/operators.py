"""The operators that an assembly writes itself: each function appends one to a graph and returns what it gives."""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.schema_py_generated import BuiltinOperator, TensorType

from zoo.export.assembly.graph import TYPES, Graph, Tensor


def constant(values) -> Tensor:
    """A constant; Python integers become int32, as shapes and positions are."""
    array = np.asarray(values)
    array = array.astype(np.int32) if array.dtype == np.int64 else array
    return Tensor(array.shape, TYPES[array.dtype], data=array.tobytes())


def zeros(like: Tensor, shape: tuple[int, ...]) -> Tensor:
    """A constant of zeros as `like` stores them."""
    zero = like.quantization.zero_point[0] if like.quantization else 0
    return Tensor(tuple(shape), like.type, like.quantization, np.full(shape, zero, like.dtype).tobytes())


def convert(graph: Graph, tensor: Tensor, like: Tensor) -> Tensor:
    """`tensor` in the type and quantisation of `like`, by one QUANTIZE or DEQUANTIZE where they differ."""
    if tensor.same_kind(like):
        return tensor
    out = like.like(tensor.shape)
    if like.type == TensorType.FLOAT32:
        graph.add(BuiltinOperator.DEQUANTIZE, [tensor], [out], schema.DequantizeOptionsT(), version=2)
    else:
        graph.add(BuiltinOperator.QUANTIZE, [tensor], [out], schema.QuantizeOptionsT(), version=2)
    return out


def reshape(graph: Graph, tensor: Tensor, shape: tuple[int, ...]) -> Tensor:
    out = tensor.like(shape)
    graph.add(
        BuiltinOperator.RESHAPE,
        [tensor, constant(list(shape))],
        [out],
        schema.ReshapeOptionsT(np.array(shape, np.int32)),
    )
    return out


def unpack(graph: Graph, tensor: Tensor, axis: int) -> list[Tensor]:
    """(a, n, b) -> n times (a, b) for axis 1."""
    rest = (*tensor.shape[:axis], *tensor.shape[axis + 1 :])
    outs = [tensor.like(rest) for _ in range(tensor.shape[axis])]
    graph.add(BuiltinOperator.UNPACK, [tensor], outs, schema.UnpackOptionsT(len(outs), axis), _moving_version(tensor))
    return outs


def pack(graph: Graph, tensors: list[Tensor], axis: int) -> Tensor:
    """n times (a, b) -> (a, n, b) for axis 1."""
    first = tensors[0]
    out = first.like((*first.shape[:axis], len(tensors), *first.shape[axis:]))
    graph.add(BuiltinOperator.PACK, tensors, [out], schema.PackOptionsT(len(tensors), axis), _moving_version(first))
    return out


def concatenate(graph: Graph, tensors: list[Tensor], axis: int) -> Tensor:
    first = tensors[0]
    length = sum(tensor.shape[axis] for tensor in tensors)
    out = first.like((*first.shape[:axis], length, *first.shape[axis + 1 :]))
    options = schema.ConcatenationOptionsT(axis)
    graph.add(BuiltinOperator.CONCATENATION, tensors, [out], options, _moving_version(first))
    return out


def take(graph: Graph, tensor: Tensor, begin: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The part of `shape` that starts at the position `begin`, an int32 tensor: SLICE."""
    out = tensor.like(shape)
    inputs = [tensor, begin, constant(list(shape))]
    graph.add(BuiltinOperator.SLICE, inputs, [out], schema.SliceOptionsT(), _moving_version(tensor))
    return out


def put(graph: Graph, tensor: Tensor, part: Tensor, begin: Tensor, out: Tensor) -> None:
    """`out` becomes `tensor` with `part` written over it from the position `begin` on: DYNAMIC_UPDATE_SLICE.

    Where both lie in one place, only `part` is written.
    """
    options = schema.DynamicUpdateSliceOptionsT()
    graph.add(BuiltinOperator.DYNAMIC_UPDATE_SLICE, [tensor, part, begin], [out], options, _moving_version(tensor))


def fill(graph: Graph, like: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Zeros that the file does not store: FILL."""
    out = like.like(shape)
    version = 1 if like.type == TensorType.FLOAT32 else 3
    graph.add(BuiltinOperator.FILL, [constant(list(shape)), zeros(like, ())], [out], schema.FillOptionsT(), version)
    return out


def add(graph: Graph, left: Tensor, right: Tensor) -> Tensor:
    out = left.like()
    graph.add(BuiltinOperator.ADD, [left, right], [out], schema.AddOptionsT())
    return out


def subtract(graph: Graph, left: Tensor, right: Tensor) -> Tensor:
    out = left.like()
    graph.add(BuiltinOperator.SUB, [left, right], [out], schema.SubOptionsT())
    return out


def less(graph: Graph, left: Tensor, right: Tensor) -> Tensor:
    out = Tensor(left.shape, TensorType.BOOL)
    graph.add(BuiltinOperator.LESS, [left, right], [out], schema.LessOptionsT())
    return out


def repeat_while(graph: Graph, condition: Graph, body: Graph, initial: list[Tensor]) -> list[Tensor]:
    """Runs `body` on what it returned, at first on `initial`, while `condition` of it holds: WHILE.

    Variables that begin and go on alike come out as one tensor.
    """
    histories = list(zip(initial, body.outputs, strict=True))
    distinct = {history: history[1].like() for history in histories}
    outs = [distinct[history] for history in histories]
    graph.add(BuiltinOperator.WHILE, initial, outs, schema.WhileOptionsT(), subgraphs=(condition, body))
    return outs


def _moving_version(tensor: Tensor) -> int:
    """Operators that move bytes are of version 1 for float32 and of version 2 for int8 and bool."""
    return 1 if tensor.type in (TensorType.FLOAT32, TensorType.INT32) else 2
