"""A model, its optimiser, and the compiled function that trains it."""

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from zoo.tasks import Batch
from zoo.tasks.task import Loss
from zoo.training.recipe import Recipe

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
        model: outputs a dict.
        recipe: how to train it.
        steps_per_epoch: batches in an epoch.
        loss: of a task, see `zoo.tasks.task.Loss`.
        forward: (inputs by name, training) -> outputs by name, of which a step is taken; the model unless given.
    """

    def __init__(
        self,
        model: keras.Model,
        recipe: Recipe,
        steps_per_epoch: int,
        loss: Loss,
        forward: Callable[[Mapping, bool], Mapping] | None = None,
    ):
        self.model, self.forward = model, forward or model
        self.optimizer = optimizer(recipe, steps_per_epoch)
        self.optimizer.build(model.trainable_variables)
        self._step = tf.function(
            _step(self.forward, model.trainable_variables, self.optimizer, loss, recipe.clip_norm),
            reduce_retracing=True,
        )

    def step(self, batch: Batch) -> Step:
        """Takes one step."""
        return Step(*(float(value) for value in self._step(batch)))

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


def _step(forward: Callable, weights: list, optimizer: keras.optimizers.Optimizer, loss: Loss, clip_norm: float | None):
    """The function of one step, to be compiled."""

    def step(batch):
        learning_rate = tf.convert_to_tensor(optimizer.learning_rate)
        with tf.GradientTape() as tape:
            value = loss(forward(batch.inputs, training=True), batch)
        gradients = tape.gradient(value, weights)
        norm = tf.linalg.global_norm(gradients)
        if clip_norm is not None:
            gradients, _ = tf.clip_by_global_norm(gradients, clip_norm, use_norm=norm)
        optimizer.apply(gradients, weights)
        return value, norm, learning_rate

    return step
