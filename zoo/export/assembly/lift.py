"""Takes operators of a calibrated graph out of the integers again: they compute in float, products stay int8.

What the converter has calibrated knows the grid of every tensor.  So a piece that loses too much in 8 bits can compute
in float between its matrix products without a second calibration: each product still reads and writes the integers that
it was calibrated for.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.schema_py_generated import BuiltinOperator, TensorType

from zoo.export.assembly.graph import Graph, Operator, Piece, Tensor
from zoo.export.assembly.operators import convert
from zoo.export.assembly.repair import MOVING

PRODUCTS = frozenset(
    {
        BuiltinOperator.BATCH_MATMUL,
        BuiltinOperator.CONV_2D,
        BuiltinOperator.DEPTHWISE_CONV_2D,
        BuiltinOperator.FULLY_CONNECTED,
        BuiltinOperator.TRANSPOSE_CONV,
    }
)
"""What costs time and room, and gains the most by 8 bits."""


def lift(piece: Piece, stay: Collection[int] = PRODUCTS) -> Piece:
    """A copy of a calibrated piece in which only some operators compute in integers.

    Args:
        piece: as the converter made it, its ends float.
        stay: codes of the operators that stay as they are.
    """
    return _Lifting(piece, stay).run()


class _Lifting:
    def __init__(self, piece: Piece, stay: Collection[int]):
        self._piece, self._stay = piece, stay
        self._graph = Graph()
        self._floats: dict[Tensor, Tensor] = {}
        """An int8 tensor -> the float one that it was, or would have been, quantised from."""
        self._constants: dict[Tensor, Tensor] = {}

    def run(self) -> Piece:
        for operator in self._piece.graph.operators:
            self._add(operator)
        outputs = {name: self._float(end) if _is_int8(end) else end for name, end in self._piece.outputs.items()}
        outputs = {name: self._floats.get(end, end) for name, end in outputs.items()}
        return Piece(self._graph, dict(self._piece.inputs), outputs)

    def _add(self, operator: Operator) -> None:
        source, result = (operator.inputs or [None])[0], operator.outputs[0]
        if operator.code == BuiltinOperator.DEQUANTIZE and _is_int8(source) and not source.constant:
            self._floats[result] = self._float(source)
        elif operator.code == BuiltinOperator.QUANTIZE and _is_int8(result):
            self._requantised(source, result)
        elif self._stays(operator):
            inputs = [self._floats.get(tensor, tensor) if _is_float(tensor) else tensor for tensor in operator.inputs]
            self._copy(operator, inputs, operator.outputs)
        else:
            self._lift(operator)

    def _requantised(self, source: Tensor, result: Tensor) -> None:
        self._floats[result] = self._float(source) if _is_int8(source) else self._floats.get(source, source)
        self._graph.add(BuiltinOperator.QUANTIZE, [self._floats[result]], [result], schema.QuantizeOptionsT())

    def _stays(self, operator: Operator) -> bool:
        """Whether an operator computes as before; what moves numbers moves them as they come."""
        if not any(map(_is_int8, operator.outputs)):
            return not any(map(_is_int8, operator.inputs)) or operator.code in self._stay
        moved = [tensor for tensor in operator.inputs if _is_int8(tensor) and not tensor.constant]
        moves_integers = operator.code in MOVING and not any(tensor in self._floats for tensor in moved)
        return operator.code in self._stay or moves_integers

    def _lift(self, operator: Operator) -> None:
        inputs = [
            self._float(tensor) if _is_int8(tensor) else self._floats.get(tensor, tensor) for tensor in operator.inputs
        ]
        outputs = [
            Tensor(tensor.shape, name=tensor.name) if _is_int8(tensor) else tensor for tensor in operator.outputs
        ]
        self._copy(operator, inputs, outputs)
        for stored, computed in zip(operator.outputs, outputs, strict=True):
            if stored is not computed:
                self._floats[stored] = computed
                self._graph.add(BuiltinOperator.QUANTIZE, [computed], [stored], schema.QuantizeOptionsT())

    def _copy(self, operator: Operator, inputs: list[Tensor | None], outputs: list[Tensor]) -> None:
        self._graph.add(operator.code, inputs, outputs, operator.options, operator.version, operator.subgraphs)

    def _float(self, tensor: Tensor) -> Tensor:
        if tensor.constant:
            return self._constants.setdefault(tensor, _dequantised(tensor))
        if tensor not in self._floats:
            self._floats[tensor] = convert(self._graph, tensor, Tensor(tensor.shape, name=tensor.name))
        return self._floats[tensor]


def _dequantised(constant: Tensor) -> Tensor:
    """The numbers that an int8 constant stands for, as a float32 one."""
    grid, shape = constant.quantization, [1] * len(constant.shape)
    if len(grid.scale) > 1:
        shape[grid.axis] = len(grid.scale)
    scale, zero = np.reshape(grid.scale, shape), np.reshape(grid.zero_point, shape)
    stored = np.frombuffer(constant.data, np.int8).reshape(constant.shape).astype(np.float64)
    return Tensor(constant.shape, TensorType.FLOAT32, None, ((stored - zero) * scale).astype(np.float32).tobytes())


def _is_int8(tensor: Tensor | None) -> bool:
    return tensor is not None and tensor.type == TensorType.INT8 and tensor.quantization is not None


def _is_float(tensor: Tensor | None) -> bool:
    return tensor is not None and tensor.type == TensorType.FLOAT32
