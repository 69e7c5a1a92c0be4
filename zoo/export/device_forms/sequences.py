"""Layers over frames: TimeDistributed, RepeatVector, dilated Conv1D, and what is added to every frame."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf
from keras import ops
from keras.layers import Conv1D, RepeatVector, TimeDistributed

from zoo.sources.channels_first import bias_of_any_axis


def _folded(original: Callable) -> Callable:
    """TimeDistributed as one call of its layer on (batch * time, ...), where Keras calls it once a step."""

    def call(self, inputs, training=None, mask=None):
        if mask is not None and self.layer._call_has_mask_arg:
            return original(self, inputs, training=training, mask=mask)
        batch, time, *rest = inputs.shape
        options = {"training": False} if self.layer._call_has_training_arg else {}
        outputs = self.layer.call(ops.reshape(inputs, (batch * time, *rest)), **options)
        return ops.reshape(outputs, (batch, time, *outputs.shape[1:]))

    return call


def _broadcast(_original: Callable) -> Callable:
    """RepeatVector as one operator: a recurrence that reads it finds the one row behind it, see `repeated_row`."""

    def call(self, inputs):
        batch, features = inputs.shape
        return tf.broadcast_to(inputs[:, None], (batch, self.n, features))

    return call


def repeated_row(sequence: tf.Tensor) -> tf.Tensor | None:
    """The row (batch, 1, features) that all steps of a traced sequence repeat; None where they are no such steps."""
    if sequence.op.type != "BroadcastTo" or sequence.op.inputs[0].shape[1:2] != [1]:
        return None
    return sequence.op.inputs[0]


def _dilated(original: Callable) -> Callable:
    """A dilated Conv1D as one convolution.

    Keras's reorders the frames before and after one that is not dilated.  The converter sees through that only where
    nothing else reads the reordered frames: of two convolutions over the same ones, it makes six operators each.
    """

    def call(self, inputs):
        if self.dilation_rate == (1,) or self.groups > 1 or self.data_format != "channels_last":
            return original(self, inputs)
        causal = self.padding == "causal"
        frames = ops.pad(inputs, self._compute_causal_padding()) if causal else inputs
        outputs = tf.nn.conv2d(
            ops.expand_dims(frames, 1),
            ops.expand_dims(self.kernel, 0),
            strides=1,
            padding="VALID" if causal else self.padding.upper(),
            dilations=(1, *self.dilation_rate),
        )
        outputs = ops.squeeze(outputs, 1)
        outputs = outputs + self.bias if self.use_bias else outputs
        return outputs if self.activation is None else self.activation(outputs)

    return call


FORMS = (
    (TimeDistributed, "call", _folded),
    (RepeatVector, "call", _broadcast),
    (Conv1D, "call", _dilated),
    (tf.nn, "bias_add", bias_of_any_axis),
)
