"""The convolutional LSTM: the LSTM's equation, with convolutions for its matrix products."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from zoo.export.recurrences.cells.cell import Hook
from zoo.export.recurrences.cells.dense import LSTM


class ConvLSTM(LSTM):
    """Convolutional LSTM (Shi et al. 2015, eq. 3, without peepholes), as the layers `keras.layers.ConvLSTM1D` to `3D`.

    States are pictures, (batch, space..., filters).  The frames of all steps are convolved at once, as one batch.
    """

    def __init__(self, cell):
        super().__init__(cell)
        self.initial = tuple(np.asarray(state)[0] for state in cell.get_initial_state(batch_size=1))
        self.output_shape = self.initial[0].shape
        self.projected = {"xW": (*self.output_shape[:-1], len(self.bias))}
        self._reads = {"strides": cell.strides, "padding": cell.padding.upper(), "dilations": cell.dilation_rate}
        self._recalls = {"strides": (1,) * cell.rank, "padding": "SAME", "dilations": (1,) * cell.rank}

    def project(self, q: Hook, x: tf.Tensor) -> tuple[tf.Tensor]:
        """(batch, length, space..., channels) -> (batch, length, space..., gates)."""
        frames = tf.reshape(q("x", x), (-1, *x.shape[2:]))
        convolved = _convolve(frames, self.input_kernel, **self._reads) + self.bias
        return (tf.reshape(q("xW", convolved), (-1, x.shape[1], *self.projected["xW"])),)

    def _product(self, h: tf.Tensor) -> tf.Tensor:
        return _convolve(h, self.recurrent_kernel, **self._recalls)


def _convolve(x: tf.Tensor, kernel: np.ndarray, strides: tuple, padding: str, dilations: tuple) -> tf.Tensor:
    if len(strides) < 3:
        return tf.nn.convolution(x, kernel, strides=strides, padding=padding, dilations=dilations)
    # `convolution` would dilate by a SPACE_TO_BATCH_ND of three dimensions, which TFLite has not.
    return tf.nn.conv3d(x, kernel, (1, *strides, 1), padding, dilations=(1, *dilations, 1))
