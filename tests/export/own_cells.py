"""Cells as users write them: each has something that no equation of ours knows."""

import keras
from keras import layers, ops


class Cell(layers.Layer):
    """A base: `units` wide, one state unless said otherwise."""

    def __init__(self, units, **options):
        super().__init__(**options)
        self.units = self.state_size = units

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable("tests.own")
class NormalisedCell(Cell):
    """Layers inside, an activation of its own, and an output that is not the state."""

    def __init__(self, units, **options):
        super().__init__(units, **options)
        self.read = layers.Dense(units)
        self.recall = layers.Dense(units, use_bias=False)
        self.normalise = layers.LayerNormalization()
        self.drop = layers.Dropout(0.5)

    def build(self, shape):
        self.read.build(shape)
        for layer in (self.recall, self.normalise):
            layer.build((None, self.units))
        super().build(shape)

    def call(self, inputs, states, training=False):
        total = self.read(inputs) + self.recall(states[0])
        state = keras.activations.gelu(self.normalise(self.drop(total, training=training)))
        return 0.5 * state, [state]


@keras.saving.register_keras_serializable("tests.own")
class TwoSpeedsCell(Cell):
    """Two states of unlike widths; the output is the second of them."""

    def __init__(self, units, **options):
        super().__init__(units, **options)
        self.state_size, self.output_size = [2, units], units

    def build(self, shape):
        self.slow = self.add_weight(shape=(shape[-1], 2), name="slow")
        self.fast = self.add_weight(shape=(2, self.units), name="fast")

    def call(self, inputs, states):
        slow = 0.9 * states[0] + 0.1 * ops.matmul(inputs, self.slow)
        fast = ops.tanh(ops.matmul(slow, self.fast) + 0.5 * states[1])
        return fast, [slow, fast]


@keras.saving.register_keras_serializable("tests.own")
class LearntStartCell(Cell):
    """Begins with weights instead of zeros."""

    def build(self, shape):
        self.start = self.add_weight(shape=(self.units,), initializer="random_normal", name="start")
        self.kernel = self.add_weight(shape=(shape[-1], self.units), name="kernel")

    def get_initial_state(self, batch_size=None):
        return [ops.broadcast_to(self.start, (batch_size, self.units))]

    def call(self, inputs, states):
        state = ops.tanh(ops.matmul(inputs, self.kernel) + states[0])
        return state, [state]


@keras.saving.register_keras_serializable("tests.own")
class ClippedLSTMCell(layers.LSTMCell):
    """A stock cell but for its step."""

    def call(self, inputs, states, training=False):
        output, states = super().call(inputs, states, training=training)
        return output, [output, ops.clip(states[1], -0.5, 0.5)]


@keras.saving.register_keras_serializable("tests.own")
class PictureCell(Cell):
    """Reads a picture a step and keeps one: state (4, 4, units)."""

    def __init__(self, units, **options):
        super().__init__(units, **options)
        self.look = layers.Conv2D(units, 3, padding="same")

    def build(self, shape):
        self.look.build((*shape[:-1], shape[-1] + self.units))

    def get_initial_state(self, batch_size=None):
        return [ops.zeros((batch_size, 4, 4, self.units))]

    def call(self, inputs, states):
        state = ops.tanh(self.look(ops.concatenate([inputs, states[0]], axis=-1)))
        return ops.mean(state, axis=(1, 2)), [state]


OWN_CELLS = {
    "layers inside, output of its own": NormalisedCell,
    "two states": TwoSpeedsCell,
    "learnt start": LearntStartCell,
    "subclass of LSTMCell": ClippedLSTMCell,
}


@keras.saving.register_keras_serializable("tests.own")
class ForgetfulCell(Cell):
    """Counts its calls in a variable: what a file must not keep."""

    def build(self, shape):
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False, name="calls")

    def call(self, inputs, states):
        self.calls.assign_add(1.0)
        return states[0] + self.calls, [states[0] + self.calls]


@keras.saving.register_keras_serializable("tests.own")
class ErrorFunctionCell(Cell):
    """An operator that TFLite has not."""

    def call(self, inputs, states):
        state = ops.erfinv(ops.tanh(inputs[:, : self.units] + states[0]))
        return state, [state]


@keras.saving.register_keras_serializable("tests.own")
class BranchingCell(Cell):
    """Python's `if` on a value that is not known while tracing."""

    def call(self, inputs, states):
        state = states[0] + 1 if ops.sum(inputs) > 0 else states[0]
        return state, [state]
