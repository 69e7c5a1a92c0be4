"""Pooling over three axes, which TFLite has not, as two poolings over two: over each frame, then over time.

A maximum of maxima is the maximum of all.  Each window of time has the same frames of a size in it, so the mean of
their means is the mean of all, and at the edges of `same` padding too each counts what is really there alone.
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf
from keras.src import backend

_TO_LAST, _TO_FIRST = (0, 2, 3, 4, 1), (0, 4, 1, 2, 3)


def _in_two(pool: Callable) -> Callable[[Callable], Callable]:
    """What makes `max_pool` or `average_pool` of Keras's backend take three axes by `pool`, TensorFlow's over two."""

    def make(original: Callable) -> Callable:
        def call(inputs, pool_size, strides=None, padding="valid", data_format=None):
            if len(inputs.shape) != 5:
                return original(inputs, pool_size, strides, padding, data_format)
            size = _of_three(pool_size)
            strides = size if strides is None else _of_three(strides)
            if backend.standardize_data_format(data_format) == "channels_last":
                return _pooled(pool, inputs, size, strides, padding.upper())
            inputs = tf.transpose(inputs, _TO_LAST)
            return tf.transpose(_pooled(pool, inputs, size, strides, padding.upper()), _TO_FIRST)

        return call

    return make


def _pooled(pool: Callable, inputs: tf.Tensor, size: tuple, strides: tuple, padding: str) -> tf.Tensor:
    """(batch, time, height, width, channels) -> the same axes, pooled."""
    batch, time, height, width, channels = inputs.shape
    pooled = inputs
    if (size[1:], strides[1:]) != ((1, 1), (1, 1)):
        frames = tf.reshape(inputs, (batch * time, height, width, channels))
        frames = pool(frames, size[1:], strides[1:], padding)
        height, width = frames.shape[1:3]
        pooled = tf.reshape(frames, (batch, time, height, width, channels))
    if (size[0], strides[0]) != (1, 1):
        rows = tf.reshape(pooled, (batch, time, height * width, channels))
        rows = pool(rows, (size[0], 1), (strides[0], 1), padding)
        pooled = tf.reshape(rows, (batch, rows.shape[1], height, width, channels))
    return pooled


def _of_three(size: int | tuple[int, ...]) -> tuple[int, ...]:
    return (size,) * 3 if isinstance(size, int) else tuple(size)


FORMS = (
    (backend.nn, "max_pool", _in_two(tf.nn.max_pool2d)),
    (backend.nn, "average_pool", _in_two(tf.nn.avg_pool2d)),
)
