"""Functions that pick or count: argmax and argmin, diagonals, counts of categories."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf
from keras.src import backend
from keras.src.utils import tf_utils


def _plain(pick: Callable) -> Callable[[Callable], Callable]:
    """`argmax` or `argmin` as the operator of that name; Keras's looks at the bits of zeros, to put -0.0 below 0.0."""

    def make(_original: Callable) -> Callable:
        def call(x, axis=None, keepdims=False):
            x = tf.convert_to_tensor(x)
            x = tf.cast(x, tf.int32) if x.dtype == tf.bool else x
            found = pick(tf.reshape(x, (-1,)) if axis is None else x, axis=axis or 0, output_type=tf.int32)
            if not keepdims:
                return found
            return tf.reshape(found, (1,) * len(x.shape)) if axis is None else tf.expand_dims(found, axis)

        return call

    return make


def _sliced(original: Callable) -> Callable:
    """The diagonal of the last two axes as every (columns + 1)-th of their numbers."""

    def diagonal(x, offset=0, axis1=0, axis2=1):
        x = tf.convert_to_tensor(x)
        rank = len(x.shape)
        if offset or (axis1 % rank, axis2 % rank) != (rank - 2, rank - 1):
            return original(x, offset, axis1, axis2)
        *before, rows, columns = x.shape
        flat = tf.reshape(x, (*before, rows * columns))
        return flat[..., : min(rows, columns) * (columns + 1) : columns + 1][..., : min(rows, columns)]

    return diagonal


def _by_one_hot(_original: Callable) -> Callable:
    """Keras's other way to encode categories, by one-hot rows: this one, refused so, counts with an operator."""

    def encode(*_args, **_kwargs):
        raise ValueError("takes one-hot rows")

    return encode


FORMS = (
    (backend.numpy, "argmax", _plain(tf.argmax)),
    (backend.numpy, "argmin", _plain(tf.argmin)),
    (backend.numpy, "diagonal", _sliced),
    (tf_utils, "tf_encode_categorical_inputs", _by_one_hot),
)
