"""The facts of a model: parameters, MACs, receptive field, shapes.  `facts.json` is made of this."""

from __future__ import annotations

import math

import keras
from keras import layers

from zoo.families._counting.macs import UncountedError, macs_of, nodes
from zoo.layers import formulas

WINDOWED = (
    *(layers.Conv1D, layers.Conv2D, layers.Conv3D, layers.DepthwiseConv1D, layers.DepthwiseConv2D),
    *(layers.SeparableConv1D, layers.SeparableConv2D),
)
POOLING = (
    *(layers.MaxPooling1D, layers.MaxPooling2D, layers.MaxPooling3D),
    *(layers.AveragePooling1D, layers.AveragePooling2D, layers.AveragePooling3D),
)
SEES_ALL = (
    *(layers.GlobalMaxPooling1D, layers.GlobalMaxPooling2D, layers.GlobalMaxPooling3D),
    *(layers.GlobalAveragePooling1D, layers.GlobalAveragePooling2D, layers.GlobalAveragePooling3D),
    *(layers.Flatten, layers.RepeatVector, layers.Dot, layers.Attention, layers.AdditiveAttention),
    *(layers.MultiHeadAttention, layers.GroupQueryAttention, layers.Permute),
)
"""Layers behind which a position is no place of the input."""
OPAQUE = (
    *(layers.RNN, layers.Bidirectional, layers.TimeDistributed, keras.Model),
    *(layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose),
)
"""Layers whose field is all, or is not followed."""


def facts(model: keras.Model) -> dict:
    """Counted facts of a functional model.

    Returns:
        parameters, trainable: numbers of weights, with and without the statistics of batch normalisation;
        macs: multiply-accumulates of one example, see `macs.macs_of`; None where they are not known;
        uncounted: the layer that this fails at; not there where none does;
        receptive_field: input positions along the first axis that the last convolution sees on the longest path; None
            for a model without convolutions, and where one stands behind a recurrence or behind what sees all;
        inputs, outputs: {name: {shape, dtype}} of one example, without the batch axis.
    """
    try:
        macs, uncounted = macs_of(model), None
    except UncountedError as error:
        macs, uncounted = None, str(error)
    return {
        "parameters": model.count_params(),
        "trainable": sum(math.prod(weight.shape) for weight in model.trainable_weights),
        "macs": macs,
        **({"uncounted": uncounted} if uncounted else {}),
        "receptive_field": receptive_field(model),
        "inputs": {tensor.name: shape_and_dtype(tensor) for tensor in model.inputs},
        "outputs": {name: shape_and_dtype(tensor) for name, tensor in sorted(model.output.items())},
    }


def shape_and_dtype(tensor) -> dict:
    """Of one example, as JSON: `{"shape": [256, 1], "dtype": "float32"}`."""
    return {"shape": list(tensor.shape[1:]), "dtype": tensor.dtype}


def receptive_field(model: keras.Model) -> int | None:
    """The longest path's receptive field along the first axis, at the last layer that has a window.

    Both the field and the distance between neighbouring outputs ("jump") are carried along every edge of the graph.
    """
    seen: dict[int, tuple[int, int] | None] = {id(tensor): (1, 1) for tensor in model.inputs}
    widest, convolves = 1, False
    for operation, node in nodes(model):
        before = [seen.get(id(tensor), (1, 1)) for tensor in node.input_tensors]
        if isinstance(operation, OPAQUE):
            return None
        reach = None if None in before or isinstance(operation, SEES_ALL) else max(before, default=(1, 1))
        if window := window_of(operation):
            if reach is None:
                return None
            reach = formulas.widened(*reach, *window)
            widest, convolves = max(widest, reach[0]), convolves or isinstance(operation, WINDOWED)
        seen |= {id(tensor): reach for tensor in node.outputs}
    return widest if convolves else None


def window_of(layer) -> tuple[int, int, int] | None:
    """(kernel, stride, dilation) along the first axis, None for a layer without a window."""
    if isinstance(layer, WINDOWED):
        return _first(layer.kernel_size), _first(layer.strides), _first(layer.dilation_rate)
    if isinstance(layer, POOLING):
        return _first(layer.pool_size), _first(layer.strides), 1
    return None


def _first(value: int | tuple[int, ...]) -> int:
    return value[0] if isinstance(value, tuple | list) else value
