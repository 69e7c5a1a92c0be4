"""The ends of converted functions: the converter leaves them float, here they become the integers that lie behind."""

from __future__ import annotations

from ai_edge_litert.schema_py_generated import BuiltinOperator, TensorType

from zoo.export.assembly.graph import Graph, Piece, Quantization, Tensor
from zoo.export.assembly.operators import convert

_UNSIGNED_SHIFT = 128
"""uint8 stores what int8 does, 128 higher."""


def strip_io_quantization(piece: Piece) -> Piece:
    """Takes the QUANTIZE off each input and the DEQUANTIZE off each output; an end without one stays float.

    An input that is quantised to several grids takes the finest; the others are requantised from it.
    """
    graph = piece.graph
    for name, tensor in piece.inputs.items():
        readers = [operator for operator in graph.operators if tensor in operator.inputs]
        if readers and all(operator.code == BuiltinOperator.QUANTIZE for operator in readers):
            finest = min(readers, key=lambda operator: operator.outputs[0].quantization.scale)
            piece.inputs[name] = finest.outputs[0]
            passed = [end for end, other in piece.outputs.items() if other is tensor]  # a state handed on as it is
            piece.outputs |= dict.fromkeys(passed, finest.outputs[0])
            _replace(graph, tensor, finest.outputs[0])
            for operator in readers:
                if operator.outputs[0].same_kind(finest.outputs[0]):
                    graph.operators.remove(operator)
                    _replace(graph, operator.outputs[0], finest.outputs[0])
    makers = {tensor: operator for operator in graph.operators for tensor in operator.outputs}
    for name, tensor in piece.outputs.items():
        maker = makers.get(tensor)
        if maker is not None and maker.code == BuiltinOperator.DEQUANTIZE and not maker.inputs[0].constant:
            piece.outputs[name] = maker.inputs[0]
    drop_unread(graph, set(piece.outputs.values()))
    return piece


def _replace(graph: Graph, old: Tensor, new: Tensor) -> None:
    """Lets every operator that reads one tensor read another."""
    for operator in graph.operators:
        operator.inputs = [new if tensor is old else tensor for tensor in operator.inputs]


def drop_unread(graph: Graph, wanted: set[Tensor]) -> None:
    """Removes the operators that neither `wanted` nor another operator reads."""
    kept, read = [], set(wanted)
    for operator in reversed(graph.operators):
        if read.intersection(operator.outputs):
            kept.append(operator)
            read.update(tensor for tensor in operator.inputs if tensor is not None)
    graph.operators = kept[::-1]


def as_signed(graph: Graph, tensor: Tensor) -> Tensor:
    """A quantised uint8 tensor as int8, which kernels compute in; any other as it is."""
    if tensor.type != TensorType.UINT8 or tensor.quantization is None:
        return tensor
    shifted = Quantization(tensor.quantization.scale, (tensor.quantization.zero_point[0] - _UNSIGNED_SHIFT,))
    return convert(graph, tensor, Tensor(tensor.shape, TensorType.INT8, shifted))


def as_unsigned(tensor: Tensor) -> Tensor:
    """The uint8 tensor that stores what an int8 one does."""
    shifted = Quantization(tensor.quantization.scale, (tensor.quantization.zero_point[0] + _UNSIGNED_SHIFT,))
    return Tensor(tensor.shape, TensorType.UINT8, shifted)
