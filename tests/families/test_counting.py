"""Counted multiplications against those of the traced graph, product by product; what is not known is named."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import Input, Model, layers, ops

from zoo import registry
from zoo.families import create_model
from zoo.families._counting import facts
from zoo.families._counting.macs import macs_of

SIGNAL, PICTURE, CLIP = (12, 6), (10, 8, 6), (4, 8, 8, 3)


def multiplications(model: Model) -> int:
    """Of all products that the outputs of one example hang on: a brute-force count, by shapes; no loop is in it."""
    specs = [tf.TensorSpec((1, *tensor.shape[1:]), tensor.dtype) for tensor in model.inputs]

    def run(*given):
        return model(keras.tree.pack_sequence_as(model.input, list(given)))

    waiting = [tensor.op for tensor in tf.function(run, autograph=False).get_concrete_function(*specs).outputs]
    live = set()
    while waiting:
        if (operation := waiting.pop()) not in live:
            live.add(operation)
            waiting += [tensor.op for tensor in operation.inputs]
    assert not [operation.type for operation in live if "While" in operation.type or "Call" in operation.type]
    return sum(map(_of_operation, live))


def _of_operation(operation: tf.Operation) -> int:
    gives = operation.outputs[0].shape if operation.outputs else None
    match operation.type:
        case "MatMul":
            return math.prod(gives) * operation.inputs[0].shape[0 if operation.get_attr("transpose_a") else 1]
        case "BatchMatMulV2":
            return math.prod(gives) * operation.inputs[0].shape[-2 if operation.get_attr("adj_x") else -1]
        case "Einsum":
            given, _ = operation.get_attr("equation").decode().split("->")
            sizes = {}
            for letters, tensor in zip(given.split(","), operation.inputs, strict=True):
                others = "0123456789"[: len(tensor.shape) - len(letters) + 3]
                sizes |= dict(zip(letters.replace("...", others), tensor.shape, strict=True))
            return math.prod(sizes.values())
        case "Conv2D" | "Conv3D":
            return math.prod(gives) * math.prod(operation.inputs[1].shape[:-1])
        case "DepthwiseConv2dNative":
            return math.prod(gives) * math.prod(operation.inputs[1].shape[:2])
        case "Conv2DBackpropInput" | "Conv3DBackpropInputV2":
            return math.prod(operation.inputs[2].shape) * math.prod(operation.inputs[1].shape[:-1])
    return 0


def over(shape: tuple[int, ...], *stack) -> Model:
    x = y = Input(shape)
    for layer in stack:
        y = layer(y)
    return Model(x, y)


def attention(layer: layers.Layer) -> Model:
    query, value = Input((5, 6)), Input((7, 6))
    return Model([query, value], layer([query, value]))


def heads() -> Model:
    query, value = Input((5, 6)), Input((7, 4))
    return Model([query, value], layers.MultiHeadAttention(3, 8, value_dim=5)(query, value))


def own_cells() -> layers.RNN:
    return layers.RNN([layers.LSTMCell(5), layers.GRUCell(4), layers.SimpleRNNCell(3)], unroll=True)


def products() -> Model:
    a, b = Input((5, 6)), Input((6, 7))
    c = layers.Dot((1, 2))([layers.Permute((2, 1))(a), layers.Permute((2, 1))(b)])
    return Model([a, b], [ops.matmul(a, b), c])


def nested() -> Model:
    inner = keras.Sequential([Input(PICTURE), layers.Conv2D(4, 3), layers.GlobalAveragePooling2D(), layers.Dense(5)])
    return over((3, *PICTURE), layers.TimeDistributed(inner), layers.LSTM(4, unroll=True))


COUNTED = {
    "Dense over steps": lambda: over(SIGNAL, layers.Dense(5)),
    "EinsumDense": lambda: over(SIGNAL, layers.EinsumDense("abc,cde->abde", (None, 3, 4))),
    "EinsumDense, any axes": lambda: over(SIGNAL, layers.EinsumDense("...x,xy->...y", 7)),
    "Conv1D, dilated": lambda: over(SIGNAL, layers.Conv1D(8, 3, dilation_rate=2, padding="causal")),
    "Conv2D, strides": lambda: over(PICTURE, layers.Conv2D(8, (3, 2), strides=2)),
    "Conv3D": lambda: over(CLIP, layers.Conv3D(5, 2)),
    "Conv2DTranspose": lambda: over(PICTURE, layers.Conv2DTranspose(5, 3, strides=2)),
    "Conv3DTranspose": lambda: over(CLIP, layers.Conv3DTranspose(5, 2)),
    "DepthwiseConv1D": lambda: over(SIGNAL, layers.DepthwiseConv1D(3, depth_multiplier=2)),
    "DepthwiseConv2D": lambda: over(PICTURE, layers.DepthwiseConv2D(3, strides=2)),
    "SeparableConv1D": lambda: over(SIGNAL, layers.SeparableConv1D(9, 3, depth_multiplier=2)),
    "SeparableConv2D": lambda: over(PICTURE, layers.SeparableConv2D(9, 3)),
    "LSTM": lambda: over(SIGNAL, layers.LSTM(5, unroll=True)),
    "GRU": lambda: over(SIGNAL, layers.GRU(5, unroll=True, return_sequences=True)),
    "SimpleRNN, both ways": lambda: over(SIGNAL, layers.Bidirectional(layers.SimpleRNN(5, unroll=True))),
    "cells in one layer": lambda: over(SIGNAL, own_cells()),
    "ConvLSTM1D": lambda: over(CLIP[1:], layers.ConvLSTM1D(3, 3, unroll=True)),
    "ConvLSTM2D": lambda: over(CLIP, layers.ConvLSTM2D(3, 3, padding="same", unroll=True)),
    "TimeDistributed, nested": nested,
    "Attention": lambda: attention(layers.Attention()),
    "AdditiveAttention": lambda: attention(layers.AdditiveAttention()),
    "MultiHeadAttention": heads,
    "Dot, matmul": products,
}


@pytest.mark.parametrize("case", COUNTED)
def test_as_many_as_the_graph_has(case):
    model = COUNTED[case]()
    assert macs_of(model) == multiplications(model) > 0


@pytest.mark.parametrize("name", registry.list_models("*_tiny"))
def test_registered_models_as_their_graphs(name):
    model = create_model(name)
    for layer in model._flatten_layers():
        if isinstance(layer, layers.RNN):
            layer.unroll = True
    assert registry.get_spec(name).facts["macs"] == multiplications(model)


def test_every_registered_model_is_counted():
    assert [name for name in registry.list_models() if registry.get_spec(name).facts["macs"] is None] == []


class Halved(layers.Layer):
    """Of one's own: it may hold anything."""

    def call(self, x):
        return x / 2

    def compute_output_shape(self, input_shape):
        return input_shape


@pytest.mark.parametrize(
    ("build", "named"),
    [
        (lambda: over(SIGNAL, Halved(name="odd")), "`odd` (Halved)"),
        (lambda: over(SIGNAL, layers.TimeDistributed(Halved(name="odd"))), "`odd` (Halved)"),
        (lambda: over(SIGNAL, over(SIGNAL, Halved(name="odd"))), "`odd` (Halved)"),
        (lambda: over(SIGNAL, layers.Lambda(lambda x: 2 * x, name="twice")), "`twice` (Lambda)"),
        (lambda: over((None, 3), layers.LSTM(4, name="long")), "`long` (LSTM), whose sizes are open"),
    ],
)
def test_what_is_not_known_is_never_nothing(build, named):
    model = build()
    if not isinstance(model.output, dict):
        model = Model(model.inputs, {"y": model.output})
    counted = facts(model)
    assert (counted["macs"], counted["uncounted"]) == (None, named)


@pytest.mark.parametrize(
    ("stack", "field"),
    [
        ((layers.Conv1D(4, 3), layers.MaxPooling1D(2), layers.Conv1D(4, 3), layers.GlobalAveragePooling1D()), 8),
        ((layers.SeparableConv1D(4, 5),), 5),
        ((layers.GRU(4, return_sequences=True), layers.Conv1D(4, 3)), None),
        ((layers.Conv1D(4, 3), layers.GRU(4)), None),
        ((layers.GlobalAveragePooling1D(keepdims=True), layers.Conv1D(4, 1)), None),
        ((layers.Dense(4),), None),
    ],
)
def test_the_receptive_field_is_told_where_there_is_one(stack, field):
    model = over(SIGNAL, *stack)
    assert facts(Model(model.inputs, {"y": model.output}))["receptive_field"] == field


def test_the_count_is_of_one_example():
    model = over((4,), layers.Dense(3), layers.Dense(2))
    assert macs_of(model) == 4 * 3 + 3 * 2 == np.sum([12, 6])
