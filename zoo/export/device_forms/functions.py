"""Functions of one number that TFLite has no operator of, by those that it has."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf
from keras.src import backend

Function = Callable[[tf.Tensor], tf.Tensor]


def _by(function: Function) -> Callable[[Callable], Callable]:
    """The form that computes `function` of floats; others take Keras's own way."""

    def make(original: Callable) -> Callable:
        def call(x):
            x = tf.convert_to_tensor(x)
            return function(x) if x.dtype == tf.float32 else original(x)

        return call

    return make


def _erf(x: tf.Tensor) -> tf.Tensor:
    """Abramowitz and Stegun 7.1.26: off by 1.5e-7 at most."""
    size = tf.abs(x)
    t = 1 / (1 + 0.3275911 * size)
    series = 0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))
    return tf.sign(x) * (1 - t * series * tf.exp(-size * size))


def _arcsinh(x: tf.Tensor) -> tf.Tensor:
    """Of |x|, so that no two large numbers are taken from each other."""
    size = tf.abs(x)
    return tf.sign(x) * tf.math.log1p(size + size * size / (1 + tf.sqrt(1 + size * size)))


def _sinh(x: tf.Tensor) -> tf.Tensor:
    """(e^x - e^-x) / 2; near zero by its series, where the two cancel."""
    square = x * x
    series = x * (1 + square / 6 * (1 + square / 20 * (1 + square / 42)))
    return tf.where(tf.abs(x) < 1, series, (tf.exp(x) - tf.exp(-x)) / 2)


def _arctan(x: tf.Tensor) -> tf.Tensor:
    return tf.math.atan2(x, tf.ones_like(x))


def _arcsin(x: tf.Tensor) -> tf.Tensor:
    return tf.math.atan2(x, tf.sqrt((1 - x) * (1 + x)))


def _arccos(x: tf.Tensor) -> tf.Tensor:
    return tf.math.atan2(tf.sqrt((1 - x) * (1 + x)), x)


def _arccosh(x: tf.Tensor) -> tf.Tensor:
    return tf.math.log(x + tf.sqrt(x - 1) * tf.sqrt(x + 1))


def _arctanh(x: tf.Tensor) -> tf.Tensor:
    return (tf.math.log1p(x) - tf.math.log1p(-x)) / 2


def _products(_original: Callable) -> Callable:
    """`cumprod` by doubling: each time every number is multiplied by the one twice as far before it."""

    def cumprod(x, axis=None, dtype=None):
        x = tf.convert_to_tensor(x, dtype=dtype)
        x, axis = (tf.reshape(x, (-1,)), 0) if axis is None else (x, axis % len(x.shape))
        distance, length = 1, x.shape[axis]
        while distance < length:
            head, tail = tf.split(x, (distance, length - distance), axis)
            before, _ = tf.split(x, (length - distance, distance), axis)
            x = tf.concat([head, tail * before], axis)
            distance *= 2
        return x

    return cumprod


FORMS = (
    *(
        (backend.numpy, name, _by(function))
        for name, function in {
            "arccos": _arccos,
            "arccosh": _arccosh,
            "arcsin": _arcsin,
            "arcsinh": _arcsinh,
            "arctan": _arctan,
            "arctanh": _arctanh,
            "cosh": lambda x: (tf.exp(x) + tf.exp(-x)) / 2,
            "sinh": _sinh,
            "tan": lambda x: tf.sin(x) / tf.cos(x),
        }.items()
    ),
    (backend.math, "erf", _by(_erf)),
    (backend.math, "erfc", _by(lambda x: 1 - _erf(x))),
    (backend.numpy, "cumprod", _products),
)
