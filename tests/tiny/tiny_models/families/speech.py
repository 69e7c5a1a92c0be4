"""Frames to letters; no answer hangs on what is behind the end."""

import keras
from keras import layers, ops


def build(*, units, vocabulary_size):
    sound, length = keras.Input((24, 4), name="sound"), keras.Input((), dtype="int32", name="length")
    frames = layers.Conv1D(units, 3, padding="causal", activation="relu", name="conv")(sound)
    states = layers.GRU(units, return_sequences=True, name="gru")(frames)
    logits = layers.Dense(vocabulary_size, name="letter")(states)
    return keras.Model({"sound": sound, "length": length}, {"logits": logits, "steps": ops.maximum(length, 1)})
