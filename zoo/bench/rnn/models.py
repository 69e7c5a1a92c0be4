"""The Keras model of a case: where the weights of all contestants come from, and what all are compared with.

Beside the stacks of the grid: `Bidirectional`, an LSTM in both directions; `ConvLSTM`, 8 filters of 3x3 over 16x16
pixels; `Video`, two convolutions for each of 16 frames, then a GRU; `CRNN`, two convolutions over a line of text, then
bidirectional LSTMs over its columns (Shi et al. 2015, arXiv 1507.05717, made small); `IndRNN` and `Dilated`, an LSTM of
dilations 1, 2, 4, 8, ..., by cells of a user's own.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from zoo.bench.rnn.cases import Case
from zoo.bench.rnn.prototypes import IndRNNCell, dilated_lstm

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
