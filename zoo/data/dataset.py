"""What a data set is: facts that a card needs, and examples in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from zoo.errors import DataError


@dataclass(frozen=True, eq=False)
class Examples:
    """Labelled examples in memory, in an order that is the same on every machine."""

    inputs: Mapping[str, np.ndarray]
    """By input name, each (n, ...).  Images are uint8 as they are stored: (n, height, width, channels)."""
    labels: np.ndarray
    """(n,) int32, an index into the data set's labels."""
    groups: np.ndarray | None = None
    """(n,) int32, what each example was taken from (a patient's record); None where examples are independent."""

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: np.ndarray) -> "Examples":
        """The examples at `indices`, integers or a boolean mask, in that order."""
        groups = None if self.groups is None else self.groups[indices]
        return Examples({name: array[indices] for name, array in self.inputs.items()}, self.labels[indices], groups)


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
    """A data set by name.  Its splits are `train` and `test`; a recipe cuts validation out of `train` (`hold_out`)."""

    name: str
    version: str
    summary: str
    licence: str
    source: str
    """Who published it, and where."""
    labels: tuple[str, ...]
    counts: Mapping[str, int]
    """Number of examples of each split."""
    inputs: Mapping[str, Mapping]
    """By input name: `kind`, `shape` of one example, `dtype`, and `unit` and `rate` (Hz) where there are some."""
    store: Store = field(repr=False)
    group_name: str | None = None
    """What `Examples.groups` numbers, such as `record`."""
    scored_labels: tuple[str, ...] = ()
    """The labels whose F1 is averaged to `macro_f1`; all of them unless given."""
    caveats: tuple[str, ...] = ()
    """Flaws of the published data set, one sentence each."""

    def __post_init__(self) -> None:
        if not self.scored_labels:
            object.__setattr__(self, "scored_labels", self.labels)

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for the card of a model measured here: flaws of the data set and of this machine's copy."""
        return self.caveats + (self.store.notes() if self.store.ready() else ())

    @property
    def ready(self) -> bool:
        """Whether `load` needs no `prepare` first."""
        return self.store.ready()

    def check_ready(self) -> None:
        """Raises DataError, with the command that mends it, where `load` needs a `prepare` first."""
        if not self.ready:
            raise DataError(f"data set is not prepared: `{self.name}`", f"`zoo data prepare {self.name}` fetches it")

    def load(self, split: str) -> Examples:
        """All examples of `train` or `test`.

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
