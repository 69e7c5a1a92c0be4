"""A stream takes the grids of the whole, by how its tensors came about; what has no like there is refused."""

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.schema_py_generated import BuiltinOperator, TensorType

from zoo.errors import ConversionError
from zoo.export.assembly.graph import Graph, Piece, Quantization, Tensor
from zoo.export.lowering.integer.graft import graft
from zoo.export.recurrences.holes import Cut

CUT = Cut({"x": "input_0"}, {"y": "rest_0"}, (), None, {}, {})


def int8(rows: int, scale: float, data: bytes | None = None) -> Tensor:
    return Tensor((1, rows, 3), TensorType.INT8, Quantization((scale,), (0,)), data)


def activated(rows: int, scale: float, bias: int, code: int = BuiltinOperator.LOGISTIC) -> Piece:
    """y = activation(x W + b), converted for so many rows."""
    graph, x, sums, y = Graph(), int8(rows, scale), int8(rows, 2 * scale), int8(rows, 3 * scale)
    weight = Tensor((3, 3), TensorType.INT8, Quantization((0.5,), (0,)), bytes(range(9)))
    of_sum = Tensor((3,), TensorType.INT32, Quantization((0.5 * scale,), (0,)), np.full(3, bias, np.int32).tobytes())
    graph.add(BuiltinOperator.FULLY_CONNECTED, [x, weight, of_sum], [sums], schema.FullyConnectedOptionsT())
    graph.add(code, [sums], [y])
    return Piece(graph, {"input_0": x}, {"rest_0": y})


def test_grids_and_biases_become_those_of_the_whole():
    whole, stream = activated(12, 0.1, bias=70), activated(1, 0.11, bias=64)
    graft(stream, CUT, whole, CUT, ())
    assert [tensor.quantization.scale[0] for tensor in _made(stream)] == [0.1, 0.2, pytest.approx(0.3)]
    assert stream.graph.operators[0].inputs[2] is whole.graph.operators[0].inputs[2]
    assert stream.outputs["rest_0"].shape == (1, 1, 3)


def _made(piece: Piece) -> list[Tensor]:
    return [piece.inputs["input_0"], *(operator.outputs[0] for operator in piece.graph.operators)]


def test_other_operators_than_the_wholes_are_refused():
    with pytest.raises(ConversionError, match="by other operators than the whole"):
        graft(activated(1, 0.1, 70, code=BuiltinOperator.TANH), CUT, activated(12, 0.1, 70), CUT, ())
