"""One answer for the whole, and one for each step."""

import keras
from keras import layers


def build(*, units, num_classes):
    motion = keras.Input((8, 3), name="motion")
    steps = layers.GRU(units, return_sequences=True, name="gru")(motion)
    whole = layers.GlobalAveragePooling1D(name="pool")(steps)
    return keras.Model(
        {"motion": motion},
        {
            "kind": layers.Dense(num_classes["kind"], name="kind")(whole),
            "phase": layers.Dense(num_classes["phase"], name="phase")(steps),
        },
    )
