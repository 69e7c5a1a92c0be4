"""The answer that is a choice: a class, or one for each step of time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from zoo.runtime.answers.printing import SHOWN, bar, plain


class Run(NamedTuple):
    """Steps one after another that have the same class."""

    label: str
    first: int
    last: int
    """Of these steps, itself one of them."""

    def __str__(self) -> str:
        return f"{self.label} {self.first}-{self.last}" if self.last > self.first else f"{self.label} {self.first}"


@dataclass(frozen=True)
class Classes:
    """What is chosen, and how probable each class is."""

    probabilities: np.ndarray
    """(classes,) float32, or (steps, classes) of a choice at each step."""
    labels: Sequence[str] | None = None
    """What each class is called; they are numbered where nobody says it."""

    @property
    def label(self) -> str | None:
        """The most probable class; None where each step has its own."""
        return None if self._in_steps else self._name(int(np.argmax(self.probabilities)))

    def top(self, count: int = 5) -> list[tuple[str, float]]:
        """(class, probability) of the most probable classes, best first; empty where each step has its own."""
        if self._in_steps:
            return []
        best = np.argsort(-self.probabilities, kind="stable")[:count]
        return [(self._name(int(index)), float(self.probabilities[index])) for index in best]

    def runs(self) -> list[Run]:
        """The most probable class of each step, steps of the same class together; empty of one choice."""
        if not self._in_steps:
            return []
        chosen = np.argmax(self.probabilities, axis=-1)
        starts = [0, *(np.flatnonzero(np.diff(chosen)) + 1).tolist()]
        ends = [*(start - 1 for start in starts[1:]), len(chosen) - 1]
        return [Run(self._name(int(chosen[first])), first, last) for first, last in zip(starts, ends, strict=True)]

    def rows(self) -> list[str]:
        if self._in_steps:
            return [self.piece(0)]
        best = self.top()
        width = max(len(label) for label, _ in best)
        return [f"{label:<{width}}  {share:6.1%}  {bar(share)}".rstrip() for label, share in best]

    def piece(self, count: int) -> str:
        if not self._in_steps:
            return ", ".join(f"{label} {share:.1%}" for label, share in self.top(count))
        runs = self.runs()
        return ", ".join([*map(str, runs[:SHOWN]), *(["..."] if len(runs) > SHOWN else [])])

    def to_dict(self) -> dict:
        if self._in_steps:
            runs = [run._asdict() for run in self.runs()]
            return {"kind": "classes", "runs": runs, "probabilities": plain(self.probabilities)}
        names = [self._name(index) for index in range(len(self.probabilities))]
        shares = dict(zip(names, plain(self.probabilities), strict=True))
        return {"kind": "classes", "label": self.label, "probabilities": shares}

    @property
    def _in_steps(self) -> bool:
        return self.probabilities.ndim == 2

    def _name(self, index: int) -> str:
        return str(index) if self.labels is None else self.labels[index]


def make(entry: Mapping, name: str, outputs: Mapping[str, np.ndarray], _: Mapping) -> Classes | None:
    """The choice of an output of (1, classes) or (1, steps, classes) numbers; None where these have other axes.

    Of a probability of yes, (1,), (1, 1) or (1, steps, 1), the classes are no and yes; None where they have no labels.
    """
    found = outputs[name]
    if not found.size:
        return None  # of a stream that has no answer yet
    if entry["of"] == "yes_no":
        found = _of_two(found) if entry["labels"] else None
    elif entry["of"] == "logits":
        found = softmax(found)
    return Classes(found[0], entry["labels"]) if found is not None and found.ndim in (2, 3) else None


def softmax(logits: np.ndarray) -> np.ndarray:
    """`exp(x) / sum(exp(x))` along the last axis, float32; shifted so that nothing overflows."""
    powers = np.exp(np.asarray(logits, np.float64) - np.max(logits, axis=-1, keepdims=True))
    return (powers / powers.sum(axis=-1, keepdims=True)).astype(np.float32)


def _of_two(yes: np.ndarray) -> np.ndarray | None:
    """(..., 2), of no and of yes; None where the last axis has several questions."""
    yes = yes[:, None] if yes.ndim == 1 else yes
    return np.concatenate([1 - yes, yes], axis=-1) if yes.shape[-1] == 1 else None
