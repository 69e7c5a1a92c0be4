"""The score of an artifact on the whole test split, its interval, and how sure a drop is."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType

import numpy as np

from zoo.data.dataset import DataSet, Examples

RESAMPLES = 500


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


def paired_error(measure: Measure, one: np.ndarray, other: np.ndarray, seed: int = 0) -> float:
    """The standard error of the difference of two headline metrics on the same examples, by paired bootstrap.

    Args:
        measure: what is scored.
        one, other: logits, (n, classes), of the two that are compared.
        seed: of the resampling.
    """
    task, data, labels = measure.task, measure.data, measure.examples.labels
    random = np.random.default_rng(seed)
    differences = []
    for _ in range(RESAMPLES):
        rows = random.integers(0, len(labels), len(labels))
        first, second = (task.metrics(logits[rows], labels[rows], data)[measure.headline] for logits in (one, other))
        differences.append(first - second)
    return float(np.std(differences, ddof=1))
