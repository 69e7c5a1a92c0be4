"""Normalisation over features."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf
from keras import ops
from keras.layers import LayerNormalization
from keras.src import backend
from keras.src.ops import nn


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


def _never_of_zero(original: Callable) -> Callable:
    """A vector over its length as `x / sqrt(max(sum of squares, least))`, which is an operator of its own.

    Keras bounds the reciprocal root instead, and that of zero is infinite in TensorFlow but no number in XNNPACK: a row
    of padding came out as NaN.
    """

    def normalize(x, axis=-1, order=2, epsilon=None):
        if order != 2:
            return original(x, axis, order, epsilon)
        x = tf.convert_to_tensor(x)
        epsilon = backend.epsilon() if epsilon is None else epsilon
        return tf.nn.l2_normalize(x, axis, epsilon**2)

    return normalize


def _root_of_zero(original: Callable) -> Callable:
    """One over a root that is never that of zero, as above; layers have added their epsilon already."""

    def rsqrt(x):
        bounded = hasattr(x, "op") and x.op.type in ("Add", "AddV2", "Maximum")
        return original(x if bounded else tf.maximum(x, 1e-37))

    return rsqrt


FORMS = (
    (LayerNormalization, "call", _centred),
    (nn, "_normalize", _never_of_zero),
    (backend.math, "rsqrt", _root_of_zero),
)
