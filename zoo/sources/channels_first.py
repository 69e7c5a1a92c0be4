"""Convolutions with their channels first, computed with channels last between two transposes.

TensorFlow has no kernels for most of them on a CPU, and TFLite has none: neither Keras could answer, nor a file.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack

import keras
import tensorflow as tf
from keras import activations, layers, ops

from zoo._system.replaced import replaced

CONVOLUTIONS = (
    layers.Conv1D,
    layers.Conv2D,
    layers.Conv3D,
    layers.Conv1DTranspose,
    layers.Conv2DTranspose,
    layers.Conv3DTranspose,
    layers.DepthwiseConv1D,
    layers.DepthwiseConv2D,
    layers.SeparableConv1D,
    layers.SeparableConv2D,
)
_OF_EACH_NUMBER = tuple(
    getattr(activations, name)
    for name in ("elu", "gelu", "hard_sigmoid", "leaky_relu", "linear", "relu", "relu6", "sigmoid", "silu", "tanh")
)
"""Activations that may be computed with channels last; of others nobody knows whether they look along an axis."""


def put_channels_last(layer: keras.Layer) -> None:
    """Changes how a layer computes, if it is a convolution with its channels first; its weights stay as they are."""
    if getattr(layer, "data_format", None) != "channels_first":
        return
    if isinstance(layer, CONVOLUTIONS):
        layer.call = _transposed(layer, layer.call, layer.activation)
    elif hasattr(layer, "input_conv") and hasattr(layer, "recurrent_conv"):  # the cell of a ConvLSTM
        for convolve in ("input_conv", "recurrent_conv"):
            setattr(layer, convolve, _transposed(layer, getattr(layer, convolve), None))


def bias_of_any_axis(original: Callable) -> Callable:
    """`tf.nn.bias_add`, but a bias of axis 1 is a plain sum: TensorFlow's fused kernels and TFLite fail on three axes.

    Keras's `add` makes such a bias of `x + constant (1, time, 1)` too.
    """

    def bias_add(value, bias, data_format=None, name=None):
        if data_format is None or not data_format.startswith("NC"):
            return original(value, bias, data_format=data_format, name=name)
        return value + tf.reshape(bias, (-1, *[1] * (len(value.shape) - 2)))

    return bias_add


def plain_bias() -> AbstractContextManager[None]:
    """While it lasts, biases are added so."""
    return replaced(tf.nn, "bias_add", bias_of_any_axis(tf.nn.bias_add))


def _transposed(layer: keras.Layer, original: Callable, activation: Callable | None) -> Callable:
    """A method of the layer that takes (batch, channels, space...), by the layer's way with channels last."""
    apart = activation is not None and activation not in _OF_EACH_NUMBER

    def call(inputs, *args, **kwargs):
        rank = len(inputs.shape)
        with ExitStack() as stack:
            stack.enter_context(replaced(layer, "data_format", "channels_last"))
            if apart:
                stack.enter_context(replaced(layer, "activation", None))
            outputs = original(ops.transpose(inputs, (0, *range(2, rank), 1)), *args, **kwargs)
        outputs = ops.transpose(outputs, (0, rank - 1, *range(1, rank - 1)))
        return activation(outputs) if apart else outputs

    return call
