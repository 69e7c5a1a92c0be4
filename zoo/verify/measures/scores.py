"""The score of an artifact on the whole test split, its interval, and how sure a drop is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zoo.data.dataset import Examples
from zoo.training.recipe.subject import Subject

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Evaluation:
    """What is scored, and how."""

    subject: Subject
    examples: Examples
    """The whole test split."""
    train: Examples
    baselines: Mapping[str, Mapping[str, float]]
    """Metrics of what needs no model."""

    @property
    def span(self) -> float:
        """What the bounds on the headline metric are shares of; see `Metric.size`."""
        first = next(iter(self.baselines.values()), {})
        return self.subject.metric.size(first.get(self.subject.headline))


@dataclass(frozen=True)
class Score:
    """Metrics of one set of answers."""

    metrics: dict[str, float]
    ci95: dict[str, Sequence[float]]
    """The 95 % interval of the headline metric, under its name."""
    answers: Arrays
    """What was scored, as the task keeps it."""


def score(subject: Subject, examples: Examples, outputs: Arrays) -> Score:
    """Scores the outputs for the test split, each (n, ...)."""
    task, data, headline = subject.task, subject.data, subject.headline
    answers = task.answers(outputs, {name: column[:] for name, column in examples.targets.items()}, data)
    return Score(
        metrics=task.score(answers, examples, data),
        ci95={headline: tuple(task.interval(headline, answers, examples, data))},
        answers=answers,
    )


def paired_error(evaluation: Evaluation, one: Score, other: Score) -> float:
    """The standard error of the difference of two headline metrics on the same examples."""
    subject = evaluation.subject
    difference = subject.task.difference(
        subject.headline, [one.answers], [other.answers], evaluation.examples, subject.data
    )
    return difference.standard_error
