"""Layers in forms that suit a device: the same numbers as Keras's, of operators that convert better.

While `device_forms` lasts, models compute TimeDistributed, RepeatVector, LayerNormalization and dilated Conv1D so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import tensorflow as tf
from keras import ops
from keras.layers import Conv1D, LayerNormalization, RepeatVector, TimeDistributed


@contextmanager
def device_forms() -> Iterator[None]:
    """Replaces the methods of Keras's layers while it lasts; not for two threads at once."""
    with ExitStack() as stack:
        stack.enter_context(replaced(TimeDistributed, "call", _folded(TimeDistributed.call)))
        stack.enter_context(replaced(RepeatVector, "call", _broadcast))
        stack.enter_context(replaced(LayerNormalization, "call", _centred(LayerNormalization.call)))
        stack.enter_context(replaced(Conv1D, "call", _dilated(Conv1D.call)))
        yield


@contextmanager
def replaced(owner: type, name: str, function: Callable) -> Iterator[None]:
    """Gives a class another method while it lasts."""
    original = getattr(owner, name)
    setattr(owner, name, function)
    try:
        yield
    finally:
        setattr(owner, name, original)


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


def _broadcast(self, inputs):
    """RepeatVector as one operator: a recurrence that reads it finds the one row behind it, see `repeated_row`."""
    batch, features = inputs.shape
    return tf.broadcast_to(inputs[:, None], (batch, self.n, features))


def repeated_row(sequence: tf.Tensor) -> tf.Tensor | None:
    """The row (batch, 1, features) that all steps of a traced sequence repeat; None where they are no such steps."""
    if sequence.op.type != "BroadcastTo" or sequence.op.inputs[0].shape[1:2] != [1]:
        return None
    return sequence.op.inputs[0]


def _centred(original: Callable) -> Callable:
    """LayerNormalization as (x - mean) / deviation * gamma + beta.

    Keras multiplies mean and x apart and takes the difference of the two: in int8 that is twice as far off over a few
    features (root mean square 0.056 against 0.124 over three), and leaves a NEG in float.
    """

    def call(self, inputs):
        if self.rms_scaling:
            return original(self, inputs)
        axes = [axis % len(inputs.shape) for axis in self.axis]
        centred = inputs - ops.mean(inputs, axis=axes, keepdims=True)
        variance = ops.mean(centred * centred, axis=axes, keepdims=True)
        outputs = centred * ops.rsqrt(variance + self.epsilon)
        shape = [size if axis in axes else 1 for axis, size in enumerate(inputs.shape)]
        outputs = outputs if self.gamma is None else outputs * ops.reshape(self.gamma, shape)
        return outputs if self.beta is None else outputs + ops.reshape(self.beta, shape)

    return call


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
