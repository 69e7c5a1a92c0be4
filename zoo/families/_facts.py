"""What can be told of a model by counting: parameters, MACs, receptive field, shapes.  `facts.json` is made of this."""

from __future__ import annotations

import math

import keras
from keras import layers

from zoo.layers import formulas

RECURRENT = {layers.SimpleRNN: "simple_rnn", layers.GRU: "gru", layers.LSTM: "lstm"}
WINDOWED = (layers.Conv1D, layers.Conv2D, layers.DepthwiseConv1D, layers.DepthwiseConv2D)
POOLING = (layers.MaxPooling1D, layers.MaxPooling2D, layers.AveragePooling1D, layers.AveragePooling2D)


def facts(model: keras.Model) -> dict:
    """Counted facts of a functional model.

    Returns:
        parameters, trainable: numbers of weights, with and without the statistics of batch normalisation;
        macs: multiply-accumulates of one example, see `zoo.layers.formulas`;
        receptive_field: input positions along the first axis that the last convolution sees on the longest path; None
            for a model without convolutions, or with a recurrence;
        inputs, outputs: {name: {shape, dtype}} of one example, without the batch axis.
    """
    return {
        "parameters": model.count_params(),
        "trainable": sum(math.prod(weight.shape) for weight in model.trainable_weights),
        "macs": sum(layer_macs(operation, node) for operation, node in nodes(model)),
        "receptive_field": receptive_field(model),
        "inputs": {tensor.name: shape_and_dtype(tensor) for tensor in model.inputs},
        "outputs": {name: shape_and_dtype(tensor) for name, tensor in sorted(model.output.items())},
    }


def shape_and_dtype(tensor) -> dict:
    """Of one example, as JSON: `{"shape": [256, 1], "dtype": "float32"}`."""
    return {"shape": list(tensor.shape[1:]), "dtype": tensor.dtype}


def nodes(model: keras.Model):
    """(operation, node) for every call that is part of the model, in order: a layer called twice counts twice."""
    for depth in sorted(model._nodes_by_depth, reverse=True):
        for node in model._nodes_by_depth[depth]:
            if not isinstance(node.operation, layers.InputLayer):
                yield node.operation, node


def layer_macs(layer, node) -> int:
    """MACs of one call of a layer."""
    shape_in, shape_out = node.input_tensors[0].shape[1:], node.outputs[0].shape[1:]
    match layer:
        case layers.DepthwiseConv1D() | layers.DepthwiseConv2D():
            return formulas.depthwise_macs(shape_out[:-1], layer.kernel_size, shape_in[-1], layer.depth_multiplier)
        case layers.Conv1D() | layers.Conv2D():
            return formulas.convolution_macs(
                shape_out[:-1], layer.kernel_size, shape_in[-1], layer.filters, layer.groups
            )
        case layers.Dense():
            return formulas.dense_macs(math.prod(shape_in[:-1]), shape_in[-1], layer.units)
        case layers.Bidirectional():
            return 2 * recurrence_macs(layer.forward_layer, shape_in)
        case layers.SimpleRNN() | layers.GRU() | layers.LSTM():
            return recurrence_macs(layer, shape_in)
    return 0


def recurrence_macs(layer, shape_in) -> int:
    steps, inputs = shape_in
    return formulas.recurrent_macs(RECURRENT[type(layer)], steps, inputs, layer.units)


def receptive_field(model: keras.Model) -> int | None:
    """The longest path's receptive field along the first axis, at the last layer that has a window.

    Both the field and the distance between neighbouring outputs ("jump") are carried along every edge of the graph.
    """
    seen: dict[int, tuple[int, int]] = {id(tensor): (1, 1) for tensor in model.inputs}
    widest = 1
    for operation, node in nodes(model):
        field, jump = max((seen.get(id(tensor), (1, 1)) for tensor in node.input_tensors), default=(1, 1))
        window = window_of(operation)
        if isinstance(operation, (*RECURRENT, layers.Bidirectional)):
            return None
        if window:
            field, jump = formulas.widened(field, jump, *window)
            widest = max(widest, field)
        seen |= {id(tensor): (field, jump) for tensor in node.outputs}
    return widest if any(isinstance(operation, WINDOWED) for operation, _ in nodes(model)) else None


def window_of(layer) -> tuple[int, int, int] | None:
    """(kernel, stride, dilation) along the first axis, None for a layer without a window."""
    if isinstance(layer, WINDOWED):
        return _first(layer.kernel_size), _first(layer.strides), _first(layer.dilation_rate)
    if isinstance(layer, POOLING):
        return _first(layer.pool_size), _first(layer.strides), 1
    return None


def _first(value: int | tuple[int, ...]) -> int:
    return value[0] if isinstance(value, tuple | list) else value
