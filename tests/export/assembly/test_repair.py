"""Each repair on a graph that needs it."""

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from ai_edge_litert.schema_py_generated import BuiltinOperator, TensorType

from zoo.export.assembly import operators
from zoo.export.assembly.file import write
from zoo.export.assembly.graph import Graph, Piece, Quantization, Tensor
from zoo.export.assembly.repair import align, make_cache_safe


def int8(shape: tuple[int, ...], scale: float, zero_point: int = 0, data: np.ndarray | None = None) -> Tensor:
    stored = None if data is None else data.astype(np.int8).tobytes()
    return Tensor(shape, TensorType.INT8, Quantization((scale,), (zero_point,)), stored)


def reversed_on_another_grid() -> Piece:
    """What the converter makes of a calibrated `flip`: out = reverse(x), but on a coarser grid."""
    graph, x, out = Graph(), int8((4,), 0.1), int8((4,), 0.2)
    graph.add(BuiltinOperator.REVERSE_V2, [x, operators.constant([0])], [out], schema.ReverseV2OptionsT(), version=2)
    return Piece(graph, {"x": x}, {"y": out})


def test_align():
    piece = reversed_on_another_grid()
    x = np.int8([10, 20, 30, 40])

    def answer() -> np.ndarray:
        return Interpreter(model_content=write({"predict": piece})).get_signature_runner()(x=x)["y"] * 0.2

    np.testing.assert_allclose(answer(), [8, 6, 4, 2], err_msg="the fault: twice what went in")
    assert align(piece.graph) == 1
    assert align(piece.graph) == 0
    np.testing.assert_allclose(answer(), [4, 3, 2, 1])


def product(graph: Graph, x: Tensor, weight: Tensor, bias: Tensor | None, out: Tensor) -> None:
    inputs = [x, weight] if bias is None else [x, weight, bias]
    graph.add(BuiltinOperator.FULLY_CONNECTED, inputs, [out], schema.FullyConnectedOptionsT(), version=4)


def test_uncollide():
    """Four products of one weight: two on one pair of grids, two on another; with and without a bias."""
    for with_bias in (True, False):
        weight = int8((3, 2), 0.5, data=np.array([[1, 2], [3, 4], [5, 6]]))
        bias = Tensor((3,), TensorType.INT32, None, np.int32([7, 8, 9]).tobytes()) if with_bias else None
        graph = Graph()
        for scale in (0.1, 0.2, 0.1, 0.2):
            product(graph, int8((1, 2), scale), weight, bias, int8((1, 3), 1.0))
        assert make_cache_safe(graph) == 1
        first, second, third, fourth = graph.operators
        assert [operator.inputs[2:] for operator in (first, third)] == [[bias] if with_bias else []] * 2
        assert second.inputs[2] is fourth.inputs[2]
        assert second.inputs[2].copy is not None
        assert second.inputs[2].data == (bias.data if with_bias else bytes(12))
        assert make_cache_safe(graph) == 0, "done once"


def test_uncollide_two_graphs_of_a_file():
    """The cache is one for both signatures."""
    weight, graphs = int8((3, 2), 0.5, data=np.ones((3, 2))), [Graph(), Graph(), Graph()]
    for graph, scale in zip(graphs, (0.1, 0.2, 0.1), strict=True):
        product(graph, int8((1, 2), scale), weight, None, int8((1, 3), 1.0))
    assert make_cache_safe(*graphs) == 1
    assert [len(graph.operators[0].inputs) for graph in graphs] == [2, 3, 2]


def test_equal_products_are_left_alone():
    weight, graph = int8((3, 2), 0.5, data=np.ones((3, 2))), Graph()
    for _ in range(3):
        product(graph, int8((1, 2), 0.1), weight, None, int8((1, 3), 1.0))
    assert make_cache_safe(graph) == 0
    assert all(len(operator.inputs) == 2 for operator in graph.operators)
