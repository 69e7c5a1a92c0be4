"""The layers that remember frames, with what they remember as an input and an output: over the same weights."""

from __future__ import annotations

import keras
from keras import ops

from zoo._system.replaced import replaced


class Continued(keras.layers.Layer):
    """A forward recurrent layer that goes on from the states it is given.

    Call arguments: sequence (batch, chunk, ...), and each state (batch, ...), in the order of the layer's own.
    Returns: what the layer returns, and its last states.
    """

    def __init__(self, layer: keras.layers.RNN):
        super().__init__(trainable=False)
        self.layer = layer

    def call(self, sequence, *states):
        start = keras.tree.pack_sequence_as(self.layer.get_initial_state(batch_size=1), list(states))
        with replaced(self.layer, "return_state", True):
            output, *last = self.layer(sequence, initial_state=start)
        return output, *keras.tree.flatten(last)


class Window(keras.layers.Layer):
    """The frames that a convolution reads: those of before, then those of the chunk.

    Call arguments: frames (batch, chunk, channels), past (batch, rows, channels).
    Returns: both joined, (batch, rows + chunk, channels), and the last `rows` of them, the next chunk's past.
    """

    def call(self, frames, past):
        joined = ops.concatenate([past, frames], axis=1)
        return joined, joined[:, -past.shape[1] :]


class Windowed(keras.layers.Layer):
    """A convolution or a pooling over time that reads its past from an input, and pads with nothing.

    Call arguments and results as `Window`, but for the first result: (batch, chunk / stride, filters).
    """

    def __init__(self, layer: keras.layers.Layer):
        super().__init__(trainable=False)
        self.layer, self.window = layer, Window()

    def call(self, frames, past):
        joined, last = self.window(frames, past)
        with replaced(self.layer, "padding", "valid"):
            return self.layer(joined), last


class Unpadded(keras.layers.Layer):
    """The same where no frame of before is read.  Call argument: frames (batch, chunk, channels)."""

    def __init__(self, layer: keras.layers.Layer):
        super().__init__(trainable=False)
        self.layer = layer

    def call(self, frames):
        with replaced(self.layer, "padding", "valid"):
            return self.layer(frames)
