"""Show and tell, small: what a picture shows is the state that the words begin with."""

import keras
from keras import layers

from zoo.families import Part


def build(*, units, vocabulary_size, longest):
    image, tokens = keras.Input((8, 8, 1), name="image"), keras.Input((longest,), dtype="int32", name="tokens")
    seen = layers.Flatten(name="flat")(layers.Rescaling(1 / 255, name="scale")(image))
    seen = layers.Dense(units, activation="tanh", name="see")(seen)
    words = layers.Embedding(vocabulary_size, units, name="embed")(tokens)
    states, _ = layers.GRU(units, return_sequences=True, return_state=True, name="gru")(words, initial_state=seen)
    return keras.Model(
        {"image": image, "tokens": tokens}, {"logits": layers.Dense(vocabulary_size, name="word")(states)}
    )


def parts(model):
    layer, units = model.get_layer, model.get_layer("see").units
    image, token = keras.Input((8, 8, 1), name="image"), keras.Input((1,), dtype="int32", name="token")
    state = keras.Input((units,), name="state")
    seen = layer("see")(layer("flat")(layer("scale")(image)))
    sequence, after = layer("gru")(layer("embed")(token), initial_state=state)
    logits = layer("word")(layers.Reshape((units,))(sequence))
    return {
        "encode": Part(keras.Model({"image": image}, {"state": seen})),
        "step": Part(keras.Model({"token": token, "state": state}, {"logits": logits, "state": after}), ("state",)),
    }
