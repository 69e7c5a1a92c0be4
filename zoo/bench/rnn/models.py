"""The Keras model of a case: where the weights of all contestants come from, and what all are compared with."""

from __future__ import annotations

import keras
import numpy as np

from zoo.bench.rnn.cases import FEATURES, Case

INPUT, OUTPUT = "sequence", "output"


def build(case: Case, *, unroll: bool = False) -> keras.Model:
    """The Keras model of a case; `unroll` is that of Keras's layers."""
    x = sequence = keras.Input((case.length, FEATURES), name=INPUT)
    kinds = {"LSTM": keras.layers.LSTM, "GRU": keras.layers.GRU}
    options = {"activation": "relu"} if case.cell == "IRNN" else {}
    for _ in range(case.layers):
        kind = kinds.get(case.cell, keras.layers.SimpleRNN)
        x = kind(case.units, return_sequences=True, unroll=unroll, **options)(x)
    model = keras.Model({INPUT: sequence}, {OUTPUT: x})
    model.set_weights([array for layer in case.weights() for array in layer])
    return model


def answer(model: keras.Model, x: np.ndarray) -> np.ndarray:
    """What Keras gives for (1, length, 16): (1, length, units)."""
    return np.asarray(model({INPUT: x}, training=False)[OUTPUT])
