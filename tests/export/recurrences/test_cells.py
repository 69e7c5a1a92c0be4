"""The equations of the cells, against loops in float64 that follow their docstrings, and against Keras."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from lowered_models import CELLS
from own_cells import BranchingCell, TwoSpeedsCell

from zoo.errors import ConversionError
from zoo.export.recurrences.cells import cell_of
from zoo.export.recurrences.recurrence import as_is

FEATURES, UNITS, BATCH = 3, 5, 2


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm(x, states, W, U, b):
    h, c = states
    i, f, g, o = np.split(x @ W + b + h @ U, 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def gru(x, states, W, U, b):
    (h,) = states
    xz, xr, xn = np.split(x @ W + b[0], 3, axis=-1)
    hz, hr, hn = np.split(h @ U + b[1], 3, axis=-1)
    z, n = sigmoid(xz + hz), np.tanh(xn + sigmoid(xr + hr) * hn)
    return (z * h + (1 - z) * n,)


def gru_reset_before(x, states, W, U, b):
    (h,) = states
    Uz, Ur, Un = np.split(U, 3, axis=-1)
    xz, xr, xn = np.split(x @ W + b, 3, axis=-1)
    z = sigmoid(xz + h @ Uz)
    n = np.tanh(xn + (sigmoid(xr + h @ Ur) * h) @ Un)
    return (z * h + (1 - z) * n,)


def simple_rnn(x, states, W, U, b):
    return (np.tanh(x @ W + b + states[0] @ U),)


EQUATIONS = {"LSTM": lstm, "GRU": gru, "GRU, reset before": gru_reset_before, "SimpleRNN": simple_rnn}


def built(name: str, **options) -> layers.RNN:
    layer = CELLS[name](UNITS, **options)
    layer.build((BATCH, 1, FEATURES))
    random = np.random.default_rng(2)
    for weight in layer.weights:
        weight.assign(random.normal(size=weight.shape))
    return layer


@pytest.mark.parametrize("name", CELLS)
def test_a_step_follows_its_equation(name):
    layer, random = built(name), np.random.default_rng(3)
    cell = cell_of(layer)
    x = random.normal(size=(BATCH, FEATURES))
    states = [random.normal(size=(BATCH, UNITS)) for _ in cell.states]
    weights = [np.asarray(weight, np.float64) for weight in layer.weights]
    found = cell.step(
        as_is, cell.project(as_is, tf.constant(x, tf.float32)), *(tf.constant(s, tf.float32) for s in states)
    )
    for ours, theirs in zip(found, EQUATIONS[name](x, states, *weights), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize("name", CELLS)
def test_other_activations_and_no_bias(name):
    options = {"activation": "relu", "use_bias": False}
    if name != "SimpleRNN":
        options["recurrent_activation"] = "hard_sigmoid"
    layer, random = built(name, **options), np.random.default_rng(3)
    cell = cell_of(layer)
    x, h = (tf.constant(random.normal(size=(BATCH, width)), tf.float32) for width in (FEATURES, UNITS))
    wanted, _ = layer.cell(x, [h] * len(cell.states))
    np.testing.assert_allclose(cell.step(as_is, cell.project(as_is, x), *[h] * len(cell.states))[0], wanted, atol=1e-6)
    assert not cell.fixed


@pytest.mark.parametrize("name", CELLS)
def test_every_quantity_that_a_kernel_dictates_is_met_in_a_step(name):
    """Ranges go by name: a misspelt one would leave an int8 file with a requantisation after each activation."""
    cell, met = cell_of(built(name)), []

    def note(quantity, value):
        met.append(quantity)
        return value

    cell.step(note, cell.project(note, tf.zeros((1, FEATURES))), *[tf.zeros((1, UNITS))] * len(cell.states))
    assert set(cell.fixed) <= set(met)
    assert {"x", "xW", "h", "hU"} <= set(met)


def test_weights_are_those_of_now():
    layer = built("SimpleRNN")
    layer.set_weights([np.ones_like(weight) for weight in layer.get_weights()])
    assert (cell_of(layer).recurrent_kernel == 1).all()


def test_a_stack_is_its_cells_one_after_the_other():
    layer = layers.RNN([layers.LSTMCell(UNITS), layers.GRUCell(UNITS), layers.SimpleRNNCell(UNITS)])
    layer.build((BATCH, 1, FEATURES))
    cell, met = cell_of(layer), []
    x = tf.random.stateless_normal((BATCH, FEATURES), (1, 2))
    states = [tf.random.stateless_normal((BATCH, UNITS), (3, number)) for number in range(len(cell.states))]

    def note(quantity, value):
        met.append(quantity)
        return value

    found = cell.step(note, cell.project(note, x), *states)
    _, wanted = layer.cell(x, [states[:2], [states[2]], [states[3]]])
    for ours, theirs in zip(found, keras.tree.flatten(wanted), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
    assert cell.states == ("h_0", "c_0", "h_1", "h_2")
    assert (cell.input, cell.output) == ("x_0", "h_2")
    assert set(cell.fixed) <= set(met)
    assert "x_1" not in met, "what a cell reads of the one before it is a quantity of that one"


def test_a_cell_of_ones_own_is_traced():
    layer = layers.RNN(TwoSpeedsCell(UNITS))
    layer.build((BATCH, 1, FEATURES))
    cell = cell_of(layer, (FEATURES,))
    assert (cell.states, cell.output, cell.results) == (("state_0", "state_1"), "state_1", ("state_0", "state_1"))
    assert [start.shape for start in cell.initial] == [(2,), (UNITS,)]
    assert cell.holds_its_output
    x, states = tf.ones((BATCH, FEATURES)), [tf.ones((BATCH, 2)), tf.ones((BATCH, UNITS))]
    for ours, theirs in zip(cell.step(as_is, (x,), *states), layer.cell(x, states)[1], strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_cell_that_cannot_be_traced_is_named():
    layer = layers.RNN(BranchingCell(UNITS), name="odd")
    layer.build((BATCH, 1, FEATURES))
    with pytest.raises(ConversionError, match="`odd` repeats the cell `BranchingCell`, whose `call` cannot be traced"):
        cell_of(layer, (FEATURES,))
