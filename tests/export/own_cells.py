"""Cells as users write them: each has something that no equation of ours knows."""

import keras
import numpy as np
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


@keras.saving.register_keras_serializable("tests.own")
class Keeper(Cell):
    """Hands its second state on as it is, as a cell does that keeps what it attends to."""

    def __init__(self, units, **options):
        super().__init__(units, **options)
        self.state_size, self.output_size = [units, units], units

    def build(self, shape):
        self.read = self.add_weight(shape=(shape[-1], self.units), name="read")
        self.recall = self.add_weight(shape=(self.units, self.units), name="recall")

    def call(self, inputs, states):
        h, kept = states
        h = ops.tanh(ops.matmul(inputs, self.read) + ops.matmul(h, self.recall) + kept)
        return h, [h, kept]


@keras.saving.register_keras_serializable("tests.own")
class LayerNormLSTM(Cell):
    """An LSTM that normalises its sums and its cell state."""

    def __init__(self, units, **options):
        super().__init__(units, **options)
        self.state_size, self.output_size = [units, units], units
        self.read, self.recall = layers.Dense(4 * units, use_bias=False), layers.Dense(4 * units)
        self.norms = [layers.LayerNormalization() for _ in range(3)]

    def build(self, shape):
        self.read.build(shape)
        self.recall.build((None, self.units))
        for norm, width in zip(self.norms, (4, 4, 1), strict=True):
            norm.build((None, width * self.units))

    def call(self, inputs, states):
        h, c = states
        total = self.norms[0](self.read(inputs)) + self.norms[1](self.recall(h))
        i, f, g, o = ops.split(total, 4, axis=-1)
        c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
        h = ops.sigmoid(o) * ops.tanh(self.norms[2](c))
        return h, [h, c]


@keras.saving.register_keras_serializable("tests.own")
class Memory(Cell):
    """A Legendre memory (Voelker et al. 2019) of order 6 over 20 steps, and what is read of it."""

    order, window = 6, 20.0

    def __init__(self, units, **options):
        super().__init__(units, **options)
        self.state_size, self.output_size = [units, self.order], units

    def build(self, shape):
        order = np.arange(self.order)
        rates = (2 * order + 1)[:, None] / self.window
        column, row = np.meshgrid(order, order)
        continuous = np.where(row < column, -1.0, (-1.0) ** (row - column + 1)) * rates
        inverse = np.linalg.inv(np.eye(self.order) - continuous / 2)
        self.turn = (inverse @ (np.eye(self.order) + continuous / 2)).T.astype(np.float32)
        self.take = (inverse @ ((-1.0) ** order[:, None] * rates)).T.astype(np.float32)
        self.read = self.add_weight(shape=(shape[-1], 1), name="read")
        self.enter = self.add_weight(shape=(shape[-1], self.units), name="enter")
        self.recall = self.add_weight(shape=(self.order, self.units), name="recall")

    def call(self, inputs, states):
        memory = ops.matmul(states[1], self.turn) + ops.matmul(ops.matmul(inputs, self.read), self.take)
        h = ops.tanh(ops.matmul(inputs, self.enter) + ops.matmul(memory, self.recall))
        return h, [h, memory]
