"""Multiply-accumulates of Keras layers and operations, of one example.

A MAC is one multiplication of a product (a matrix, a convolution) with its addition.  Additions, activations,
products of gates, normalisation, pooling and lookups are not counted, as in the tables of the field.  What is not known
is not taken for nothing: it raises.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import keras
from keras import layers
from keras.src.models.functional import Functional

from zoo.layers import formulas

Shape = tuple[int | None, ...]


class UncountedError(Exception):
    """A layer whose multiplications nobody has written down, or whose sizes are open; the text names it."""


NOTHING = (
    *(layers.Activation, layers.ActivityRegularization, layers.ELU, layers.LeakyReLU, layers.PReLU, layers.ReLU),
    *(layers.Softmax, layers.Identity, layers.Dropout, layers.SpatialDropout1D, layers.SpatialDropout2D),
    *(layers.SpatialDropout3D, layers.AlphaDropout, layers.GaussianDropout, layers.GaussianNoise, layers.Masking),
    *(layers.BatchNormalization, layers.LayerNormalization, layers.GroupNormalization, layers.RMSNormalization),
    *(layers.UnitNormalization, layers.Normalization, layers.Rescaling, layers.Embedding),
    *(layers.Flatten, layers.Reshape, layers.Permute, layers.RepeatVector),
    *(layers.Cropping1D, layers.Cropping2D, layers.Cropping3D),
    *(layers.ZeroPadding1D, layers.ZeroPadding2D, layers.ZeroPadding3D),
    *(layers.UpSampling1D, layers.UpSampling2D, layers.UpSampling3D),
    *(layers.MaxPooling1D, layers.MaxPooling2D, layers.MaxPooling3D),
    *(layers.AveragePooling1D, layers.AveragePooling2D, layers.AveragePooling3D),
    *(layers.GlobalMaxPooling1D, layers.GlobalMaxPooling2D, layers.GlobalMaxPooling3D),
    *(layers.GlobalAveragePooling1D, layers.GlobalAveragePooling2D, layers.GlobalAveragePooling3D),
    *(layers.Add, layers.Subtract, layers.Multiply, layers.Average, layers.Maximum, layers.Minimum),
    layers.Concatenate,
)
"""Layers that hold no product."""

PLAIN_OPERATIONS = frozenset(
    (
        *("Abs", "Absolute", "Add", "Argmax", "Argmin", "BroadcastTo", "Cast", "Ceil", "Clip", "Concatenate", "Cos"),
        *("Cumsum", "Divide", "Elu", "Equal", "Exp", "ExpandDims", "Flip", "Floor", "Gelu", "GetItem", "Greater"),
        *("GreaterEqual", "HardSigmoid", "HardSilu", "HardTanh", "Identity", "LeakyRelu", "Less", "LessEqual", "Log"),
        *("Log1p", "LogSoftmax", "LogicalAnd", "LogicalNot", "LogicalOr", "Max", "Maximum", "Mean", "Min", "Minimum"),
        *("Mod", "Moveaxis", "Multiply", "Negative", "Normalize", "NotEqual", "OneHot", "OnesLike", "Pad", "Power"),
        *("Relu", "Relu6", "Repeat", "Reshape", "Roll", "Round", "Rsqrt", "Selu", "Sigmoid", "Sign", "Silu", "Sin"),
        *("Softmax", "Softplus", "Softsign", "Split", "Sqrt", "Square", "Squeeze", "Stack", "Std", "Subtract", "Sum"),
        *("Swapaxes", "Take", "Tanh", "Tile", "Transpose", "TrueDivide", "Unstack", "Var", "Where", "ZerosLike"),
    )
)
"""Operations of `keras.ops` that hold no product, by their classes' names."""


def macs_of(model: keras.Model) -> int:
    """MACs of one example.

    Raises:
        UncountedError: of a layer or operation they are not known; it is named.
    """
    return sum(_of_call(operation, *_shapes(node)) for operation, node in nodes(model))


def nodes(model: keras.Model) -> Iterator[tuple]:
    """(operation, node) for every call that is part of the model, in order: a layer called twice counts twice."""
    by_depth = (model._functional if isinstance(model, keras.Sequential) else model)._nodes_by_depth
    for depth in sorted(by_depth, reverse=True):
        for node in by_depth[depth]:
            if not isinstance(node.operation, layers.InputLayer):
                yield node.operation, node


def _shapes(node) -> tuple[list[Shape], Shape]:
    """Of the inputs and of the first output of a call, without the batch."""
    return [tuple(tensor.shape[1:]) for tensor in node.input_tensors], tuple(node.outputs[0].shape[1:])


def _of_call(operation, given: list[Shape], gives: Shape) -> int:
    count = _counter(operation)
    if count is None:
        raise UncountedError(f"`{operation.name}` ({type(operation).__name__})")
    try:
        return count(operation, given, gives)
    except TypeError as error:  # a size is None
        raise UncountedError(f"`{operation.name}` ({type(operation).__name__}), whose sizes are open") from error


Counter = Callable[[keras.Operation, list[Shape], Shape], int]


def _counter(operation) -> Counter | None:
    if not isinstance(operation, keras.Layer):
        name = type(operation).__name__
        return (lambda *_: 0) if name in PLAIN_OPERATIONS else _OPERATIONS.get(name)
    if isinstance(operation, Functional | keras.Sequential):
        return lambda model, *_: macs_of(model)
    return next((count for kind, count in _LAYERS.items() if type(operation) is kind), None)


def _dense(layer, given: list[Shape], gives: Shape) -> int:
    return formulas.dense_macs(math.prod(given[0][:-1]), given[0][-1], layer.units)


def _einsum_dense(layer, given: list[Shape], gives: Shape) -> int:
    reads, weights, _ = _subscripts(layer.equation)
    sizes = dict(zip(weights, layer.kernel.shape, strict=True))
    letters = reads.replace("...", "").lstrip()[1:] if not reads.startswith("...") else reads.replace("...", "")
    free = given[0][: len(given[0]) - len(letters)] if "..." in reads else ()
    sizes |= dict(zip(letters, given[0][len(free) :], strict=True))
    return math.prod(sizes.values()) * math.prod(free)


def _subscripts(equation: str) -> tuple[str, str, str]:
    given, gives = equation.replace(" ", "").split("->")
    one, other = given.split(",")
    return one, other, gives


def _convolution(layer, given: list[Shape], gives: Shape) -> int:
    positions, inputs = _positions(layer, gives), _channels(layer, given[0])
    return formulas.convolution_macs(positions, layer.kernel_size, inputs, layer.filters, layer.groups)


def _transposed(layer, given: list[Shape], gives: Shape) -> int:
    """Every position of the *input* is multiplied with the whole kernel."""
    positions, inputs = _positions(layer, given[0]), _channels(layer, given[0])
    return formulas.convolution_macs(positions, layer.kernel_size, inputs, layer.filters)


def _depthwise(layer, given: list[Shape], gives: Shape) -> int:
    positions, inputs = _positions(layer, gives), _channels(layer, given[0])
    return formulas.depthwise_macs(positions, layer.kernel_size, inputs, layer.depth_multiplier)


def _separable(layer, given: list[Shape], gives: Shape) -> int:
    positions, inputs = _positions(layer, gives), _channels(layer, given[0])
    middle = inputs * layer.depth_multiplier
    return _depthwise(layer, given, gives) + formulas.dense_macs(math.prod(positions), middle, layer.filters)


def _channels(layer, shape: Shape) -> int:
    return shape[-1] if layer.data_format == "channels_last" else shape[0]


def _positions(layer, shape: Shape) -> Shape:
    return shape[:-1] if layer.data_format == "channels_last" else shape[1:]


def _bidirectional(layer, given: list[Shape], gives: Shape) -> int:
    return _of_call(layer.forward_layer, given, gives) + _of_call(layer.backward_layer, given, gives)


def _distributed(layer, given: list[Shape], gives: Shape) -> int:
    steps, frame = given[0][0], given[0][1:]
    inner = layer.layer.compute_output_shape((1, *frame))
    return steps * _of_call(layer.layer, [frame], tuple(inner[1:]))


def _recurrence(layer, given: list[Shape], gives: Shape) -> int:
    steps, *frame = given[0]
    return steps * _of_cell(layer.cell, tuple(frame))


def _of_cell(cell, frame: Shape) -> int:
    """MACs of a step of a cell that is given such a frame."""
    if isinstance(cell, layers.StackedRNNCells):
        total = 0
        for each in cell.cells:
            total += _of_cell(each, frame)
            frame = (each.output_size,) if isinstance(each.output_size, int) else tuple(each.output_size)
        return total
    if (gates := _GATES.get(type(cell))) is None:
        raise UncountedError(f"`{cell.name}` ({type(cell).__name__})")
    return formulas.recurrent_macs(gates, 1, frame[-1], cell.units)


def _convolved(layer, given: list[Shape], gives: Shape) -> int:
    """Frames by the kernel, states by the recurrent one, which neither strides nor leaves the edges out."""
    cell, (steps, *frame) = layer.cell, given[0]
    state = gives[1:] if layer.return_sequences else gives
    weights = formulas.convolution_parameters(
        cell.kernel_size, _channels(cell, tuple(frame)) + cell.filters, 4 * cell.filters, bias=False
    )
    return steps * math.prod(_positions(cell, state)) * weights


def _dot(layer, given: list[Shape], gives: Shape) -> int:
    axes = layer.axes if isinstance(layer.axes, list | tuple) else [layer.axes] * 2
    summed = (None, *given[0])[axes[0]]
    return math.prod(gives or (1,)) * summed


def _attention(layer, given: list[Shape], gives: Shape) -> int:
    """Scores of every query with every key, and sums of values: query, value and, where it is given, key."""
    query, value = given[0], given[1]
    key = given[2] if len(given) > 2 else value
    pairs = query[0] * key[0]
    dots = type(layer) is layers.Attention and layer.score_mode == "dot"
    scores = pairs * query[1] if dots else 0
    return scores + pairs * value[1]


def _multi_head(layer, given: list[Shape], gives: Shape) -> int:
    query, value = given[0], given[1] if len(given) > 1 else given[0]
    key = given[2] if len(given) > 2 else value
    times = (math.prod(shape[:-1]) for shape in (query, key, value))
    queries, keys, values = times
    heads, size, value_size = layer.num_heads, layer.key_dim, layer.value_dim
    projections = heads * (queries * query[-1] * size + keys * key[-1] * size + values * value[-1] * value_size)
    attention = heads * queries * keys * (size + value_size)
    return projections + attention + queries * heads * value_size * gives[-1]


def _matmul(operation, given: list[Shape], gives: Shape) -> int:
    return math.prod(gives) * given[0][-1]


_GATES = {layers.SimpleRNNCell: "simple_rnn", layers.GRUCell: "gru", layers.LSTMCell: "lstm"}

_LAYERS: dict[type, Counter] = {
    **dict.fromkeys(NOTHING, lambda *_: 0),
    layers.Dense: _dense,
    layers.EinsumDense: _einsum_dense,
    **dict.fromkeys((layers.Conv1D, layers.Conv2D, layers.Conv3D), _convolution),
    **dict.fromkeys((layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose), _transposed),
    **dict.fromkeys((layers.DepthwiseConv1D, layers.DepthwiseConv2D), _depthwise),
    **dict.fromkeys((layers.SeparableConv1D, layers.SeparableConv2D), _separable),
    **dict.fromkeys((layers.RNN, layers.SimpleRNN, layers.GRU, layers.LSTM), _recurrence),
    **dict.fromkeys((layers.ConvLSTM1D, layers.ConvLSTM2D, layers.ConvLSTM3D), _convolved),
    layers.Bidirectional: _bidirectional,
    layers.TimeDistributed: _distributed,
    layers.Dot: _dot,
    layers.Attention: _attention,
    layers.AdditiveAttention: _attention,
    layers.MultiHeadAttention: _multi_head,
}

_OPERATIONS: dict[str, Counter] = {"Matmul": _matmul}
