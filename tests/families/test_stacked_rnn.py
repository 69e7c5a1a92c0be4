"""Stacked recurrent networks of any depth, cell and direction."""

import numpy as np
import pytest
from keras import layers

import zoo
from zoo.families import stacked_rnn


def images(count: int = 3) -> dict:
    return {"image": np.random.default_rng(3).uniform(0, 255, (count, 8, 8, 1)).astype("float32")}


def weighted_cells(model) -> list[str]:
    return [type(layer).__name__ for layer in model.layers if isinstance(layer, layers.RNN | layers.Bidirectional)]


@pytest.mark.parametrize("cell", stacked_rnn.CELLS)
@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_any_depth_cell_and_direction(cell, depth, bidirectional):
    model = zoo.create_model("stacked_rnn_tiny", cell=cell, units=[5] * depth, bidirectional=bidirectional)
    kind = "Bidirectional" if bidirectional else stacked_rnn.CELLS[cell].__name__
    assert weighted_cells(model) == [kind] * depth
    assert tuple(model(images())["logits"].shape) == (3, 10)


def test_one_layer_of_simple_rnn_follows_the_equation():
    """h_t = tanh(x_t W + h_{t-1} U + b) over the rows of the image, in float64."""
    model = zoo.create_model("stacked_rnn_tiny", cell="simple_rnn", units=[6])
    kernel, recurrent, bias = (np.asarray(weight, "float64") for weight in model.get_layer("simple_rnn1").weights)
    head, head_bias = (np.asarray(weight, "float64") for weight in model.get_layer("logits").weights)
    inputs = images()
    state = np.zeros((3, 6))
    for row in range(8):
        state = np.tanh(inputs["image"][:, row, :, 0] / 255 @ kernel + state @ recurrent + bias)
    np.testing.assert_allclose(model(inputs)["logits"], state @ head + head_bias, atol=1e-5)


def test_the_beat_is_read_in_groups():
    model = zoo.create_model("ecg_lstm4", group=16)
    assert model.get_layer("lstm1").input.shape == (None, 16, 16)


def test_the_tiny_size_is_small():
    assert zoo.create_model("stacked_rnn_tiny").count_params() < 20_000
