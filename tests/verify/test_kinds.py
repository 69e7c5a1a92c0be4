"""What the outputs of Keras models are, by their last layers."""

import keras
import pytest
from keras import Input, Model, Sequential, layers, ops

from zoo.sources.deployed import deployed
from zoo.verify.reference import longest_recurrence
from zoo.verify.running.kinds import kinds_of


def kind(*outputs, x):
    return list(kinds_of(deployed(Model(x, list(outputs)))).values())


X, SEQUENCE = Input((6,), name="x"), Input((5, 6), name="steps")


def nested():
    inner = Sequential([Input((6,)), layers.Dense(4), layers.Activation("softmax")])
    return Sequential([Input((6,), name="x"), layers.Dense(6, activation="relu"), inner])


CASES = {
    "a softmax": (X, lambda x: layers.Dense(3, activation="softmax")(x), "probabilities"),
    "in a layer of its own": (X, lambda x: layers.Softmax()(layers.Dense(3)(x)), "probabilities"),
    "as an activation": (X, lambda x: layers.Activation("softmax")(layers.Dense(3)(x)), "probabilities"),
    "as an operator": (X, lambda x: ops.softmax(layers.Dense(3)(x)), "probabilities"),
    "each step": (
        SEQUENCE,
        lambda x: layers.TimeDistributed(layers.Dense(3, activation="softmax"))(x),
        "probabilities",
    ),
    "moved": (
        SEQUENCE,
        lambda x: layers.Activation("linear")(layers.Reshape((1, 5, 3))(layers.Dense(3, activation="softmax")(x))),
        "probabilities",
    ),
    "of the last step": (SEQUENCE, lambda x: layers.Dense(3, activation="softmax")(x)[:, -1], "probabilities"),
    "mean of two": (
        X,
        lambda x: layers.Average()([layers.Dense(3, activation="softmax")(x) for _ in range(2)]),
        "probabilities",
    ),
    "with its classes moved away": (
        SEQUENCE,
        lambda x: layers.Flatten()(layers.Dense(3, activation="softmax")(x)),
        "value",
    ),
    "over another axis": (SEQUENCE, lambda x: layers.Softmax(axis=1)(x), "value"),
    "of one class": (X, lambda x: layers.Dense(1, activation="softmax")(x), "value"),
    "multiplied": (X, lambda x: 3 * layers.Dense(3, activation="softmax")(x), "value"),
    "a log-softmax": (X, lambda x: ops.log_softmax(layers.Dense(3)(x)), "logits"),
    "a sigmoid": (X, lambda x: layers.Dense(1, activation="sigmoid")(x), "yes_no"),
    "a sigmoid, moved": (
        SEQUENCE,
        lambda x: layers.Flatten()(layers.Dense(2, activation="sigmoid")(x)),
        "yes_no",
    ),
    "a number": (X, lambda x: layers.Dense(3)(x), "value"),
    "the input": (X, lambda x: layers.Identity()(x), "value"),
    "a state": (SEQUENCE, lambda x: layers.LSTM(3, activation="softmax")(x), "value"),
    "a class": (X, lambda x: ops.argmax(layers.Dense(3, activation="softmax")(x), axis=-1), "whole"),
}


@pytest.mark.parametrize("case", CASES)
def test_by_the_last_layers(case):
    x, build, expected = CASES[case]
    assert kind(build(x), x=x) == [expected]


def test_in_a_model_inside_the_model():
    model = nested()
    assert list(kinds_of(deployed(model)).values()) == ["probabilities"]
    assert kind(keras.layers.TimeDistributed(nested())(SEQUENCE), x=SEQUENCE) == ["probabilities"]


def test_the_longest_recurrence():
    states = layers.Bidirectional(layers.GRU(2, return_sequences=True))(SEQUENCE)
    assert longest_recurrence(deployed(Model(SEQUENCE, layers.LSTM(3)(states)))) == 5
    assert longest_recurrence(deployed(nested())) == 0
