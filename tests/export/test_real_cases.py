"""Models that people could not bring to a device, each from the public thread that its test names.

Each converts, holds built-in operators alone, and answers as Keras does; the streaming ones are in `test_lower_stream`,
what TFLite Micro makes of them in `test_micro`.
"""

import keras
import numpy as np
import pytest
from keras import layers
from lowered_models import (
    examples_of,
    file_answers,
    four_lstm_layers,
    lowered,
    model_of,
    ready,
    root_mean_square,
    worst_error,
)
from own_cells import TwoSpeedsCell

from zoo.runtime.engine.flatbuffer import inspect
from zoo.verify.measures.answers import PROBABILITIES, agreement, judge

EXACT = 1e-5
FORMS = ("unrolled", "blocked")


def operators(data: bytes) -> dict[str, int]:
    """How many there are of each in a file, which holds built-ins alone."""
    counts = inspect(data).counts()
    assert not [name for name in counts if name.startswith("Flex") or name == "CUSTOM"]
    return counts


@pytest.mark.parametrize("length", [10, 100])
@pytest.mark.parametrize("form", FORMS)
def test_four_lstm_layers(length, form, converter):
    """tflite-micro 3674, tensorflow 126061: LSTM(128) four times over 32 inputs."""
    model = four_lstm_layers(length)
    file = lowered(converter, model, form=form)
    assert operators(file.data)
    assert worst_error(model, file.data) <= EXACT


def test_convolution_and_lstm_in_int8(converter):
    """tensorflow 101050: Conv1D and LSTM over (50, 40), which ends the stock converter with a crash in int8."""
    model = model_of(
        layers.Conv1D(16, 3, activation="relu"), layers.LSTM(32), layers.Dense(8, activation="softmax"), shape=(50, 40)
    )
    file = lowered(converter, model, "int8")
    assert not file.float_islands
    assert root_mean_square(model, file.data) < 0.25
    wanted, found = _answers(model, file.data)
    assert agreement(judge(found, wanted, dict.fromkeys(wanted, PROBABILITIES))) >= 0.95


@pytest.mark.parametrize("target", ["float32", "dynamic_int8"])
def test_sequence_to_sequence(target, converter):
    """tensorflow 62849: an encoder whose states start a decoder, inputs of two lengths."""
    source, teacher = keras.Input((9, 6), name="source"), keras.Input((5, 4), name="teacher")
    _, *states = layers.LSTM(12, return_state=True)(source)
    decoded, *_ = layers.LSTM(12, return_sequences=True, return_state=True)(teacher, initial_state=states)
    model = ready(keras.Model([source, teacher], layers.Dense(7, activation="softmax")(decoded)))
    file = lowered(converter, model, target)
    assert operators(file.data)
    assert worst_error(model, file.data) <= (EXACT if target == "float32" else 0.02)


def test_a_gru_is_as_small_as_its_weights(converter):
    """tensorflow 59921: the file of a GRU was a multiple of its weights.  A loop adds little, whatever the length."""
    model = model_of(layers.GRU(64, return_sequences=True), layers.Dense(10), shape=(200, 32))
    weights = sum(4 * weight.shape.num_elements() for weight in (each.value for each in model.weights))
    assert len(lowered(converter, model, form="blocked").data) < 1.6 * weights
    assert len(lowered(converter, model, "int8", form="blocked").data) < 0.9 * weights


@pytest.mark.parametrize("cell", [layers.LSTM, layers.GRU, layers.SimpleRNN])
def test_unrolled_and_looped_answers_are_equal(cell, converter):
    """tensorflow 57015: one model, converted with `unroll` and without, gave two answers."""
    model = model_of(cell(9, return_sequences=True), cell(7), shape=(40, 5))
    examples = examples_of(model, 5)
    one, other = (file_answers(lowered(converter, model, form=form).data, examples) for form in FORMS)
    for name in one:
        np.testing.assert_allclose(one[name], other[name], atol=1e-6)
    one, other = (file_answers(lowered(converter, model, "int8", form=form).data, examples) for form in FORMS)
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])


def test_work_is_linear_in_the_length(converter):
    """tensorflow 47804: twice the steps took four times as long.  Here they are twice the operators, or twice the loops
    over buffers of one size."""

    def model(length: int) -> keras.Model:
        return model_of(layers.LSTM(8, return_sequences=True), shape=(length, 4))

    steps = {length: operators(lowered(converter, model(length), form="unrolled").data) for length in (50, 100, 200)}
    for name, count in steps[200].items():
        assert count <= 2 * steps[100][name] <= 4 * steps[50][name]
    for loops in (1, 2, 4):
        file = inspect(lowered(converter, model(512 * loops), form="blocked").data)
        assert file.counts()["WHILE"] == loops
        updates = [step for step in file.operators if step.name == "DYNAMIC_UPDATE_SLICE"]
        assert {step.outputs[0].shape for step in updates} == {(1, 512, 8)}


@pytest.mark.parametrize("form", FORMS)
def test_states_are_read_out_for_nothing(form, converter):
    """tensorflow 62775: asking for the states made a model slow.  Here it adds no operator to a step."""

    def counts(**options) -> dict[str, int]:
        x = keras.Input((60, 4), name="x")
        results = layers.LSTM(8, return_sequences=True, **options)(x)
        return operators(lowered(converter, ready(keras.Model(x, results)), form=form).data)

    assert counts(return_state=True) == counts()


def test_no_flex_for_a_plain_lstm(converter):
    """LiteRT 41: a plain LSTM asked for Flex, its tensor lists had no fixed shape."""
    for target in ("float32", "float16", "dynamic_int8", "int8"):
        counts = operators(lowered(converter, model_of(layers.LSTM(8), shape=(28, 28)), target).data)
        assert counts["FULLY_CONNECTED"] >= 28


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("merge", ["concat", "sum"])
def test_a_masked_bidirectional_lstm(form, merge, converter):
    """Words of several sentences' lengths, padded: no output may depend on what stands behind the last word."""
    words = keras.Input((12,), name="words", dtype="int32")
    embedded = layers.Embedding(30, 6, mask_zero=True)(words)
    both = layers.Bidirectional(layers.LSTM(5, return_sequences=True), merge_mode=merge)(embedded)
    model = ready(keras.Model(words, [both, layers.Bidirectional(layers.LSTM(4), merge_mode=merge)(both)]))
    examples = {"words": np.random.default_rng(0).integers(1, 30, (6, 12)).astype("int32")}
    for row, length in enumerate((12, 7, 1, 0, 3, 11)):
        examples["words"][row, length:] = 0
    assert worst_error(model, lowered(converter, model, form=form).data, examples) <= EXACT


@pytest.mark.parametrize("target", ["float32", "int8"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("backwards", [False, True])
def test_an_autoencoder(backwards, form, target, converter):
    """The last state of an encoder, repeated, starts a decoder that rebuilds the sequence: it is projected once."""
    model = model_of(
        layers.LSTM(16),
        layers.RepeatVector(37),
        layers.LSTM(12, return_sequences=True, go_backwards=backwards),
        layers.TimeDistributed(layers.Dense(3)),
        shape=(20, 3),
    )
    file = lowered(converter, model, target, form=form)
    operators(file.data)
    products = [step for step in inspect(file.data).operators if step.name == "FULLY_CONNECTED"]
    decoder = [step.outputs[0].shape for step in products if step.outputs[0].shape[-1] == 4 * 12]
    assert {shape[-2] for shape in decoder} == {1}
    if target == "float32":
        assert worst_error(model, file.data) <= EXACT
    else:
        assert root_mean_square(model, file.data) < 0.3


def test_a_masked_repeated_row(converter):
    """Only the mask says which steps count: in both forms, over several loops, with steps left over."""
    x = keras.Input((1100, 2), name="x")
    masked = layers.Masking()(x)
    row = layers.RepeatVector(1100)(layers.Dense(3)(masked[:, 0]))
    mask = keras.ops.any(keras.ops.not_equal(x, 0), axis=-1)
    model = ready(keras.Model(x, layers.GRU(4, return_sequences=True)(row, mask=mask)))
    for form in FORMS:
        assert worst_error(model, lowered(converter, model, form=form).data) <= EXACT


@pytest.mark.parametrize("form", FORMS)
def test_an_lstm_cell_and_a_gru_cell_in_one_layer(form, converter):
    model = model_of(layers.RNN([layers.LSTMCell(9), layers.GRUCell(7)], return_sequences=True), shape=(30, 5))
    assert worst_error(model, lowered(converter, model, form=form).data) <= EXACT


@pytest.mark.parametrize("form", FORMS)
def test_a_cell_of_a_users_own(form, converter):
    model = model_of(layers.RNN(TwoSpeedsCell(6), return_sequences=True), layers.GRU(4), shape=(25, 3))
    assert worst_error(model, lowered(converter, model, form=form).data) <= EXACT


def _answers(model: keras.Model, data: bytes) -> tuple[dict, dict]:
    examples = examples_of(model, 40, seed=3)
    return {name: np.asarray(value) for name, value in model(examples).items()}, file_answers(data, examples)
