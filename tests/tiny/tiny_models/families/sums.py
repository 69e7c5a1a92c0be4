"""A row of numbers to one value."""

import keras
from keras import layers


def build(*, units, num_values):
    series = keras.Input((6, 2), name="series")
    state = layers.GRU(units, name="gru")(series)
    return keras.Model({"series": series}, {"value": layers.Dense(num_values, name="value")(state)})
