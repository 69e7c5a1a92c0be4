"""What the artifacts of a bundle are compared with: examples, and what the Keras model says to them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import keras
import numpy as np

from zoo.bundle import ignore
from zoo.data import get_data
from zoo.tasks import get_task
from zoo.training.recipe import Recipe
from zoo.verify.measures.answers import same_class, within_tolerance
from zoo.verify.measures.scores import Measure, Score, score
from zoo.verify.running.examples import random_inputs, stratified
from zoo.verify.running.reference import keras_outputs

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Ground:
    """The Keras side of every comparison; computed once, used for all targets."""

    part: str
    inputs: Arrays
    """The parity examples, by input name."""
    source: str
    """Where they come from, as the card says it."""
    expected: Arrays
    """Keras's outputs for them."""
    same: Callable[[Arrays, Arrays], np.ndarray]
    """(found, expected outputs) -> (n,) bool: same answer."""
    compares_values: bool
    """Whether `same` looks at values, for want of a task that says what an answer is."""
    measure: Measure | None = None
    """How the whole test split is scored; None where there is none."""
    whole: Arrays | None = None
    """Keras's outputs for the whole test split."""
    keras: Score | None = None
    reach: float | None = None
    """What the recipe promises of the headline metric."""
    step: Mapping | None = None
    """The manifest's entry of the part `step`; None where there is none."""


def lay_ground(
    manifest: Mapping, model: keras.Model, recipe: Recipe | None, examples: Arrays | None, report=ignore
) -> Ground:
    """Chooses the examples and runs Keras on them; see `examine.measure` for the arguments."""
    part = "predict"
    task = get_task(manifest["task"]) if manifest["task"] else None
    common = {
        "part": part,
        "same": same_class(task.answers) if task else within_tolerance,
        "compares_values": task is None,
        "step": manifest["parts"].get("step"),
    }
    if recipe is None:
        inputs = examples or random_inputs(manifest, part)
        source = "examples" if examples else "random inputs"
        return Ground(inputs=inputs, source=source, expected=keras_outputs(model, inputs, report), **common)
    data = get_data(recipe.data)
    test = data.load("test")
    whole = keras_outputs(model, test.inputs, report, "Keras: test split")
    chosen = stratified(test.labels)
    question = Measure(task, data, test, recipe.headline)
    return Ground(
        inputs=test.take(chosen).inputs,
        source=f"{data.name} test",
        expected={name: output[chosen] for name, output in whole.items()},
        measure=question,
        whole=whole,
        keras=score(question, whole["logits"]),
        reach=recipe.reach[recipe.headline],
        **common,
    )
