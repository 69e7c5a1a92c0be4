"""What a task is: all that training, gates and cards need to know of what a model answers and how it is scored.

Outputs, targets and answers go in and out by name.  A metric is a function of sums over examples (of hits, of errors,
of equal n-grams), so that a score, its interval and the difference of two models are made of the same `units`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict

from zoo.bundle.metric import LOSS, Metric
from zoo.data.dataset import DataSet, Examples
from zoo.errors import InputError
from zoo.tasks.bootstrap import Difference, percentile_interval, resample

Arrays = Mapping[str, np.ndarray]


class Batch(NamedTuple):
    """What a loss sees of some examples beside the outputs; tensors by name."""

    inputs: Mapping
    targets: Mapping


Loss = Callable[[Mapping, Batch], object]
"""(outputs by name, batch) -> scalar, mean over the batch."""


class Settings(BaseModel):
    """Keys of a recipe that one task has; each description says what the key expects."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


@dataclass(frozen=True)
class Section:
    """A table of a card that only one task has."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[str]]


class Task(ABC):
    """A task; `zoo.tasks.<name>` defines one as `TASK`, a plug-in does so in a package of its own."""

    name: ClassVar[str]
    Settings: ClassVar[type[Settings]] = Settings
    """The keys that recipes have for this task alone."""

    @abstractmethod
    def metrics(self, data: DataSet) -> Mapping[str, Metric]:
        """Every metric of a data set by name."""

    def metric(self, name: str, data: DataSet) -> Metric:
        """One of them, or the loss."""
        return LOSS if name == "loss" else self.metrics(data)[name]

    @abstractmethod
    def outputs(self, data: DataSet) -> Mapping[str, tuple[int, ...]]:
        """What a model of this task gives for the data set: by output the shape of one example."""

    def sizes(self, data: DataSet) -> dict[str, object]:
        """Arguments of a family's `build` that the data decide, such as `num_classes`, for families that have them."""
        return {}

    def check(self, data: DataSet) -> None:
        """Does nothing if the data set has what the task is about.

        Raises:
            InputError: it has not.
        """
        if not self.outputs(data):
            kinds = ", ".join(f"`{name}` ({target.kind})" for name, target in data.targets.items()) or "none"
            raise InputError(f"`{data.name}` has no targets for the task `{self.name}`: found {kinds}")

    def prepare(self, examples: Examples, data: DataSet) -> Examples:
        """The examples that a training steps on; their targets are those of the task alone, as tensors hold them."""
        outputs = self.outputs(data)
        targets = {name: column for name, column in examples.targets.items() if name in outputs}
        return Examples(examples.inputs, targets, examples.groups)

    def inputs(self, data: DataSet) -> Mapping[str, tuple[int, ...]]:
        """What a model that is trained for the data set takes: by input the shape of one example."""
        return {name: tuple(facts["shape"]) for name, facts in data.inputs.items()}

    def check_examples(self, model: object, prepared: Examples, data: DataSet) -> None:
        """Does nothing if a model can learn from all of the prepared examples.

        Raises:
            DataError: it cannot.
        """
        return

    def decode(self, model: object, data: DataSet | None = None) -> dict:
        """The manifest's `decode`: the loop that makes answers, and what it needs to know of the model.

        Args:
            model: that is trained.
            data: what on; None where it is not trained.
        """
        return {"loop": "single", "part": "predict"}

    @abstractmethod
    def loss(self, settings: Settings, train: Examples, data: DataSet) -> Loss:
        """The loss of a training; `train` are the examples that it steps on."""

    def validation_loss(self, train: Examples, data: DataSet) -> Loss:
        """The loss of validation, in which every example counts alike."""
        return self.loss(self.Settings(), train, data)

    @abstractmethod
    def answers(self, outputs: Arrays, targets: Arrays, data: DataSet) -> Arrays:
        """What is kept of the outputs of a batch to score them; small, (batch, ...) by name.

        Args:
            outputs: of the decode loop, by name.
            targets: of the same examples.
            data: the data set.
        """

    @abstractmethod
    def units(self, metric: str, answers: Arrays, examples: Examples, data: DataSet) -> np.ndarray:
        """(examples, ...): what each example adds to the sums that `of_sums` makes the metric of."""

    @abstractmethod
    def of_sums(self, metric: str, sums: np.ndarray, data: DataSet) -> np.ndarray:
        """A metric of sums over examples: (..., one example's shape) -> (...) float64."""

    def score(self, answers: Arrays, examples: Examples, data: DataSet) -> dict[str, float]:
        """Every metric by name."""
        sums = {}
        for name in self.metrics(data):
            units = self.units(name, answers, examples, data)
            sums[name] = float(self.of_sums(name, units.sum(0), data))
        return sums

    def interval(self, metric: str, answers: Arrays, examples: Examples, data: DataSet) -> tuple[float, float]:
        """The 95 % interval of a metric, (low, high), by bootstrap, over groups where there are any."""
        drawn = resample(by_group(self.units(metric, answers, examples, data), examples.groups))
        return percentile_interval(self.of_sums(metric, drawn, data))

    def difference(
        self, metric: str, first: Sequence[Arrays], second: Sequence[Arrays], examples: Examples, data: DataSet
    ) -> Difference:
        """`first` less `second`, by paired bootstrap: both are scored on the same draws, and what they share cancels.

        Args:
            metric: one of `metrics`.
            first, second: the answers of one or more trainings of each model; a model's score is the mean over them.
            examples: that were answered; groups are drawn whole, examples where there are none.
            data: the data set.
        """
        units = [self.units(metric, answers, examples, data) for answers in (*first, *second)]
        stacked = np.stack([by_group(each, examples.groups) for each in units], axis=1)
        drawn = self.of_sums(metric, resample(stacked), data)
        whole = self.of_sums(metric, stacked.sum(0), data)
        differences = drawn[:, : len(first)].mean(1) - drawn[:, len(first) :].mean(1)
        low, high = percentile_interval(differences)
        value = whole[: len(first)].mean() - whole[len(first) :].mean()
        return Difference(float(value), low, high, float(differences.std(ddof=1)))

    def strata(self, examples: Examples) -> np.ndarray:
        """(examples,) int: of each kind some are taken where examples are few."""
        return np.zeros(len(examples), int)

    @abstractmethod
    def baselines(self, data: DataSet, train: Examples, test: Examples) -> dict[str, dict[str, float]]:
        """Metrics of what needs no model, by its name; the first is the plainest."""

    @abstractmethod
    def meaning(self, data: DataSet) -> dict[str, dict]:
        """The manifest's `answers`: what the outputs of the decode loop mean to a person."""

    def facts(self, examples: Examples, data: DataSet) -> dict:
        """What a card says of the test split that only this task does."""
        return {}

    def facts_of_answers(self, same: np.ndarray, examples: Examples, data: DataSet) -> dict:
        """What a card says of an artifact's agreement with Keras; `same`: (examples,) shares of equal answers."""
        return {}

    def sections(self, card: Mapping, shown: Mapping[str, Mapping]) -> list[Section]:
        """Tables of a card; `shown`: entries of artifacts that ship, by target."""
        return []

    def summary(self, names: Sequence[str]) -> list[str]:
        """Those of the metrics `names` that stand in a table of all models."""
        return list(names)


def by_group(units: np.ndarray, groups: np.ndarray | None) -> np.ndarray:
    """Sums over the examples of each group, (groups, ...); `units` where there are no groups."""
    if groups is None:
        return units
    names, group = np.unique(groups, return_inverse=True)
    sums = np.zeros((len(names), *units.shape[1:]), units.dtype)
    np.add.at(sums, group, units)
    return sums
