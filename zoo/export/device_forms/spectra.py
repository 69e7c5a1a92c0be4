"""Fourier transforms of a fixed length as products with matrices of cosines and sines.

TFLite's RFFT2D gives complex numbers, which most operators do not take and no integer file has.  A short-time transform
is one convolution: its kernel holds the window times each wave, its stride is the step between frames.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf
from keras.src import backend
from tensorflow.python.ops.signal import dct_ops

LARGEST = 2**21
"""Numbers of a matrix; one for 1,024 samples has half of that.  Longer ones keep RFFT2D: its file is smaller."""


def waves(length: int) -> np.ndarray:
    """(length, 2 * bins): what a signal of `length` is multiplied by for real parts, then imaginary ones."""
    angles = 2 * np.pi * np.outer(np.arange(length), np.arange(length // 2 + 1)) / length
    return np.concatenate([np.cos(angles), -np.sin(angles)], axis=1)


def _rfft(original: Callable) -> Callable:
    def rfft(x, fft_length=None):
        length = x.shape[-1] if fft_length is None else fft_length
        if _too_large(length, length + 2):
            return original(x, fft_length)
        found = _product(x[..., :length], waves(length)[: x.shape[-1]])
        return tuple(tf.split(found, 2, axis=-1))

    return rfft


def _irfft(original: Callable) -> Callable:
    def irfft(x, fft_length=None):
        real, imaginary = x
        length = 2 * (real.shape[-1] - 1) if fft_length is None else fft_length
        bins = length // 2 + 1
        if _too_large(length, 2 * bins) or real.shape[-1] < bins:
            return original(x, fft_length)
        twice = np.full((bins, 1), 2.0)  # all but the first bin and that of half the rate stand for two
        twice[0] = 1
        twice[length // 2 if length % 2 == 0 else bins :] = 1
        back = np.split(waves(length).T, 2)
        back = np.concatenate([twice * part / length for part in back])
        return _product(tf.concat([real[..., :bins], imaginary[..., :bins]], axis=-1), back)

    return irfft


def _fft(original: Callable) -> Callable:
    def fft(x):
        real, imaginary = x
        length = real.shape[-1]
        if _too_large(2 * length, 2 * length):
            return original(x)
        angles = 2 * np.pi * np.outer(np.arange(length), np.arange(length)) / length
        cosines, sines = np.cos(angles), np.sin(angles)
        found = _product(tf.concat([real, imaginary], axis=-1), np.block([[cosines, -sines], [sines, cosines]]))
        return tuple(tf.split(found, 2, axis=-1))

    return fft


def _stft(original: Callable) -> Callable:
    def stft(x, sequence_length, sequence_stride, fft_length, window="hann", center=True):
        if _too_large(fft_length, fft_length + 2):
            return original(x, sequence_length, sequence_stride, fft_length, window, center)
        margin = fft_length // 2 if center else 0
        x = tf.pad(x, [(0, 0)] * (len(x.shape) - 1) + [(margin, margin)], mode="REFLECT") if center else x
        before = (fft_length - sequence_length) // 2
        if window is None:  # then Keras takes all samples
            before, sequence_length = 0, fft_length
        kernel = waves(fft_length)[before : before + sequence_length] * _window(window, sequence_length)[:, None]
        *rows, samples = x.shape
        signal = tf.reshape(x, (int(np.prod(rows)), samples, 1))
        frames = 1 + (samples - fft_length) // sequence_stride
        signal = signal[:, before : before + (frames - 1) * sequence_stride + sequence_length]
        found = tf.nn.conv1d(signal, tf.constant(kernel[:, None], tf.float32), sequence_stride, "VALID")
        return tuple(tf.split(tf.reshape(found, (*rows, *found.shape[1:])), 2, axis=-1))

    return stft


def _dct(original: Callable) -> Callable:
    """The cosine transform of type 2, which makes coefficients (MFCC) of a mel spectrogram's logarithms."""

    def dct(input, type=2, n=None, axis=-1, norm=None, name=None):
        length = input.shape[-1]
        if type != 2 or n is not None or axis != -1 or _too_large(length, length):
            return original(input, type=type, n=n, axis=axis, norm=norm, name=name)
        steps = np.arange(length)
        matrix = 2 * np.cos(np.pi * np.outer(2 * steps + 1, steps) / (2 * length))
        if norm == "ortho":
            matrix *= np.sqrt(np.where(steps == 0, 1, 2) / (4 * length))
        return _product(input, matrix)

    return dct


def _window(window: object, length: int) -> np.ndarray:
    if window is None:
        return np.ones(length)
    if not isinstance(window, str):
        return np.asarray(window, np.float64)
    with tf.init_scope():
        return np.asarray({"hann": tf.signal.hann_window, "hamming": tf.signal.hamming_window}[window](length))


def _product(x: tf.Tensor, matrix: np.ndarray) -> tf.Tensor:
    """(..., n) times (n, m), as one product of two axes: a fully connected layer."""
    *rows, length = x.shape
    found = tf.matmul(tf.reshape(x, (int(np.prod(rows)), length)), tf.constant(matrix, tf.float32))
    return tf.reshape(found, (*rows, matrix.shape[1]))


def _too_large(rows: int, columns: int) -> bool:
    return rows * columns > LARGEST


FORMS = (
    (backend.math, "rfft", _rfft),
    (backend.math, "irfft", _irfft),
    (backend.math, "fft", _fft),
    (backend.math, "stft", _stft),
    (dct_ops, "dct", _dct),
    (tf.signal, "dct", _dct),
)
