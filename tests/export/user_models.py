"""Models as users bring them: one a way in which Keras lets layers be put together; all tiny."""

import keras
from keras import Input, Model, Sequential, layers
from own_cells import NormalisedCell


@keras.saving.register_keras_serializable("tests.export")
class Squash(layers.Layer):
    """A custom feed-forward layer: x / (1 + |x|) with a learnt gain."""

    def build(self, shape):
        self.gain = self.add_weight(shape=(shape[-1],), initializer="random_normal", name="gain")

    def call(self, inputs):
        return self.gain * inputs / (1 + keras.ops.abs(inputs))


@keras.saving.register_keras_serializable("tests.export")
class DecayCell(layers.Layer):
    """A custom recurrent cell: h = 0.9 h + x."""

    def __init__(self, units, **options):
        super().__init__(**options)
        self.units = self.state_size = self.output_size = units

    def call(self, inputs, states):
        state = 0.9 * states[0] + inputs
        return state, [state]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable("tests.export")
class Subclassed(keras.Model):
    """A model that is no graph: nobody can tell its inputs before it is called."""

    def __init__(self, **options):
        super().__init__(**options)
        self.dense = layers.Dense(2)

    def call(self, inputs):
        return self.dense(inputs)


def sequence(name: str = "signal", length: int | None = 6, features: int = 3):
    return Input((length, features), name=name)


def sequential():
    return Sequential(
        [
            Input((8, 8, 1), name="picture"),
            layers.Conv2D(4, 3, padding="same"),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, name="scores"),
        ]
    )


def sequential_lstm():
    return Sequential([sequence(), layers.LSTM(4, return_sequences=True), layers.LSTM(4), layers.Dense(2, name="y")])


def functional():
    x = sequence()
    h = layers.Conv1D(4, 3, padding="same", activation="relu")(x)
    h = layers.Add()([h, layers.GRU(4, return_sequences=True)(h)])
    return Model(x, layers.Dense(2, name="y")(layers.Flatten()(h)))


def two_inputs_two_outputs():
    beat, rhythm = sequence("beat"), Input((2,), name="rhythm")
    h = layers.Concatenate()([layers.LSTM(4)(beat), layers.Dense(4, activation="tanh")(rhythm)])
    return Model([beat, rhythm], [layers.Dense(3, name="kind")(h), layers.Dense(1, name="risk")(h)])


def named_by_a_dict():
    beat, rhythm = sequence("beat"), Input((2,), name="rhythm")
    h = layers.Concatenate()([layers.SimpleRNN(4)(beat), rhythm])
    return Model({"beat": beat, "rhythm": rhythm}, {"risk": layers.Dense(1)(h), "kind": layers.Dense(3)(h)})


def model_in_model():
    inner_input = sequence("inner")
    inner = Model(inner_input, layers.Dense(3)(layers.GRU(4, return_sequences=True)(inner_input)), name="inner model")
    x = sequence()
    return Model(x, layers.Dense(2, name="y")(layers.LSTM(4)(inner(inner(x)))), name="outer model")


def layer_called_twice():
    one, two = sequence("one"), sequence("two", length=4)
    shared = layers.LSTM(4)
    return Model([one, two], layers.Dense(2, name="y")(layers.Subtract()([shared(one), shared(two)])))


def bidirectional(merge: str | None):
    def build():
        x = sequence()
        both = layers.Bidirectional(layers.LSTM(4, return_sequences=True), merge_mode=merge, name="both")(x)
        if merge is None:
            return Model(x, both)
        return Model(x, layers.Dense(2, name="y")(both))

    return build


def bidirectional_last():
    x = sequence()
    return Model(x, layers.Dense(2, name="y")(layers.Bidirectional(layers.GRU(4))(x)))


def masking():
    x = sequence()
    h = layers.Masking(0.0)(x)
    return Model(x, layers.Dense(2, name="y")(layers.LSTM(4)(layers.GRU(4, return_sequences=True)(h))))


def masked_tokens():
    tokens = Input((6,), name="tokens", dtype="int32")
    h = layers.Embedding(11, 4, mask_zero=True)(tokens)
    return Model(tokens, layers.Dense(2, name="y")(layers.Bidirectional(layers.LSTM(4))(h)))


def encoder_and_decoder():
    source, target = sequence("source"), sequence("target", length=4)
    _, h, c = layers.LSTM(4, return_state=True)(source)
    decoded = layers.LSTM(4, return_sequences=True)(target, initial_state=[h, c])
    return Model([source, target], layers.Dense(2, name="y")(decoded))


def stateful():
    x = Input(batch_shape=(1, 6, 3), name="signal")
    return Model(x, layers.Dense(2, name="y")(layers.LSTM(4, stateful=True)(x)))


def time_distributed():
    frames = Input((4, 8, 8, 1), name="frames")
    h = layers.TimeDistributed(layers.Conv2D(3, 3, strides=2, activation="relu"))(frames)
    h = layers.TimeDistributed(layers.GlobalAveragePooling2D())(h)
    return Model(frames, layers.Dense(2, name="y")(layers.GRU(4)(h)))


def go_backwards():
    x = sequence()
    h = layers.LSTM(4, go_backwards=True, return_sequences=True)(x)
    return Model(x, layers.Dense(2, name="y")(layers.SimpleRNN(4, go_backwards=True)(h)))


def open_time():
    x = sequence(length=None)
    h = layers.GRU(4, return_sequences=True)(layers.Conv1D(3, 3, padding="same")(x))
    return Model(x, layers.Dense(2, name="y")(h))


def custom_layer():
    x = sequence()
    return Model(x, layers.Dense(2, name="y")(layers.LSTM(4)(Squash()(x))))


def mixed_precision():
    x = sequence()
    policy = keras.DTypePolicy("mixed_float16")
    h = layers.LSTM(4, dtype=policy)(layers.Conv1D(4, 3, dtype=policy)(x))
    return Model(x, layers.Dense(2, dtype=policy, name="y")(h))


def own_cell():
    x = sequence()
    h = layers.Bidirectional(layers.RNN(DecayCell(3), return_sequences=True))(layers.Masking()(x))
    return Model(x, layers.Dense(2, name="y")(layers.RNN(NormalisedCell(4))(h)))


def stacked_cells():
    x = sequence()
    return Model(x, layers.Dense(2, name="y")(layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)])(x)))


def convolutional():
    frames = Input((4, 8, 8, 1), name="frames")
    h = layers.ConvLSTM2D(3, 3, return_sequences=True)(frames)
    h = layers.ConvLSTM1D(2, 2)(layers.Reshape((4, 6, 18))(h))
    return Model(frames, layers.Dense(2, name="y")(layers.Flatten()(h)))


LOWERED = {
    "Sequential": sequential,
    "Sequential of LSTMs": sequential_lstm,
    "functional": functional,
    "two inputs, two outputs": two_inputs_two_outputs,
    "dict of inputs and outputs": named_by_a_dict,
    "model in a model, called twice": model_in_model,
    "one LSTM called twice": layer_called_twice,
    **{f"Bidirectional {merge}": bidirectional(merge) for merge in ("concat", "sum", "mul", "ave", None)},
    "Bidirectional, last output": bidirectional_last,
    "Masking": masking,
    "Embedding(mask_zero)": masked_tokens,
    "return_state into initial_state": encoder_and_decoder,
    "stateful": stateful,
    "TimeDistributed": time_distributed,
    "go_backwards": go_backwards,
    "open time axis": open_time,
    "registered custom layer": custom_layer,
    "mixed precision": mixed_precision,
    "cells of one's own": own_cell,
    "LSTMCell and GRUCell in one RNN": stacked_cells,
    "ConvLSTM": convolutional,
}
"""Models that are exported, by what is special about each."""
