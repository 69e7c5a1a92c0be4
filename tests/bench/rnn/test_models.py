"""The cells of a user's own that the bench times: against loops in NumPy, and what a step of them is in a file."""

from collections import Counter
from collections.abc import Callable

import keras
import numpy as np
import pytest

from zoo.bench.rnn.cases import Case
from zoo.bench.rnn.contestants.litert import CompiledFile
from zoo.bench.rnn.models import INPUT, answer, build, dilated_lstm
from zoo.export.assembly.file import read
from zoo.export.lower import lower

UNITS = 6


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def dilated(x, kernel, bias, recurrent, dilation):
    """A dilated LSTM frame by frame, (length, features) -> (length, units); what frame t leaves is at t + dilation."""
    h, c = np.zeros((2, len(x) + dilation, UNITS))
    for t, frame in enumerate(x):
        i, f, o, g = np.split(frame @ kernel + bias + h[t] @ recurrent, 4)
        c[t + dilation] = sigmoid(f) * c[t] + sigmoid(i) * np.tanh(g)
        h[t + dilation] = sigmoid(o) * np.tanh(c[t + dilation])
    return h[dilation:]


def independent(x, kernel, bias, recurrent):
    outputs = [np.zeros(UNITS)]
    for frame in x:
        outputs.append(np.maximum(frame @ kernel + bias + recurrent * outputs[-1], 0))
    return np.array(outputs[1:])


def strong(model: keras.Model) -> list[np.ndarray]:
    """Gives a model weights that let gates work: those of the bench are drawn small.  Returned in float64."""
    random = np.random.default_rng(1)
    model.set_weights([random.normal(0, 0.5, array.shape) for array in model.get_weights()])
    return [array.astype(np.float64) for array in model.get_weights()]


@pytest.mark.parametrize("dilation", [2, 3, 4, 8, 9, 11])
def test_a_dilated_layer_is_as_many_chains(dilation):
    x = keras.Input((4 * dilation, 5))
    model = keras.Model(x, dilated_lstm(x, UNITS, dilation))
    weights, example = strong(model), np.random.default_rng(2).normal(size=(2, 4 * dilation, 5))
    expected = [dilated(sequence, *weights, dilation) for sequence in example]
    np.testing.assert_allclose(model(example, training=False), expected, rtol=0, atol=2e-6)


def test_an_independent_layer():
    model, example = build(Case("IndRNN", 20, UNITS, 1)), Case("IndRNN", 20, UNITS, 1).sequences()
    weights = strong(model)
    np.testing.assert_allclose(answer(model, example)[0], independent(example[0], *weights), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("form", ["unrolled", "blocked"])
def test_dilations_in_a_file(converter, form):
    case = Case("Dilated", 64, UNITS, 4)
    model, x = build(case), case.sequences()
    kernel, recurrent, bias, *others = strong(model)
    by_gate = np.r_[: 2 * UNITS, 3 * UNITS : 4 * UNITS, 2 * UNITS : 3 * UNITS]  # Keras's LSTM has o last
    expected = dilated(x[0], kernel[:, by_gate], bias[by_gate], recurrent[:, by_gate], 1)
    for number, dilation in enumerate((2, 4, 8)):
        expected = dilated(expected, *others[3 * number : 3 * number + 3], dilation)
    data = lower(model, {INPUT: (x.shape, "float32")}, "float32", form=form, converter=converter).data
    np.testing.assert_allclose(CompiledFile(data, x).infer(x)[0], expected, rtol=0, atol=2e-6)


def test_a_step_of_an_independent_layer_is_two_operators(converter):
    """Relu is fused into ADD."""
    assert per_step(converter, lambda length: build(Case("IndRNN", length, UNITS, 1))) == {"MUL": 1, "ADD": 1}


def test_a_step_of_a_dilated_layer(converter):
    """Only its output is reshaped, which Keras wants flat; of four rows, one product."""

    def model_of(length: int) -> keras.Model:
        x = keras.Input((4 * length, 5), name=INPUT)
        return keras.Model({INPUT: x}, {"output": dilated_lstm(x, UNITS, 4)})

    once = ("FULLY_CONNECTED", "SPLIT", "LOGISTIC", "STRIDED_SLICE", "RESHAPE")
    assert per_step(converter, model_of) == {**dict.fromkeys(once, 1), "ADD": 2, "TANH": 2, "MUL": 3}


def per_step(converter, model_of: Callable[[int], keras.Model]) -> dict[str, float]:
    """How many operators of each kind an unrolled file has for a step: what 24 steps have more than 16."""

    def operators(length: int) -> Counter:
        model = model_of(length)
        inputs = {INPUT: ((1, *model.input[INPUT].shape[1:]), "float32")}
        (piece,) = read(lower(model, inputs, "float32", form="unrolled", converter=converter).data).values()
        return Counter(operator.name for operator in piece.graph.operators)

    return {name: count / 8 for name, count in (operators(24) - operators(16)).items()}
