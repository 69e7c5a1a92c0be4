"""What a data set is: facts that a card needs, and examples by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, Protocol

import numpy as np

from zoo.data.columns import Column, subset
from zoo.errors import DataError


@dataclass(frozen=True, eq=False)
class Examples:
    """Examples in an order that is the same on every machine; all by name."""

    inputs: Mapping[str, Column]
    """By input name, each (n, ...).  Images are uint8 as they are stored: (n, height, width, channels)."""
    targets: Mapping[str, Column]
    """By the name of the model output that is held against it, each (n, ...); see `Target`."""
    groups: np.ndarray | None = None
    """(n,) int32, what each example was taken from (a patient's record); None where examples are independent."""

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values())))

    def take(self, indices: np.ndarray) -> "Examples":
        """The examples at `indices`, integers or a boolean mask, in that order."""
        groups = None if self.groups is None else self.groups[indices]
        inputs, targets = (
            {name: subset(column, indices) for name, column in columns.items()}
            for columns in (self.inputs, self.targets)
        )
        return Examples(inputs, targets, groups)


@dataclass(frozen=True)
class Target:
    """What one output should answer: a class, values, or a text.

    As a column of examples a class is int32, an index into `names`, of `shape` (), or of (steps,), a class a step; -1
    where there is none.  Values are float32 of `shape`.  A text is a tuple of strings, the right
    answers of that example, in an array of objects, (n,).
    """

    kind: Literal["class", "value", "text"]
    names: tuple[str, ...] = ()
    """What the classes, or the values along the last axis, are called."""
    scored: tuple[str, ...] = ()
    """The classes whose F1 is averaged; all of them unless given."""
    shape: tuple[int, ...] = ()
    """Of one example."""
    unit: str | None = None
    """Of values."""
    vocabulary: str | None = None
    """Of a text, or of classes that are tokens: a name among the data set's vocabularies."""

    def __post_init__(self) -> None:
        if self.kind == "class" and not self.scored:
            object.__setattr__(self, "scored", self.names)


class Store(Protocol):
    """Where the examples of a data set are kept on this machine."""

    def ready(self) -> bool:
        """Whether `read` would find them."""

    def read(self, split: str) -> Examples:
        """All examples of a split."""

    def prepare(self) -> None:
        """Fetches what is missing, so that `ready` holds; shows its progress on a terminal."""

    def notes(self) -> tuple[str, ...]:
        """What sets this machine's copy apart from the published one; empty where nothing is known."""


@dataclass(frozen=True, eq=False)
class DataSet:
    """A data set by name.  Its splits are `train` and `test`; a recipe cuts validation out of `train` (`hold_out`).

    A user's own has a split `validation` too.
    """

    name: str
    version: str
    summary: str
    licence: str
    source: str
    """Who published it, and where."""
    targets: Mapping[str, Target]
    """By the name of the model output that is held against it: `logits` where there is one class to tell."""
    counts: Mapping[str, int]
    """Number of examples of each split."""
    inputs: Mapping[str, Mapping]
    """By input name: `kind`, `shape` of one example, `dtype`, and `unit` and `rate` (Hz) where there are some."""
    store: Store = field(repr=False)
    group_name: str | None = None
    """What `Examples.groups` numbers, such as `record`."""
    vocabularies: Mapping[str, Mapping] = field(default_factory=dict)
    """By name, as a manifest has them: the tokens of texts."""
    caveats: tuple[str, ...] = ()
    """Flaws of the published data set, one sentence each."""

    @property
    def labels(self) -> tuple[str, ...] | None:
        """The classes that examples are told apart by; None where there is no class to tell, or are several."""
        classes = [target.names for target in self.targets.values() if target.kind == "class"]
        return classes[0] if len(classes) == 1 else None

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for the card of a model measured here: flaws of the data set and of this machine's copy."""
        return self.caveats + (self.store.notes() if self.store.ready() else ())

    @property
    def left_out(self) -> tuple[str, ...]:
        """Sentences on what stands among the examples and cannot be one; a user's own data may hold some."""
        return ()

    def fitted(
        self, shapes: Mapping[str, Sequence[int | None]], said: Mapping[str, Mapping] = MappingProxyType({})
    ) -> "DataSet":
        """The data set as a model takes it: `shapes` of one example by input.  Itself unless examples are files."""
        return self

    @property
    def ready(self) -> bool:
        """Whether `load` needs no `prepare` first."""
        return self.store.ready()

    def check_ready(self) -> None:
        """Raises DataError, with the command that mends it, where `load` needs a `prepare` first."""
        if not self.ready:
            raise DataError(f"data set is not prepared: `{self.name}`", f"`zoo data prepare {self.name}` fetches it")

    def load(self, split: str) -> Examples:
        """All examples of `train` or `test`, or of `validation` where there is one.

        Raises:
            DataError: no such split, not prepared yet, or not the number of examples that the published data set has.
        """
        if split not in self.counts:
            raise DataError(f"unknown split of `{self.name}`: `{split}`; there are {', '.join(self.counts)}")
        self.check_ready()
        examples = self.store.read(split)
        if len(examples) != self.counts[split]:
            raise DataError(
                f"`{self.name}` has {len(examples):,} examples in `{split}`, expected {self.counts[split]:,}",
                f"remove the prepared copy, then `zoo data prepare {self.name}`",
            )
        return examples

    def prepare(self) -> None:
        """Downloads the data set and writes it as `load` reads it; does nothing where that has been done.

        Raises:
            DataError: the download failed, or a file is not the published one.
        """
        if not self.ready:
            self.store.prepare()
