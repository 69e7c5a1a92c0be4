"""Which engine runs a file, and that it runs it right."""

import os
import subprocess
import sys

import numpy as np
import pytest
from tiny_files import BuiltinOperator, Graph, Tensor, TensorType, apply, file_of, product, schema, weight

from zoo.runtime.engine.engines import CompiledEngine, InterpretedEngine, open_engine
from zoo.runtime.engine.flatbuffer import inspect, read_signatures

X = np.arange(6, dtype=np.float32).reshape(1, 6)


def doubled(graph, x):
    return apply(graph, BuiltinOperator.ADD, [x, x], x.like(), schema.AddOptionsT())


def cast(graph, x, kind):
    return apply(graph, BuiltinOperator.CAST, [x], Tensor(x.shape, kind), schema.CastOptionsT())


def plain(graph, x):
    return {"z": doubled(graph, x), "a": product(graph, x, weight(np.ones((2, 6))))}


def a_state(graph, x):
    """h' = tanh(x + h), h kept in the file: tanh(x) from the zero that it begins with."""
    sequence = apply(
        graph,
        BuiltinOperator.RESHAPE,
        [x, weight([1, 1, 6], np.int32)],
        Tensor((1, 1, 6)),
        schema.ReshapeOptionsT([1, 1, 6]),
    )
    state = Tensor((1, 6), variable=True)
    options = schema.SequenceRNNOptionsT(fusedActivationFunction=schema.ActivationFunctionType.TANH)
    ends = [sequence, weight(np.eye(6)), weight(np.eye(6)), weight(np.zeros(6)), state]
    return {"y": apply(graph, BuiltinOperator.UNIDIRECTIONAL_SEQUENCE_RNN, ends, Tensor((1, 1, 6)), options)}


FILES = {
    "two outputs": (plain, CompiledEngine, {"z": 2 * X, "a": np.full((1, 2), 15)}),
    "bool": (lambda graph, x: {"y": cast(graph, x, TensorType.BOOL)}, CompiledEngine, {"y": X.astype(bool)}),
    "int16": (lambda graph, x: {"y": cast(graph, x, TensorType.INT16)}, InterpretedEngine, {"y": X.astype(np.int16)}),
    "int64": (lambda graph, x: {"y": cast(graph, x, TensorType.INT64)}, InterpretedEngine, {"y": X.astype(np.int64)}),
    "an input is an output": (lambda graph, x: {"y": x, "z": doubled(graph, x)}, InterpretedEngine, {"y": X}),
    "a variable tensor": (a_state, InterpretedEngine, {"y": np.tanh(X)[None]}),
}


@pytest.mark.parametrize("case", FILES)
def test_each_file_has_an_engine_that_gets_it_right(case):
    make, engine, expected = FILES[case]
    graph, x = Graph(), Tensor((1, 6))
    data = file_of(graph, {"x": x}, make(graph, x))
    found = open_engine(data)
    assert isinstance(found, engine)
    found.place("predict", {"x": X})
    found.compute("predict")
    results = found.results("predict")
    assert results.keys() == read_signatures(data)["predict"].outputs.keys()
    for name, values in expected.items():
        assert results[name].dtype == values.dtype or results[name].dtype == np.float32
        np.testing.assert_allclose(results[name], values, rtol=1e-5)


def test_two_outputs_that_are_one():
    """CompiledModel knows a tensor by one name."""
    graph, x = Graph(), Tensor((1, 6))
    y = doubled(graph, x)
    engine = open_engine(file_of(graph, {"x": x}, {"y": y, "z": y}))
    engine.place("predict", {"x": X})
    engine.compute("predict")
    for values in engine.results("predict").values():
        np.testing.assert_array_equal(values, 2 * X)


def test_any_number_of_rows():
    graph, x = Graph(), Tensor((1, 6), shape_signature=(-1, 6))
    y = Tensor((1, 6), shape_signature=(-1, 6))
    graph.add(BuiltinOperator.ADD, [x, x], [y], schema.AddOptionsT())
    engine = open_engine(file_of(graph, {"x": x}, {"y": y}))
    rows = np.repeat(X, 3, axis=0)
    engine.place("predict", {"x": rows})
    engine.compute("predict")
    np.testing.assert_array_equal(engine.results("predict")["y"], 2 * rows)


def test_a_loop_whose_rows_grow():
    """XNNPACK is told that shapes stay where a file has loops; here they do not."""
    import tensorflow as tf

    def longer(rows):
        return (tf.concat([rows, tf.tanh(rows[:1])], axis=0),)

    @tf.function(input_signature=[tf.TensorSpec((1, 6), name="x")])
    def grown(x):
        any_rows = tf.TensorShape((None, 6))
        (rows,) = tf.while_loop(lambda rows: tf.shape(rows)[0] < 4, longer, [x], shape_invariants=[any_rows])
        return {"y": tf.reduce_sum(rows * 3.0 + tf.tanh(rows), axis=0, keepdims=True)}

    converter = tf.lite.TFLiteConverter.from_concrete_functions([grown.get_concrete_function()], tf.Module())
    data = converter.convert()
    assert "WHILE" in inspect(data).counts()
    (name,) = read_signatures(data)
    engine = open_engine(data)
    engine.place(name, {"x": X})
    engine.compute(name)
    rows = np.concatenate([X, *[np.tanh(X)] * 3])
    np.testing.assert_allclose(engine.results(name)["y"], (rows * 3 + np.tanh(rows)).sum(0, keepdims=True), rtol=1e-5)


def test_many_files_in_one_process():
    """What one file packed is not taken for another's, though memory is used again."""
    random = np.random.default_rng(0)
    for _ in range(20):
        matrix, graph, x = random.normal(size=(32, 6)), Graph(), Tensor((1, 6))
        engine = open_engine(file_of(graph, {"x": x}, {"y": product(graph, x, weight(matrix))}))
        engine.place("predict", {"x": X})
        engine.compute("predict")
        np.testing.assert_allclose(engine.results("predict")["y"], X @ matrix.T, rtol=1e-4, atol=1e-4)


def test_signatures_of_one_file_keep_apart(tmp_path):
    import tensorflow as tf

    module = tf.Module()
    given = [tf.TensorSpec((1, 6), tf.float32, name="x")]
    module.predict = tf.function(lambda x: {"y": 2.0 * x}, input_signature=given)
    module.step = tf.function(
        lambda x, h: {"h": h + x, "b": h - x, "a": x * h}, input_signature=[*given, tf.TensorSpec((1, 6), name="h")]
    )
    tf.saved_model.save(module, str(tmp_path), signatures={"predict": module.predict, "step": module.step})
    engine = open_engine(tf.lite.TFLiteConverter.from_saved_model(str(tmp_path)).convert())
    assert isinstance(engine, CompiledEngine)
    engine.place("step", {"h": X + 1, "x": X})
    engine.place("predict", {"x": -X})
    engine.compute("predict")
    engine.compute("step")
    np.testing.assert_array_equal(engine.results("predict")["y"], -2 * X)
    step = engine.results("step")
    for name, values in {"h": 2 * X + 1, "b": 1 + 0 * X, "a": X * (X + 1)}.items():
        np.testing.assert_array_equal(step[name], values)


def test_a_crash_is_not_hidden():
    """What is said on standard error is held back; where a signal ended the process is said nevertheless."""
    script = (
        "import os, signal\nfrom zoo._system.stderr import held_back\n"
        "with held_back():\n    os.write(2, b'talk'); os.kill(os.getpid(), signal.SIGSEGV)"
    )
    process = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=os.environ)
    assert process.returncode < 0
    assert "Segmentation fault" in process.stderr
    assert "talk" not in process.stderr
