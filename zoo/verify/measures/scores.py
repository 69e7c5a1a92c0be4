"""The score of an artifact on the whole test split, its interval, and how sure a drop is."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType

import numpy as np

from zoo.data.dataset import DataSet, Examples


@dataclass(frozen=True)
class Measure:
    """What is scored, and how."""

    task: ModuleType
    """A task of `zoo.tasks`."""
    data: DataSet
    examples: Examples
    """The whole test split."""
    headline: str
    """The metric that gates look at."""


@dataclass(frozen=True)
class Score:
    """Metrics of one set of answers; rates are fractions."""

    metrics: dict[str, float]
    ci95: dict[str, Sequence[float]]
    """The 95 % interval of the headline metric, under its name."""


def score(measure: Measure, logits: np.ndarray) -> Score:
    """Scores the logits of the test split, (n, classes)."""
    task, data, examples, headline = measure.task, measure.data, measure.examples, measure.headline
    return Score(
        metrics=task.metrics(logits, examples.labels, data),
        ci95={headline: tuple(task.interval(headline, logits, examples.labels, examples.groups, data))},
    )


def paired_error(measure: Measure, one: np.ndarray, other: np.ndarray) -> float:
    """The standard error of the difference of two headline metrics on the same examples; `one`, `other`: logits."""
    examples = measure.examples
    found = measure.task.difference(measure.headline, [one], [other], examples.labels, examples.groups, measure.data)
    return found.standard_error
