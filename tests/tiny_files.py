"""`.tflite` files of an operator or two, written without a converter."""

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.schema_py_generated import BuiltinOperator, TensorType

from zoo.export.assembly.file import write
from zoo.export.assembly.graph import TYPES, Graph, Piece, Quantization, Tensor


def file_of(graph: Graph, inputs: dict[str, Tensor], outputs: dict[str, Tensor]) -> bytes:
    """The graph as a file with the signature `predict`."""
    return write({"predict": Piece(graph, inputs, outputs)})


def int8(shape: tuple[int, ...], scale: float = 0.1, zero_point: int = 0) -> Tensor:
    return Tensor(shape, TensorType.INT8, Quantization((scale,), (zero_point,)))


def weight(values: np.ndarray, dtype: type = np.float32, scale: float | None = None) -> Tensor:
    """A constant, quantised where it has a scale."""
    stored = np.asarray(values, dtype)
    grid = Quantization((scale,), (0,)) if scale else None
    return Tensor(stored.shape, TYPES[stored.dtype], grid, stored.tobytes())


def apply(graph: Graph, code: int, inputs: list, out: Tensor, options: object = None, version: int = 1) -> Tensor:
    """Appends an operator with one output, and returns that."""
    graph.add(code, inputs, [out], options, version)
    return out


def product(
    graph: Graph, x: Tensor, matrix: Tensor, out: Tensor | None = None, *, bias: Tensor | None = None, **options
) -> Tensor:
    """x W^T + b by a FULLY_CONNECTED: (..., features) x (units, features) -> (..., units)."""
    out, given = out or Tensor((*x.shape[:-1], matrix.shape[0])), [x, matrix, *([] if bias is None else [bias])]
    return apply(graph, BuiltinOperator.FULLY_CONNECTED, given, out, schema.FullyConnectedOptionsT(**options), 9)


def dequantized(graph: Graph, stored: Tensor) -> Tensor:
    """A float16 weight as the converter hands it to operators."""
    out = Tensor(stored.shape)
    return apply(graph, BuiltinOperator.DEQUANTIZE, [stored], out, schema.DequantizeOptionsT(), version=3)
