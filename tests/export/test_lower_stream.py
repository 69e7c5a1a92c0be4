"""The signature `stream` beside `predict`: streamed equals whole, in int8 bit for bit; every weight is stored once."""

import numpy as np
import pytest
from ai_edge_litert.schema_py_generated import ModelT
from keras import Input, Model, layers
from lowered_models import examples_of, integrator, keras_answers, lowered, model_of, ready, stored_answers
from streamed_models import SHORT, cases, made, streamed_answers

from zoo.export.streaming.part import stream_of
from zoo.runtime.engine.flatbuffer import inspect
from zoo.sources.deployed import deployed


def both(converter, model, target: str, chunk: int, **options):
    """The file of a model with its stream, and the stream."""
    stream = stream_of(model, chunk)
    return lowered(converter, model, target, stream=stream, **options), stream


@pytest.mark.parametrize(("name", "chunk"), cases((3, 1), [*SHORT, "stateful", "other cells"]))
def test_floats_streamed_equal_the_whole(name, chunk, converter):
    model = made(name)
    file, stream = both(converter, model, "float32", chunk)
    examples = examples_of(model)
    found = streamed_answers(file.data, stream, examples)
    for output, wanted in keras_answers(model, examples).items():
        np.testing.assert_allclose(found[output], wanted, atol=1e-5, err_msg=output)


@pytest.mark.parametrize(("name", "chunk"), cases((1, 3), SHORT))
def test_integers_streamed_are_the_bits_of_the_whole(name, chunk, converter):
    model = made(name)
    file, stream = both(converter, model, "int8", chunk)
    _check_bits(file.data, stream, examples_of(model, 8))
    _check_states(file.data, stream)


def test_the_whole_is_what_it_is_without_a_stream(converter):
    model = made("keyword spotting")
    examples = examples_of(model, 8)
    alone, beside = lowered(converter, model, "int8").data, both(converter, model, "int8", 3)[0].data
    for output, wanted in stored_answers(alone, examples).items():
        np.testing.assert_array_equal(stored_answers(beside, examples, "predict")[output], wanted)


def _check_bits(data: bytes, stream, examples) -> None:
    whole, found = stored_answers(data, examples, "predict"), streamed_answers(data, stream, examples)
    assert found.keys() == whole.keys()
    for output in whole:
        np.testing.assert_array_equal(found[output], whole[output], err_msg=output)


def _check_states(data: bytes, stream) -> None:
    signature = inspect(data).signatures["stream"]
    for name in stream.state:
        before, after = signature.inputs[name], signature.outputs[name]
        assert (before.dtype, before.shape) == (after.dtype, after.shape)
        assert (before.scales, before.zero_points) == (after.scales, after.zero_points)


def test_a_cell_state_may_stay_float_in_int8(converter):
    model, examples = integrator()
    file, stream = both(converter, model, "int8", 1, calibration=examples)
    signature = inspect(file.data).signatures["stream"]
    assert file.int8_scheme.startswith("all int8") == (signature.inputs["lstm_c"].dtype == "int8")
    _check_bits(file.data, stream, {name: array[38:42] for name, array in examples.items()})
    _check_states(file.data, stream)


def test_what_stays_float_before_the_whole_does_so_before_a_stream(converter):
    x, norm = Input((12, 3), name="x"), layers.Normalization()
    rows = np.random.default_rng(0).normal(size=(60, 12, 3)) * (1, 1e-3, 300) + (20, 0, 1e5)
    examples = {"x": rows.astype(np.float32)}
    norm.adapt(examples["x"])
    steps = layers.GRU(5, return_sequences=True, name="memory")(layers.Dense(4)(norm(x)))
    model = deployed(Model(x, {"each": layers.Dense(2)(steps)}))
    file, stream = both(converter, model, "int8", 3, calibration=examples, int8_io={"x": "auto"})
    assert inspect(file.data).signatures["stream"].inputs["x"].dtype == "float32"
    _check_bits(file.data, stream, {"x": examples["x"][:6]})


@pytest.mark.parametrize(("target", "tolerance"), [("float16", 1e-3), ("dynamic_int8", 2e-2)])
def test_small_weights(target, tolerance, converter):
    """Weights that are large enough to be made small; a dynamic scale is that of a chunk."""
    stack = layers.Dense(48), layers.Conv1D(32, 3, padding="causal"), layers.LSTM(40, return_sequences=True)
    model = ready(model_of(*stack, layers.GRU(24), shape=(12, 32)), scale=0.1)
    examples = examples_of(model)
    file, stream = both(converter, model, target, 3)
    found = streamed_answers(file.data, stream, examples)
    for output, wanted in stored_answers(file.data, examples, "predict").items():
        np.testing.assert_allclose(found[output], wanted, atol=tolerance)


@pytest.mark.parametrize("target", ["float32", "float16", "dynamic_int8", "int8"])
def test_a_weight_is_stored_once(target, converter):
    """LSTM(64) on 64 features and a convolution of as many: a stream adds operators, and constants of its shapes."""
    stack = layers.Conv1D(64, 3, padding="causal"), layers.LSTM(64, return_sequences=True), layers.Dense(4)
    model = ready(model_of(*stack, shape=(12, 64)), scale=0.1)
    alone, beside = lowered(converter, model, target).data, both(converter, model, target, 1)[0].data
    assert len(contents(beside)) == len(set(contents(beside)))
    assert sum(map(len, contents(beside))) - sum(map(len, contents(alone))) < 1024
    assert list(inspect(beside).signatures) == ["predict", "stream"]


def contents(data: bytes) -> list[bytes]:
    """Of every buffer of a file that is not empty."""
    return [bytes(buffer.data) for buffer in ModelT.InitFromPackedBuf(data, 0).buffers if buffer.data is not None]


@pytest.mark.parametrize("form", ["unrolled", "blocked"])
def test_batches_of_both_forms(form, converter):
    model = made("two of GRU")
    file, stream = both(converter, model, "int8", 4, batch=3, form=form)
    _check_bits(file.data, stream, examples_of(model, 6))
