"""Letters so far to the next one."""

import keras
from keras import layers


def build(*, units, vocabulary_size):
    tokens = keras.Input((12,), dtype="int32", name="tokens")
    letters = layers.Embedding(vocabulary_size, units, name="embed")(tokens)
    states = layers.GRU(units, return_sequences=True, name="gru")(letters)
    return keras.Model({"tokens": tokens}, {"logits": layers.Dense(vocabulary_size, name="logits")(states)})
