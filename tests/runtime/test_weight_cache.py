"""XNNPACK's weight cache gives wrong answers, silently, for files that it cannot tell apart: seen here, and cured."""

import warnings

import numpy as np
import pytest
from tiny_files import Graph, Tensor, dequantized, file_of, int8, product, weight

from zoo.export.assembly.file import read
from zoo.export.assembly.graph import Piece
from zoo.export.assembly.repair import make_cache_safe
from zoo.runtime.engine.engines import CompiledEngine, InterpretedEngine, open_engine
from zoo.runtime.engine.litert import LiteRTRunner
from zoo.runtime.engine.weight_cache import is_safe


def packed(piece):
    return file_of(piece.graph, piece.inputs, piece.outputs)


def answers(engine, **stored):
    """All outputs of `predict`, one after another, of a second run."""
    for _ in range(2):
        engine.place("predict", stored)
        engine.compute("predict")
    return np.concatenate([output.ravel() for output in engine.results("predict").values()]).astype(np.float64)


@pytest.fixture(scope="module")
def called_twice():
    """What TensorFlow's converter makes in int8 of one dense layer called twice, on values of unlike size."""
    import tensorflow as tf

    random = np.random.default_rng(0)
    kernel = tf.constant(random.normal(size=(16, 16)), tf.float32)

    def model(x):
        return {"y": tf.matmul(tf.nn.relu(tf.matmul(x, kernel)), kernel)}

    module = tf.Module()
    module.predict = tf.function(model, input_signature=[tf.TensorSpec((1, 16), tf.float32, name="x")])
    converter = tf.lite.TFLiteConverter.from_concrete_functions([module.predict.get_concrete_function()], module)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    converter.representative_dataset = lambda: ([random.normal(size=(1, 16)).astype(np.float32)] for _ in range(50))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*tf.lite.Interpreter is deprecated")
        data = converter.convert()
    (piece,) = read(data).values()
    return packed(piece)  # it has its signature's name alone from here


def test_a_layer_called_twice_in_int8(called_twice, tmp_path):
    """The fault with the cache, none without it, and none in the repaired file with it."""
    x = np.random.default_rng(1).integers(-100, 100, (1, 16)).astype(np.int8)
    right = answers(CompiledEngine(called_twice, cache=False), x=x)
    wrong = answers(CompiledEngine(called_twice, cache=True), x=x)
    assert np.abs(wrong - right).max() > 10
    assert np.abs(answers(InterpretedEngine(called_twice), x=x) - right).max() <= 1
    assert not is_safe(called_twice)
    np.testing.assert_array_equal(answers(open_engine(called_twice), x=x), right)

    piece = read(called_twice)["predict"]
    assert make_cache_safe(piece.graph) == 1
    repaired = packed(piece)
    assert is_safe(repaired)
    np.testing.assert_array_equal(answers(CompiledEngine(repaired, cache=True), x=x), right)

    (tmp_path / "foreign.tflite").write_bytes(called_twice)
    runner = LiteRTRunner(tmp_path / "foreign.tflite")
    ends = runner.signatures["predict"]
    ((name, found),) = runner.run("predict", x=ends.inputs["x"].dequantize(x)).items()
    np.testing.assert_allclose(found.ravel(), ends.outputs[name].dequantize(right))


def one_weight_in_two_shapes(of):
    """x W^T V^T, where V (5, 33) is W (33, 5) read row by row in another shape; `of` makes a weight of values."""
    values = np.random.default_rng(2).normal(size=165)
    graph, x = Graph(), Tensor((1, 5))
    y = product(graph, product(graph, x, of(graph, values.reshape(33, 5))), of(graph, values.reshape(5, 33)))
    return Piece(graph, {"x": x}, {"y": y})


def one_weight_in_dynamic_int8(scale=0.01, bias=None):
    """y = V x W^T + b, where V holds the int8 numbers of W: the kernels quantise their inputs as they go."""
    values = np.random.default_rng(2).integers(-127, 128, (32, 32))
    graph, x = Graph(), Tensor((1, 32))
    y = product(graph, product(graph, x, weight(values, np.int8, 0.01)), weight(values, np.int8, scale), bias=bias)
    return Piece(graph, {"x": x}, {"y": y})


@pytest.mark.parametrize(
    "piece",
    [
        one_weight_in_two_shapes(lambda graph, values: weight(values)),
        one_weight_in_two_shapes(lambda graph, values: dequantized(graph, weight(values, np.float16))),
        one_weight_in_dynamic_int8(scale=0.04),
        one_weight_in_dynamic_int8(bias=weight(np.linspace(-90, 90, 32))),
    ],
    ids=["float32 in two shapes", "float16 in two shapes", "dynamic int8 on two scales", "dynamic int8, two biases"],
)
def test_float_files(piece):
    """The same fault where no layer is used twice: equal bytes are one buffer, and another weight."""
    x = np.random.default_rng(3).normal(size=piece.inputs["x"].shape).astype(np.float32)
    data = packed(piece)
    right, wrong = (answers(CompiledEngine(data, cache=cache), x=x) for cache in (False, True))
    assert np.abs(wrong - right).max() > 0.1 * np.abs(right).max()
    assert not is_safe(data)
    np.testing.assert_array_equal(answers(open_engine(data), x=x), right)
    assert make_cache_safe(piece.graph) == 1
    repaired = packed(piece)
    assert is_safe(repaired)
    np.testing.assert_array_equal(answers(CompiledEngine(repaired, cache=True), x=x), right)


def twice(first: float, second: float, matrix=lambda: weight(np.eye(8) * 100, np.int8, 0.01), **more):
    """A file of two int8 products of one weight, whose inputs have these scales."""
    graph, inputs = Graph(), {"a": int8((1, 8), first), "b": int8((1, 8), second)}
    outputs = {f"{name}_out": product(graph, x, matrix(), int8((1, 8), 1.0, **more)) for name, x in inputs.items()}
    return file_of(graph, inputs, outputs)


def test_what_shares_alike_keeps_the_cache():
    assert is_safe(twice(0.1, 0.1))
    assert not is_safe(twice(0.1, 0.2))


def test_weights_of_other_bytes_are_no_concern():
    values = iter(np.random.default_rng(4).integers(-127, 128, (2, 8, 8)))
    assert is_safe(twice(0.1, 0.2, lambda: weight(next(values), np.int8, 0.01)))


def test_in_float_the_rest_of_a_grid_is_no_concern():
    """A float activation may keep scales of a calibration that the kernels never look at."""
    matrix, graph = weight(np.eye(8)), Graph()
    inputs = {name: Tensor((1, 8), quantization=int8((1,), scale).quantization) for name, scale in (("a", 1), ("b", 2))}
    outputs = {f"{name}_out": product(graph, x, matrix) for name, x in inputs.items()}
    assert is_safe(file_of(graph, inputs, outputs))
