"""Cells that Keras does not have, written as a user would write them: they are lowered by tracing their `call`."""

from __future__ import annotations

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
    """An LSTM of dilation d (Chang et al. 2017, arXiv 1710.02224, section 2.1): d steps at once, one of each chain.

    x: (batch, d * 4 units), projected before -> h: (batch, d * units)
    """

    def __init__(self, units: int, dilation: int, **options):
        super().__init__(**options)
        self.units, self.dilation = units, dilation
        self.state_size = [dilation * units] * 2
        self.output_size = dilation * units

    def build(self, input_shape):
        self.recurrent = self.add_weight(shape=(self.units, 4 * self.units), name="recurrent")

    def call(self, inputs, states, training=None):
        h, c = (ops.reshape(state, (-1, self.units)) for state in states)
        gates = ops.reshape(inputs, (-1, 4 * self.units)) + ops.matmul(h, self.recurrent)
        i, f, g, o = ops.split(gates, 4, axis=1)
        c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
        h = ops.sigmoid(o) * ops.tanh(c)
        h, c = (ops.reshape(state, (-1, self.output_size)) for state in (h, c))
        return h, [h, c]

    def get_config(self):
        return {**super().get_config(), "units": self.units, "dilation": self.dilation}


def dilated_lstm(x, units: int, dilation: int):
    """One dilated layer, (batch, length, features) -> (batch, length, units); the dilation divides the length.

    Rows t * d to t * d + d - 1 of a sequence are step t of d chains, so cutting it into steps takes no transpose.
    """
    length = x.shape[1]
    x = layers.Dense(4 * units)(x)
    x = layers.Reshape((length // dilation, dilation * 4 * units))(x)
    x = layers.RNN(DilatedLSTMCell(units, dilation), return_sequences=True)(x)
    return layers.Reshape((length, units))(x)
