"""On and off values of one-hot codes in int8 are stored on the grid of the codes: the kernel copies what is stored."""

import numpy as np
from ai_edge_litert.schema_py_generated import BuiltinOperator, OneHotOptionsT, TensorType

from zoo.export.assembly.graph import Graph, Quantization, Tensor
from zoo.export.assembly.one_hot import align_codes
from zoo.export.assembly.operators import constant

WRONG, RIGHT = Quantization((1 / 255,), (-128,)), Quantization((0.0117,), (-42,))


def codes(on: Quantization | None) -> Graph:
    graph = Graph()
    values = [Tensor((), TensorType.INT8, on, np.int8(stored).tobytes()) for stored in (127, -128)]
    ids, out = Tensor((1, 3), TensorType.INT32), Tensor((1, 3, 5), TensorType.INT8, RIGHT)
    graph.add(BuiltinOperator.ONE_HOT, [ids, constant(5), *values], [out], OneHotOptionsT(-1))
    return graph


def test_values_move_to_the_grid_of_the_codes():
    graph = codes(WRONG)
    assert align_codes(graph) == 1
    on, off = graph.operators[0].inputs[2:]
    assert on.quantization == off.quantization == RIGHT
    read = [0.0117 * (float(np.frombuffer(value.data, np.int8)[0]) + 42) for value in (on, off)]
    np.testing.assert_allclose(read, [1, 0], atol=0.0117 / 2)
    assert align_codes(graph) == 0, "nothing is left to do"


def test_what_is_right_stays():
    graph = codes(RIGHT)
    assert align_codes(graph) == 0
