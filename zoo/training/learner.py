"""A model, its optimiser, and the compiled functions that train and run it."""

import math
from collections.abc import Mapping
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from zoo._system.progress import ignore
from zoo.training.recipe import Recipe

PREDICTION_BATCH = 250
"""Examples that are answered at a time, where nothing is learned."""
NOT_DECAYED = ["bias", "gamma", "beta"]
"""Names of weights that shift or scale: decay would only hold them back."""


def schedule(recipe: Recipe, steps_per_epoch: int):
    """The learning rate by step: in a line from 0 to `learning_rate` over `warmup_epochs`, by half a cosine to 0."""
    warmup, total = recipe.warmup_epochs * steps_per_epoch, recipe.epochs * steps_per_epoch
    if not warmup:
        return keras.optimizers.schedules.CosineDecay(recipe.learning_rate, total)
    return keras.optimizers.schedules.CosineDecay(
        0.0, total - warmup, warmup_target=recipe.learning_rate, warmup_steps=warmup
    )


def optimizer(recipe: Recipe, steps_per_epoch: int) -> keras.optimizers.Optimizer:
    """The optimiser of a recipe, with its schedule and its decoupled weight decay (Loshchilov & Hutter 2019)."""
    make = {"sgd": _sgd, "adam": keras.optimizers.Adam}[recipe.optimizer]
    made = make(learning_rate=schedule(recipe, steps_per_epoch), weight_decay=recipe.weight_decay or None)
    if recipe.weight_decay:
        made.exclude_from_weight_decay(var_names=NOT_DECAYED)
    return made


def _sgd(**arguments) -> keras.optimizers.Optimizer:
    return keras.optimizers.SGD(momentum=0.9, nesterov=True, **arguments)


class Step(NamedTuple):
    """What one step was like."""

    loss: float
    gradient_norm: float
    """Global norm, before the gradient is clipped."""
    learning_rate: float

    @property
    def sound(self) -> bool:
        """Whether loss and gradient are numbers."""
        return math.isfinite(self.loss) and math.isfinite(self.gradient_norm)


class Learner:
    """A model and its optimiser.

    Args:
        model: outputs a dict with `logits`.
        recipe: how to train it.
        steps_per_epoch: batches in an epoch.
        loss: of a task, (labels, logits, class weights) -> scalar.
        class_weights: (classes,) float32, or None.
    """

    def __init__(
        self, model: keras.Model, recipe: Recipe, steps_per_epoch: int, loss, class_weights: np.ndarray | None
    ):
        self.model = model
        self.optimizer = optimizer(recipe, steps_per_epoch)
        self.optimizer.build(model.trainable_variables)
        self._step = tf.function(_step(model, self.optimizer, loss, class_weights, recipe.clip_norm))
        self._logits = inference(model)

    def step(self, inputs: Mapping[str, tf.Tensor], labels: tf.Tensor) -> Step:
        """Takes one step."""
        return Step(*(float(value) for value in self._step(inputs, labels)))

    def logits(self, inputs: Mapping[str, np.ndarray], report=ignore) -> np.ndarray:
        """(n, classes) float32 for any number of examples, `inputs` as a data set holds them."""
        return predict(self._logits, inputs, "validating", report)

    def arrays(self) -> dict[str, np.ndarray]:
        """Every variable by name, those of random generators inside the model (dropout) included."""
        return {name: variable.numpy() for name, variable in self._variables()}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Sets every variable to what `arrays` gave."""
        for name, variable in self._variables():
            variable.assign(arrays[name])

    def model_arrays(self) -> list[np.ndarray]:
        """The variables of the model alone, in its order."""
        return [variable.numpy() for variable in self.model.variables]

    def _variables(self):
        for owner, variables in (("model", self.model.variables), ("optimizer", self.optimizer.variables)):
            for index, variable in enumerate(variables):
                yield f"{owner}.{index}", variable


def inference(model: keras.Model):
    """The compiled function {input name: (batch, ...) float32} -> (batch, classes) logits."""
    return tf.function(lambda inputs: model(inputs, training=False)["logits"], reduce_retracing=True)


def predict(run, inputs: Mapping[str, np.ndarray], stage: str, report=ignore) -> np.ndarray:
    """Logits of many examples, (n, classes) float32, by what `inference` gave; `report` is told of `stage`."""
    count = len(next(iter(inputs.values())))
    collected = []
    for start in range(0, count, PREDICTION_BATCH):
        end = min(start + PREDICTION_BATCH, count)
        batch = {name: tf.constant(array[start:end], tf.float32) for name, array in inputs.items()}
        collected.append(run(batch).numpy())
        report(stage, end, count)
    return np.concatenate(collected)


def _step(model: keras.Model, optimizer: keras.optimizers.Optimizer, loss, class_weights, clip_norm: float | None):
    """The function of one step, to be compiled."""

    def step(inputs, labels):
        learning_rate = tf.convert_to_tensor(optimizer.learning_rate)
        with tf.GradientTape() as tape:
            value = loss(labels, model(inputs, training=True)["logits"], class_weights)
        gradients = tape.gradient(value, model.trainable_variables)
        norm = tf.linalg.global_norm(gradients)
        if clip_norm is not None:
            gradients, _ = tf.clip_by_global_norm(gradients, clip_norm, use_norm=norm)
        optimizer.apply(gradients, model.trainable_variables)
        return value, norm, learning_rate

    return step
