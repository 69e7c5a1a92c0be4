"""What is always the same is computed before the file is written, and nothing else changes."""

import numpy as np
import pytest
from tiny_files import BuiltinOperator, Graph, Tensor, apply, dequantized, file_of, int8, product, schema, weight

from zoo.export.assembly.fold import fold
from zoo.export.assembly.graph import Piece
from zoo.runtime.engine.engines import open_engine

MATRIX = np.random.default_rng(0).normal(size=(4, 8))


def sum_of(graph, left, right):
    return apply(graph, BuiltinOperator.ADD, [left, right], left.like(), schema.AddOptionsT())


def answer(piece, **inputs):
    engine = open_engine(file_of(piece.graph, piece.inputs, piece.outputs))
    engine.place("predict", inputs)
    engine.compute("predict")
    return engine.results("predict")["y"]


def test_a_product_of_zeros_is_its_bias():
    graph, x, bias = Graph(), Tensor((1, 4)), weight(np.arange(4))
    state = product(graph, weight(np.zeros((1, 8))), weight(MATRIX), bias=bias)
    piece = Piece(graph, {"x": x}, {"y": sum_of(graph, x, sum_of(graph, state, state))})
    ones = np.ones((1, 4), np.float32)
    before = answer(piece, x=ones)
    assert fold(piece) == 2
    assert [operator.name for operator in graph.operators] == ["ADD"]
    np.testing.assert_array_equal(answer(piece, x=ones), before)
    np.testing.assert_array_equal(before, [[1, 3, 5, 7]])
    assert fold(piece) == 0


@pytest.mark.parametrize("width", [8, 512])
def test_float16_weights_stay_float16(width):
    """Nor are they what keeps a product of constants from being computed, however many they are."""
    graph, x, matrix = Graph(), Tensor((1, 4)), np.random.default_rng(1).normal(size=(4, width))
    stored, ones = dequantized(graph, weight(matrix, np.float16)), weight(np.ones((1, width)))
    y = product(graph, sum_of(graph, x, product(graph, ones, stored)), weight(np.eye(4)))
    z = sum_of(graph, y, y)
    piece = Piece(graph, {"x": x, "u": Tensor((1, width))}, {"y": z})
    piece.outputs["z"] = product(graph, piece.inputs["u"], stored)
    assert fold(piece) == 1
    assert [operator.name for operator in graph.operators][:2] == ["DEQUANTIZE", "ADD"]
    found = answer(piece, x=np.zeros((1, 4), np.float32), u=np.ones((1, width), np.float32))
    np.testing.assert_allclose(found, 2 * matrix.astype(np.float16).astype(float).sum(1)[None], rtol=1e-5)


def test_int8_is_folded_to_the_bit():
    graph, x = Graph(), int8((1, 4), 0.05)
    always = weight(np.full((1, 8), 7), np.int8, 0.1)
    always.quantization = int8((1, 8), 0.1, 3).quantization  # 7 stands for 0.4
    matrix = weight(np.clip(MATRIX * 50, -127, 127).round(), np.int8, 0.02)
    y = sum_of(graph, x, product(graph, always, matrix, int8((1, 4), 0.05)))
    piece = Piece(graph, {"x": x}, {"y": y})
    before = answer(piece, x=np.int8([[1, 2, 3, 4]]))
    assert fold(piece) == 1
    np.testing.assert_array_equal(answer(piece, x=np.int8([[1, 2, 3, 4]])), before)


def test_what_is_an_output_stays_computed():
    graph, x = Graph(), Tensor((1, 4))
    y = product(graph, weight(np.ones((1, 8))), weight(MATRIX))
    piece = Piece(graph, {"x": x}, {"y": y, "z": sum_of(graph, x, x)})
    assert fold(piece) == 0
