"""Weights in 8 bits for convolutions that compute in float: stored small, made float32 once, when a file is loaded.

The kernels that read 8-bit weights and float pictures quantise each picture anew.  XNNPACK has none for
DEPTHWISE_CONV_2D (TFLite's own takes four to six times as long as float32 does), and that of CONV_2D is no faster than
float32 (1.06 times as long for 3 x 3 over 96 channels, 1.37 for 1 x 1).  Those of FULLY_CONNECTED and TRANSPOSE_CONV
are two to three times faster, and stay.
"""

from __future__ import annotations

from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.schema_py_generated import BuiltinOperator, TensorType

from zoo.export.assembly.graph import Graph, Operator, Piece, Tensor

_CONVOLUTIONS = (BuiltinOperator.CONV_2D, BuiltinOperator.DEPTHWISE_CONV_2D)
_WEIGHT = 1


def dequantise_at_load(piece: Piece) -> None:
    """Puts a DEQUANTIZE before each constant int8 weight of a convolution over floats."""
    graph = Graph()
    for operator in piece.graph.operators:
        if _is_hybrid(operator):
            weight = operator.inputs[_WEIGHT]
            floats = Tensor(weight.shape, name=weight.name)
            graph.add(BuiltinOperator.DEQUANTIZE, [weight], [floats], schema.DequantizeOptionsT(), version=5)
            operator.inputs[_WEIGHT] = floats
            operator.version = 1
        graph.operators.append(operator)
    piece.graph.operators = graph.operators


def _is_hybrid(operator: Operator) -> bool:
    if operator.code not in _CONVOLUTIONS:
        return False
    source, weight = operator.inputs[0], operator.inputs[_WEIGHT]
    return source.type == TensorType.FLOAT32 and weight.constant and weight.type == TensorType.INT8
