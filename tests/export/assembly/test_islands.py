"""What LiteRT computes in int8 is compared with NumPy over all 256 numbers; what only moves numbers moves integers."""

import math
from functools import partial

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.schema_py_generated import BuiltinOperator, TensorType

from zoo.export.assembly.file import write
from zoo.export.assembly.graph import Graph, Piece, Tensor, quantization_for
from zoo.export.assembly.islands import IN_INT8, shrink
from zoo.export.assembly.operators import concatenate, convert, reshape, unpack
from zoo.runtime.engine.engines import CompiledEngine, InterpretedEngine

ALL = np.arange(-128, 128).astype(np.int8)[None]
OPERATORS = {
    "ABS": (np.abs, -3, 4, schema.AbsOptionsT()),
    "ELU": (lambda x: np.where(x > 0, x, np.expm1(x)), -4, 3, None),
    "EXP": (np.exp, -4, 2, schema.ExpOptionsT()),
    "GELU": (lambda x: x * np.vectorize(lambda v: 0.5 * (1 + math.erf(v / 2**0.5)))(x), -4, 3, schema.GeluOptionsT()),
    "HARD_SWISH": (lambda x: x * np.clip(x + 3, 0, 6) / 6, -5, 5, schema.HardSwishOptionsT()),
    "LOG": (lambda x: np.log(np.maximum(x, 0.02)), 0, 5, None),
    "NEG": (np.negative, -3, 4, schema.NegOptionsT()),
    "RELU_N1_TO_1": (lambda x: np.clip(x, -1, 1), -3, 2, None),
    "RSQRT": (lambda x: 1 / np.sqrt(np.maximum(x, 0.02)), 0, 3, None),
    "SQRT": (np.sqrt, 0, 3, None),
    "SQUARE": (np.square, -2, 3, schema.SquareOptionsT()),
}


def in_float(graph: Graph, name: str, stored: Tensor, options=None) -> Tensor:
    """As the converter leaves an operator: DEQUANTIZE, the operator."""
    result = Tensor(stored.shape)
    graph.add(getattr(BuiltinOperator, name), [convert(graph, stored, Tensor(stored.shape))], [result], options)
    return result


def int8(shape, low=-1.0, high=1.0) -> Tensor:
    return Tensor(tuple(shape), TensorType.INT8, quantization_for(low, high))


def answers(engine, piece: Piece, values: np.ndarray) -> np.ndarray:
    running = engine(write({"predict": piece}))
    running.place("predict", {"x": values})
    running.compute("predict")
    return running.results("predict")["y"]


def names(piece: Piece) -> list[str]:
    return [operator.name for operator in piece.graph.operators]


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize(
    "engine", [InterpretedEngine, partial(CompiledEngine, cache=False)], ids=["Interpreter", "CompiledModel"]
)
def test_kernels_over_all_numbers(name, engine):
    function, low, high, options = OPERATORS[name]
    x = int8((1, 256), low, high)
    (scale,), (zero,) = x.quantization.scale, x.quantization.zero_point
    wanted = function((ALL.astype(np.float64) - zero) * scale)
    graph = Graph()
    y = convert(graph, in_float(graph, name, x, options), int8((1, 256), wanted.min(), wanted.max()))
    piece = Piece(graph, {"x": x}, {"y": y})
    shrink(piece)
    assert len(names(piece)) == 1
    (scale,), (zero,) = y.quantization.scale, y.quantization.zero_point
    steps = np.clip(np.round(wanted / scale) + zero, -128, 127)
    assert np.abs(steps - answers(engine, piece, ALL)).max() <= 1


def test_every_operator_of_the_table_is_tried():
    assert {getattr(BuiltinOperator, name) for name in OPERATORS} == IN_INT8


def test_one_that_another_reads_in_float_stays():
    graph, x = Graph(), int8((1, 256))
    y = Tensor((1, 256))
    graph.add(BuiltinOperator.SIN, [in_float(graph, "ELU", x)], [y])
    piece = Piece(graph, {"x": x}, {"y": y})
    shrink(piece)
    assert names(piece) == ["DEQUANTIZE", "ELU", "SIN"], "of what it gives, nobody has seen the range"


def test_what_moves_numbers_moves_integers():
    """A skip past a Reshape, as the converter leaves it; of two grids, both go to the one that is read."""
    graph, x = Graph(), int8((1, 256))
    other = convert(graph, x, int8((1, 256), -2.0, 2.0))
    floats = [convert(graph, tensor, Tensor(tensor.shape)) for tensor in (x, other)]
    joined = concatenate(
        graph, [reshape(graph, floats[0], (1, 128, 2)), reshape(graph, floats[1], (1, 128, 2))], axis=1
    )
    y = convert(graph, joined, int8((1, 256, 2), -2.0, 2.0))
    piece = Piece(graph, {"x": x}, {"y": y})
    before = answers(InterpretedEngine, piece, ALL)
    shrink(piece)
    assert "DEQUANTIZE" not in names(piece)
    assert np.abs(before.astype(int) - answers(InterpretedEngine, piece, ALL)).max() <= 1


def test_an_island_is_as_small_as_can_be():
    """UNPACK before the island reads integers, RESHAPE behind it gives them."""
    graph, x = Graph(), int8((1, 256))
    rows = unpack(graph, reshape(graph, convert(graph, x, Tensor(x.shape)), (1, 2, 128)), axis=1)
    waves = [Tensor(row.shape) for row in rows]
    for row, wave in zip(rows, waves, strict=True):
        graph.add(BuiltinOperator.SIN, [row], [wave])
    flat = [convert(graph, reshape(graph, wave, (128,)), int8((128,))) for wave in waves]
    piece = Piece(graph, {"x": x}, {"y": concatenate(graph, flat, axis=0)})
    before = answers(InterpretedEngine, piece, ALL)
    shrink(piece)
    floats = [op.name for op in piece.graph.operators if op.outputs[0].type == TensorType.FLOAT32]
    assert sorted(floats) == ["DEQUANTIZE", "DEQUANTIZE", "SIN", "SIN"]
    np.testing.assert_array_equal(before, answers(InterpretedEngine, piece, ALL))
