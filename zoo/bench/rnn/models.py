"""The Keras model of a case: where the weights of all contestants come from, and what all are compared with.

Beside the stacks of the grid: `Bidirectional`, an LSTM in both directions; `ConvLSTM`, 8 filters of 3x3 over 16x16
pixels; `Video`, two convolutions for each of 16 frames, then a GRU; `CRNN`, two convolutions over a line of text, then
bidirectional LSTMs over its columns (Shi et al. 2015, arXiv 1507.05717, made small); `IndRNN` and `Dilated`, an LSTM of
dilations 1, 2, 4, 8, ..., by cells that Keras does not have: written as a user would, and lowered by tracing their
`call`.
"""

from __future__ import annotations

import itertools

import keras
import numpy as np
from keras import layers, ops

from zoo.bench.rnn.cases import CALIBRATION_EXAMPLES, Case
from zoo.export.convert import Converter
from zoo.export.lower import lower
from zoo.export.lowering.job import Lowered

INPUT, OUTPUT = "sequence", "output"


def build(case: Case, *, unroll: bool = False) -> keras.Model:
    """The Keras model of a case; `unroll` is that of Keras's layers in the models of the grid."""
    sequence = keras.Input(case.shape, name=INPUT)
    if case.cell in _OTHERS:
        model = keras.Model({INPUT: sequence}, {OUTPUT: _OTHERS[case.cell](case, sequence)})
        model.set_weights(_drawn(model))
        return model
    model = keras.Model({INPUT: sequence}, {OUTPUT: _stack(case, sequence, unroll)})
    model.set_weights([array for layer in case.weights() for array in layer])
    return model


def inputs_of(case: Case) -> dict[str, tuple]:
    """Shape and dtype of the input, as `lower` takes them."""
    return {INPUT: ((1, *case.shape), "float32")}


def lower_case(case: Case, model: keras.Model, target: str, form: str, converter: Converter) -> Lowered:
    """Our file of a case; for int8 it is calibrated on inputs from another seed."""
    calibration = {INPUT: case.sequences(CALIBRATION_EXAMPLES, seed=1)} if target == "int8" else None
    return lower(model, inputs_of(case), target, calibration=calibration, form=form, converter=converter)


def answer(model: keras.Model, x: np.ndarray) -> np.ndarray:
    """What Keras gives for (1, *shape): (1, steps, ...)."""
    return np.asarray(model.predict_on_batch({INPUT: x})[OUTPUT])


def _stack(case: Case, x, unroll: bool):
    kind = {"LSTM": layers.LSTM, "GRU": layers.GRU}.get(case.cell, layers.SimpleRNN)
    options = {"activation": "relu"} if case.cell == "IRNN" else {}
    for _ in range(case.layers):
        x = kind(case.units, return_sequences=True, unroll=unroll, **options)(x)
    return x


def _both_ways(case: Case, x):
    for _ in range(case.layers):
        x = layers.Bidirectional(layers.LSTM(case.units, return_sequences=True))(x)
    return x


def _conv_lstm(case: Case, x):
    return layers.ConvLSTM2D(case.units, 3, padding="same", return_sequences=True)(x)


def _video(case: Case, frames):
    picture = keras.Input(case.shape[1:])
    x = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(picture)
    x = layers.Conv2D(16, 3, strides=2, padding="same", activation="relu")(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.TimeDistributed(keras.Model(picture, x))(frames)
    return layers.GRU(case.units, return_sequences=True)(x)


def _crnn(case: Case, line):
    x = line  # (32, 128, 1), height first
    for filters in (16, 32):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Permute((2, 1, 3))(x)
    return _both_ways(case, layers.Reshape((case.length, -1))(x))


def _independent(case: Case, x):
    for _ in range(case.layers):
        x = layers.RNN(IndRNNCell(case.units), return_sequences=True)(layers.Dense(case.units)(x))
    return x


def _dilated(case: Case, x):
    for layer in range(case.layers):
        x = dilated_lstm(x, case.units, 2**layer)
    return x


_OTHERS = {
    "Bidirectional": _both_ways,
    "ConvLSTM": _conv_lstm,
    "Video": _video,
    "CRNN": _crnn,
    "IndRNN": _independent,
    "Dilated": _dilated,
}


def _drawn(model: keras.Model) -> list[np.ndarray]:
    """Weights from a seed, scaled by what they sum over."""
    random = np.random.default_rng(0)
    shapes = [array.shape for array in model.get_weights()]
    return [(random.normal(size=shape) / np.sqrt(max(100, np.prod(shape[:-1])))).astype(np.float32) for shape in shapes]


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
