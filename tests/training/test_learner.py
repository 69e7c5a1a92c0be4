"""One step against NumPy: clipping, weight decay, momentum, schedule, class weights, and the state of dropout."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from zoo.tasks import Batch
from zoo.tasks.classification import cross_entropy
from zoo.training import Recipe
from zoo.training.answering import BATCH, inference, outputs_of
from zoo.training.learner import Learner, schedule

STEPS = 10


def loss(weights=None):
    """Softmax cross-entropy, as the task of classification has it."""
    return lambda outputs, batch: cross_entropy(batch.targets["logits"], outputs["logits"], weights)


def recipe(**changes) -> Recipe:
    values = {"model": "resnet_tiny", "data": "digits", "seed": 1, "epochs": 4, "batch_size": 8, "optimizer": "sgd"}
    rest = {"learning_rate": 0.5, "schedule": "cosine", "validation": 200, "reach": {"accuracy": 0.9}}
    return Recipe(**{**values, **rest, **changes})


@pytest.fixture
def model():
    """A softmax regression, with dropout of the inputs if it trains."""
    features = keras.Input((5,), name="features")
    logits = keras.layers.Dense(3, name="logits")(keras.layers.Dropout(0.2, seed=1)(features))
    return keras.Model({"features": features}, {"logits": logits})


@pytest.fixture
def plain():
    """The same without dropout."""
    features = keras.Input((5,), name="features")
    return keras.Model({"features": features}, {"logits": keras.layers.Dense(3, name="logits")(features)})


@pytest.fixture
def batch():
    generator = np.random.default_rng(0)
    features = tf.constant(generator.normal(size=(8, 5)), tf.float32)
    return Batch({"features": features}, {"logits": tf.constant(generator.integers(0, 3, 8))})


def reference_gradient(model, batch, weights):
    """Of softmax cross-entropy, in float64: X^T (p - y) / n, each example times its class's weight."""
    (kernel, bias), inputs = (
        (value.astype(np.float64) for value in model.get_weights()),
        batch.inputs["features"].numpy(),
    )
    labels = batch.targets["logits"].numpy()
    logits = inputs @ kernel + bias
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    error = (chances - np.eye(3)[labels]) * weights[labels][:, None] / len(labels)
    return inputs.T @ error, error.sum(axis=0)


@pytest.mark.parametrize("clip_norm", [None, 0.01])
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_a_step_is_what_the_papers_say(plain, batch, clip_norm, weight_decay):
    weights = np.array([0.5, 2.0, 1.0], np.float32)
    learner = Learner(plain, recipe(clip_norm=clip_norm, weight_decay=weight_decay), STEPS, loss(weights))
    kernel, bias = plain.get_weights()
    of_kernel, of_bias = reference_gradient(plain, batch, weights)
    norm = math.sqrt((of_kernel**2).sum() + (of_bias**2).sum())
    step = learner.step(batch)
    assert step.gradient_norm == pytest.approx(norm, rel=1e-5), "the norm is that before clipping"
    assert step.learning_rate == pytest.approx(0.5)
    scale = 1.9 * 0.5 * (1 if clip_norm is None else clip_norm / norm)  # Nesterov: a first step of 1 + momentum
    new_kernel, new_bias = plain.get_weights()
    np.testing.assert_allclose(new_kernel, kernel * (1 - 0.5 * weight_decay) - scale * of_kernel, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(new_bias, bias - scale * of_bias, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("warmup_epochs", [0, 1])
def test_the_rate_rises_in_a_line_and_falls_by_half_a_cosine(warmup_epochs):
    rate = schedule(recipe(warmup_epochs=warmup_epochs), STEPS)
    warmup, total = warmup_epochs * STEPS, 4 * STEPS
    for step in range(total):
        expected = (
            0.5 * (1 + math.cos(math.pi * (step - warmup) / (total - warmup))) if step >= warmup else step / warmup
        )
        assert float(rate(step)) == pytest.approx(0.5 * expected, abs=1e-6)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_restored_learner_takes_the_same_steps(model, batch, optimizer):
    """Bits of weights, optimiser and dropout: all that a step depends on is in `arrays`."""
    learner = Learner(model, recipe(optimizer=optimizer, weight_decay=0.1), STEPS, loss())
    learner.step(batch)
    saved = learner.arrays()
    losses = [learner.step(batch).loss for _ in range(3)]
    ended = learner.arrays()
    assert len(set(losses)) == 3
    learner.restore(saved)
    assert [learner.step(batch).loss for _ in range(3)] == losses
    assert {name: value.tobytes() for name, value in learner.arrays().items()} == {
        name: value.tobytes() for name, value in ended.items()
    }


def test_many_examples_are_answered_in_batches(plain):
    inputs = {"features": np.random.default_rng(0).normal(size=(BATCH + 23, 5)).astype(np.float32)}
    kernel, bias = plain.get_weights()
    pieces = list(outputs_of(inference(plain), inputs, "answering"))
    logits = np.concatenate([outputs["logits"] for _, outputs in pieces])
    assert [block.stop for block, _ in pieces] == [BATCH, BATCH + 23]
    np.testing.assert_allclose(logits, inputs["features"] @ kernel + bias, rtol=1e-5, atol=1e-6)
