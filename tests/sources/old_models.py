"""Models as `tf_keras`, the last of Keras 2, builds them: what is in its files, with each layer's oddities."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf
import tf_keras
from tf_keras import layers as old

STEPS, FEATURES = 6, 3


def signal() -> tf.Tensor:
    return old.Input((STEPS, FEATURES), name="signal")


def picture() -> tf.Tensor:
    return old.Input((8, 8, 3), name="picture")


def one(layer, x: Callable = signal) -> tf_keras.Model:
    x = x()
    return tf_keras.Model(x, layer(x))


def stacked(*layers) -> tf_keras.Model:
    return tf_keras.Sequential(list(layers), name="stack")


def of_states() -> tf_keras.Model:
    """An encoder that hands its states to a decoder, as translation does."""
    question, answer = old.Input((5, 3), name="question"), old.Input((4, 2), name="answer")
    _, h, c = old.LSTM(4, return_state=True, name="encoder")(question)
    steps = old.LSTM(4, return_sequences=True, name="decoder")(answer, initial_state=[h, c])
    last = old.GRU(4, name="last")(steps, initial_state=h)
    both = old.Bidirectional(old.GRU(4), name="both")(steps, initial_state=[h, c])
    return tf_keras.Model([question, answer], [steps, last, both])


def of_operators() -> tf_keras.Model:
    x = signal()
    h = old.LSTM(FEATURES, return_sequences=True)(x)
    y = 1.0 - (h + x) * 2.0 / 3.0 - x**2
    a = tf.reduce_mean(y, axis=1)
    b = tf.concat([y[:, -1], y[:, 1:3, 0], tf.nn.relu(a), -a], axis=-1)
    c = tf.squeeze(tf.expand_dims(b, 1), 1)
    scores = tf.nn.softmax(tf.matmul(h, x, transpose_b=True))
    mixed = tf.math.l2_normalize(tf.matmul(scores, x), axis=-1)
    first, second = tf.split(h, [1, 2], axis=-1)
    flat = tf.reshape(tf.transpose(tf.concat([first, second, mixed], -1), [0, 2, 1]), [-1, STEPS * 2 * FEATURES])
    clipped = tf.clip_by_value(tf.sqrt(tf.abs(flat)), 0.2, 0.9) + tf.reduce_max(flat, axis=-1, keepdims=True)
    return tf_keras.Model(x, [c, clipped, tf.stack([a, tf.tanh(a)], axis=1), tf.keras.backend.sum(h, axis=1)])


def of_models() -> tf_keras.Model:
    """Models in models, one of them called twice, and names that only old files have."""
    x, z = signal(), old.Input((STEPS, FEATURES), name="other input")
    inner = stacked(old.Dense(4, input_shape=(STEPS, FEATURES), name="a/b"), old.LSTM(5, return_sequences=True))
    deep_in = old.Input((STEPS, 5))
    late, early = old.Dense(5, name="late"), old.Dense(5, name="early")
    deep = tf_keras.Model(deep_in, old.Add()([late(old.ReLU()(early(deep_in))), deep_in]), name="deep")
    frames = old.TimeDistributed(stacked(old.Dense(3, input_shape=(5,)), old.BatchNormalization(), old.Dense(2)))
    return tf_keras.Model([x, z], [frames(deep(inner(x))), deep(inner(z)), inner(x)])


def of_heads() -> tf_keras.Model:
    x = signal()
    attended = old.MultiHeadAttention(2, 4, value_dim=3)(x, x)
    dot = old.Attention(use_scale=True)([x, attended])
    added, product = old.AdditiveAttention()([dot, x]), old.Dot(axes=(2, 2), normalize=True)([x, x])
    return tf_keras.Model(x, [attended, added, product])


def of_frozen() -> tf_keras.Model:
    inner = stacked(old.Conv1D(4, 3, input_shape=(STEPS, FEATURES)), old.BatchNormalization(), old.Conv1D(4, 3))
    inner.layers[0].trainable = inner.layers[1].trainable = False
    x = signal()
    return tf_keras.Model(x, old.Dense(2)(inner(x, training=False)))


def of_words() -> tf_keras.Model:
    return stacked(
        old.Embedding(20, 4, input_length=STEPS, mask_zero=True), old.Bidirectional(old.GRU(3)), old.Dense(2, "softmax")
    )


MODELS: dict[str, Callable[[], tf_keras.Model]] = {
    "LSTM": lambda: stacked(old.LSTM(4, return_sequences=True, input_shape=(STEPS, FEATURES)), old.LSTM(3)),
    "hard_sigmoid of an LSTM": lambda: one(old.LSTM(4, recurrent_activation="hard_sigmoid")),
    "hard_sigmoid of a GRU": lambda: one(old.GRU(4, recurrent_activation="hard_sigmoid", reset_after=False)),
    "hard_sigmoid of a Dense": lambda: one(old.Dense(4, "hard_sigmoid")),
    "hard_sigmoid as a layer": lambda: one(old.Activation("hard_sigmoid")),
    "hard_sigmoid of a cell": lambda: one(old.RNN([old.LSTMCell(3, recurrent_activation="hard_sigmoid")])),
    "ConvLSTM2D": lambda: one(old.ConvLSTM2D(2, 3), lambda: old.Input((3, 6, 6, 2))),
    "ConvLSTM1D": lambda: one(old.ConvLSTM1D(2, 3, padding="same", return_sequences=True), picture),
    "Bidirectional": lambda: one(old.Bidirectional(old.LSTM(4, return_sequences=True), merge_mode="sum")),
    "RNN of cells": lambda: one(old.RNN([old.LSTMCell(4), old.GRUCell(3), old.SimpleRNNCell(2)])),
    "states": of_states,
    "operators": of_operators,
    "models": of_models,
    "attention": of_heads,
    "frozen": of_frozen,
    "words": of_words,
    "LeakyReLU": lambda: one(old.LeakyReLU(0.13)),
    "ReLU": lambda: one(old.ReLU(max_value=0.7, negative_slope=0.1, threshold=0.2)),
    "ThresholdedReLU": lambda: one(old.ThresholdedReLU(0.4)),
    "ELU": lambda: one(old.ELU(0.5)),
    "PReLU": lambda: one(old.PReLU(shared_axes=[1])),
    "Softmax": lambda: one(old.Softmax(axis=1)),
    "BatchNormalization": lambda: one(old.BatchNormalization(axis=1)),
    "BatchNormalization of pictures": lambda: one(old.BatchNormalization(epsilon=1e-7, scale=False), picture),
    "LayerNormalization": lambda: one(old.LayerNormalization(epsilon=1e-7)),
    "LayerNormalization over two axes": lambda: one(old.LayerNormalization(axis=[1, 2])),
    "Normalization": lambda: one(old.Normalization()),
    "Normalization of all": lambda: one(old.Normalization(axis=None)),
    "Normalization given": lambda: one(old.Normalization(mean=2.0, variance=4.0)),
    "GroupNormalization": lambda: one(old.GroupNormalization(3)),
    "UnitNormalization": lambda: one(old.UnitNormalization()),
    "Conv1D causal": lambda: one(old.Conv1D(4, 3, padding="causal", dilation_rate=2, activation="relu")),
    "SeparableConv1D": lambda: one(old.SeparableConv1D(4, 3)),
    "SeparableConv2D": lambda: one(old.SeparableConv2D(4, 3, depth_multiplier=2, strides=2, padding="same"), picture),
    "DepthwiseConv2D": lambda: one(old.DepthwiseConv2D(3, depth_multiplier=2), picture),
    "DepthwiseConv1D": lambda: one(old.DepthwiseConv1D(3)),
    "Conv1DTranspose": lambda: one(old.Conv1DTranspose(4, 3, strides=2)),
    "Conv2DTranspose": lambda: one(old.Conv2DTranspose(4, 3, strides=2, padding="same"), picture),
    "UpSampling2D": lambda: one(old.UpSampling2D(2, interpolation="bilinear"), picture),
    "what is off": lambda: stacked(
        old.RandomFlip("horizontal", input_shape=(8, 8, 3)),
        old.RandomRotation(0.1),
        old.Rescaling(1 / 255, 0.5),
        old.SpatialDropout2D(0.3),
        old.GaussianNoise(0.2),
        old.Dropout(0.1, noise_shape=(None, 1, 8, 3)),
        old.ActivityRegularization(0.1),
        old.GlobalAveragePooling2D(),
        old.Dense(2, kernel_regularizer="l2", kernel_constraint="unit_norm"),
    ),
}


def build(name: str) -> tf_keras.Model:
    """A model of the table with weights that show where each went: seeded, none alike, variances positive."""
    tf_keras.backend.clear_session()
    model = MODELS[name]()
    rng = np.random.default_rng(0)
    model.set_weights([_like(weight, rng) for weight in model.get_weights()])
    return model


def inputs_of(model: tf_keras.Model, rows: int = 3) -> list[np.ndarray]:
    """Seeded numbers; whole ones for a model whose first layer looks them up."""
    rng = np.random.default_rng(1)
    if isinstance(model.layers[0], old.Embedding):
        return [rng.integers(0, 20, (rows, STEPS)).astype("float32")]
    return [rng.normal(size=(rows, *x.shape[1:])).astype("float32") for x in model.inputs]


def _like(weight: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if weight.dtype.kind != "f":
        return weight
    drawn = rng.normal(0, 0.5, weight.shape)
    return np.abs(weight + drawn) % 0.8 + 1e-4 if weight.ndim < 2 else drawn
