"""Cells that Keras does not have, written as a user would write them: they are lowered by tracing their `call`."""

from __future__ import annotations

import itertools

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("hybrid_zoo_bench")
class IndRNNCell(layers.Layer):
    """Independently recurrent (Li et al. 2018, arXiv 1803.04831, eq. 2): h = relu(x + u * h), no unit sees another.

    x: (batch, units), projected before -> h: (batch, units)
    """

    def __init__(self, units: int, **options):
        super().__init__(**options)
        self.units = self.state_size = self.output_size = units

    def build(self, input_shape):
        self.recurrent = self.add_weight(shape=(self.units,), name="recurrent")

    def call(self, inputs, states, training=None):
        h = ops.relu(inputs + self.recurrent * states[0])
        return h, [h]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable("hybrid_zoo_bench")
class DilatedLSTMCell(layers.Layer):
    """An LSTM of dilation d (Chang et al. 2017, arXiv 1710.02224, section 2.1): d frames at once, one of each chain.

        i, f, o, g = x_t + h_{t-d} U,    the first three through a sigmoid, the last through tanh
        c_t = f c_{t-d} + i g
        h_t = o tanh(c_t)

    x: (batch, d, 4 * units), projected before -> h: (batch, d * units); both states are (batch, d, units).
    """

    def __init__(self, units: int, dilation: int, **options):
        super().__init__(**options)
        self.units, self.dilation = units, dilation
        self.state_size = [(dilation, units)] * 2
        self.output_size = dilation * units
        self.recur = layers.Dense(4 * units, use_bias=False)

    def build(self, input_shape):
        self.recur.build((None, self.dilation, self.units))

    def get_initial_state(self, batch_size=None):
        return [ops.zeros((batch_size, *shape)) for shape in self.state_size]

    def call(self, inputs, states, training=None):
        h, c = states
        sums = inputs + _by_rows(self.recur, h)
        i, f, o, _ = ops.split(ops.sigmoid(sums), 4, axis=-1)  # g's too: cheaper than to copy the others out
        c = f * c + i * ops.tanh(sums[..., 3 * self.units :])
        h = o * ops.tanh(c)
        return ops.reshape(h, (-1, self.output_size)), [h, c]

    def get_config(self):
        return {**super().get_config(), "units": self.units, "dilation": self.dilation}


def dilated_lstm(x, units: int, dilation: int):
    """One dilated layer, (batch, length, features) -> (batch, length, units); the dilation divides the length.

    Rows t * d to t * d + d - 1 of a sequence are step t of d chains, so cutting it into steps takes no transpose.  With
    a dilation of 1 it is Keras's own LSTM.
    """
    if dilation == 1:
        return layers.LSTM(units, return_sequences=True)(x)
    length = x.shape[1]
    x = layers.Dense(4 * units)(x)
    x = layers.Reshape((length // dilation, dilation, 4 * units))(x)
    x = layers.RNN(DilatedLSTMCell(units, dilation), return_sequences=True)(x)
    return layers.Reshape((length, units))(x)


def _by_rows(dense: layers.Dense, x):
    """`dense` of (batch, rows, features), in parts that suit XNNPACK.

    With AVX-512 it multiplies seven rows at a time, or one: two take as long as seven, and three single ones no longer.
    """
    sevens, left = divmod(x.shape[1], 7)
    parts = [7] * sevens + ([left] if left > 3 else [1] * left)
    if len(parts) == 1:
        return dense(x)
    ends = itertools.accumulate(parts)
    return ops.concatenate([dense(x[:, end - part : end]) for part, end in zip(parts, ends, strict=True)], axis=1)
