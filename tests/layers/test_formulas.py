"""The formulas against truth that is counted: Keras's own weights, loops over positions, gradients."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.layers import formulas

sizes = st.integers(1, 40)


@settings(max_examples=50)
@given(size=st.integers(8, 60), kernel=st.integers(1, 4), stride=st.integers(1, 3), dilation=st.integers(1, 2))
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_output_size_is_that_of_keras(padding, size, kernel, stride, dilation):
    dilation = dilation if stride == 1 else 1  # Keras refuses both
    layer = keras.layers.Conv1D(1, kernel, strides=stride, dilation_rate=dilation, padding=padding)
    assert layer.compute_output_shape((None, size, 1))[1] == formulas.output_size(
        size, kernel, stride, dilation, padding
    )


def positions_seen(chain):
    """Counts by hand: the set of input positions under output 0 of a chain of valid convolutions."""
    seen = {0}
    for kernel, stride, dilation in reversed(chain):
        seen = {position * stride + tap * dilation for position in seen for tap in range(kernel)}
    return max(seen) - min(seen) + 1


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 3), st.integers(1, 4)), min_size=1, max_size=5))
def test_receptive_field_is_the_span_of_the_positions_seen(chain):
    assert formulas.receptive_field(chain) == positions_seen(chain)


def test_receptive_field_takes_the_strides_before_a_layer():
    assert formulas.receptive_field([(3, 2, 1), (3, 2, 1), (3, 1, 1)]) == 15


def count(layer, shape):
    layer.build((None, *shape))
    return layer.count_params()


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("dilation", [1, 2])
def test_convolution_parameters(bias, dilation):
    layer = keras.layers.Conv2D(12, (3, 5), groups=2, use_bias=bias, dilation_rate=dilation)
    assert count(layer, (16, 16, 8)) == formulas.convolution_parameters((3, 5), 8, 12, groups=2, bias=bias)
    depthwise = keras.layers.DepthwiseConv2D(3, depth_multiplier=2, use_bias=bias)
    assert count(depthwise, (16, 16, 8)) == formulas.depthwise_parameters((3, 3), 8, 2, bias=bias)
    assert count(keras.layers.Dense(7, use_bias=bias), (8,)) == formulas.dense_parameters(8, 7, bias=bias)


def test_batch_normalization_parameters():
    assert count(keras.layers.BatchNormalization(), (16, 8)) == sum(formulas.batch_normalization_parameters(8))


@settings(max_examples=20)
@given(inputs=sizes, units=sizes, bias=st.booleans())
def test_recurrent_parameters(inputs, units, bias):
    kinds = {"simple_rnn": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM, "gru": keras.layers.GRU}
    for cell, kind in kinds.items():
        layer = kind(units, use_bias=bias)
        assert count(layer, (5, inputs)) == formulas.recurrent_parameters(cell, inputs, units, bias=bias)
    before = keras.layers.GRU(units, use_bias=bias, reset_after=False)
    assert count(before, (5, inputs)) == formulas.recurrent_parameters(
        "gru", inputs, units, bias=bias, reset_after=False
    )


def test_macs_are_the_products_of_a_loop():
    """Counts multiplications one by one in a naive convolution and a naive LSTM."""
    products = 0
    height, width, inputs, filters, kernel = 6, 5, 4, 3, 3
    for _ in np.ndindex(height - 2, width - 2, filters):
        for _ in np.ndindex(kernel, kernel, inputs):
            products += 1
    assert formulas.convolution_macs((height - 2, width - 2), (3, 3), inputs, filters) == products
    products = sum((inputs + 7) * 7 for _step in range(11) for _gate in "ifco")
    assert formulas.recurrent_macs("lstm", 11, inputs, 7) == products


def test_published_recurrent_counts():
    """784 pixels, one feature: LSTM(128) and GRU(128) with Dense(10)."""
    assert formulas.recurrent_parameters("lstm", 1, 128) + formulas.dense_parameters(128, 10) == 67_850
    assert formulas.recurrent_parameters("gru", 1, 128) + formulas.dense_parameters(128, 10) == 51_594
    assert formulas.recurrent_macs("lstm", 784, 1, 128) == 51_781_632
