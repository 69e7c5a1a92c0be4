"""Float operators between integers, as few as can be: LiteRT computes more in int8 than the converter says.

The converter leaves an operator in float where it knows no int8 kernel, and joins it to the integers around it by
DEQUANTIZE and QUANTIZE.  Three kinds need none of that: operators whose kernels do take int8 (each was compared with
NumPy over all 256 numbers), operators that only move numbers, and a DEQUANTIZE that is quantised again at once.  What
is left float is an island.
"""

from __future__ import annotations

from collections import defaultdict

from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.schema_py_generated import BuiltinOperator, TensorType

from zoo.export.assembly.ends import drop_unread
from zoo.export.assembly.graph import Graph, Operator, Piece, Quantization, Tensor
from zoo.export.assembly.operators import convert, zeros
from zoo.export.assembly.repair import MOVING

IN_INT8 = {
    BuiltinOperator.ABS,
    BuiltinOperator.ELU,
    BuiltinOperator.EXP,
    BuiltinOperator.GELU,
    BuiltinOperator.HARD_SWISH,
    BuiltinOperator.LOG,
    BuiltinOperator.NEG,
    BuiltinOperator.RELU_N1_TO_1,
    BuiltinOperator.RSQRT,
    BuiltinOperator.SQRT,
    BuiltinOperator.SQUARE,
}
"""What int8 kernels compute to a step of the output's grid at most; NEG and SQUARE have none, and are SUB and MUL."""


def shrink(piece: Piece) -> None:
    """Lets integers stay integers wherever LiteRT has kernels for them.

    Args:
        piece: as the converter made it, its ends not peeled yet, or a whole model.
    """
    _Shrinking(piece).run()
    drop_unread(piece.graph, {*piece.outputs.values()})


class _Shrinking:
    """One pass over a graph, in order: what an operator reads has been settled before it."""

    def __init__(self, piece: Piece):
        self._piece = piece
        self._stored: dict[Tensor, Tensor] = {}
        """A float tensor -> the int8 tensor that it is made of."""
        self._same: dict[Tensor, Tensor] = {}
        """A tensor -> the one that is read in its place."""
        self._readers: dict[Tensor, list[Operator | None]] = defaultdict(list)
        for operator in piece.graph.operators:
            for tensor in operator.inputs:
                self._readers[tensor].append(operator)
        for tensor in piece.outputs.values():
            self._readers[tensor].append(None)
        self._graph = Graph()

    def run(self) -> None:
        for operator in self._piece.graph.operators:
            operator.inputs = [self._same.get(tensor, tensor) for tensor in operator.inputs]
            self._settle(operator)
        self._piece.graph.operators = self._graph.operators
        self._piece.outputs = {name: self._same.get(end, end) for name, end in self._piece.outputs.items()}

    def _settle(self, operator: Operator) -> None:
        sources = [self._stored.get(tensor) for tensor in operator.inputs if _is_float(tensor)]
        known = bool(sources) and None not in sources
        if operator.code == BuiltinOperator.DEQUANTIZE and _is_int8(operator.inputs[0]):
            self._stored[operator.outputs[0]] = operator.inputs[0]
        elif operator.code == BuiltinOperator.QUANTIZE and known:
            return self._requantise(operator, sources[0])
        elif operator.code in MOVING and known:
            return self._move(operator)
        elif operator.code in MOVING and (grid := self._grid_of_readers(operator.outputs[0])):
            self._quantise(operator, grid)
            return self._move(operator)
        elif operator.code in IN_INT8 and known and (grid := self._grid_of_readers(operator.outputs[0])):
            return self._compute(operator, sources[0], grid)
        self._graph.operators.append(operator)

    def _requantise(self, operator: Operator, source: Tensor) -> None:
        """DEQUANTIZE, QUANTIZE"""
        if source.same_kind(operator.outputs[0]):
            self._same[operator.outputs[0]] = source
            return
        operator.inputs = [source]
        self._graph.operators.append(operator)

    def _move(self, operator: Operator) -> None:
        """Moves integers, and dequantises afterwards what float operators read."""
        sources = {self._stored[tensor].quantization for tensor in operator.inputs if _is_float(tensor)}
        grid = sources.pop() if len(sources) == 1 else self._grid_of_readers(operator.outputs[0])
        if grid is None or any(not _is_float(tensor) for tensor in operator.outputs):
            self._graph.operators.append(operator)
            return
        operator.inputs = [self._on(grid, tensor) if _is_float(tensor) else tensor for tensor in operator.inputs]
        floats, operator.outputs = operator.outputs, [_int8(tensor, grid) for tensor in operator.outputs]
        self._graph.operators.append(operator)
        for moved, wanted in zip(operator.outputs, floats, strict=True):
            self._dequantise(moved, wanted)

    def _quantise(self, operator: Operator, grid: Quantization) -> None:
        """Quantises before numbers are moved what would be afterwards."""
        for tensor in filter(_is_float, operator.inputs):
            if tensor not in self._stored:
                self._stored[tensor] = convert(self._graph, tensor, _int8(tensor, grid))

    def _compute(self, operator: Operator, source: Tensor, grid: Quantization) -> None:
        """An operator of one input on the grid that all who read it want."""
        (wanted,) = operator.outputs
        made = _int8(wanted, grid)
        if operator.code == BuiltinOperator.NEG:
            self._graph.add(BuiltinOperator.SUB, [zeros(source, ()), source], [made], schema.SubOptionsT())
        elif operator.code == BuiltinOperator.SQUARE:
            self._graph.add(BuiltinOperator.MUL, [source, source], [made], schema.MulOptionsT())
        else:
            self._graph.add(operator.code, [source], [made], operator.options, operator.version)
        self._dequantise(made, wanted)

    def _dequantise(self, stored: Tensor, wanted: Tensor) -> None:
        """What nobody reads in float falls away with what nobody reads at all."""
        options = schema.DequantizeOptionsT()
        self._graph.add(BuiltinOperator.DEQUANTIZE, [stored], [wanted], options, version=2)
        self._stored[wanted] = stored

    def _on(self, grid: Quantization, tensor: Tensor) -> Tensor:
        return convert(self._graph, self._stored[tensor], _int8(tensor, grid))

    def _grid_of_readers(self, tensor: Tensor) -> Quantization | None:
        """The grid on which all who read a tensor want it; of several, the widest, which the others are made of."""
        readers = self._readers[tensor]
        if not readers or any(reader is None or reader.code != BuiltinOperator.QUANTIZE for reader in readers):
            return None
        if not all(_is_int8(reader.outputs[0]) for reader in readers):
            return None
        return max((reader.outputs[0].quantization for reader in readers), key=lambda grid: grid.scale)


def _int8(tensor: Tensor, grid: Quantization) -> Tensor:
    return Tensor(tensor.shape, TensorType.INT8, grid, name=tensor.name)


def _is_float(tensor: Tensor | None) -> bool:
    return tensor is not None and tensor.type == TensorType.FLOAT32


def _is_int8(tensor: Tensor) -> bool:
    return tensor.type == TensorType.INT8 and tensor.quantization is not None and not tensor.constant
