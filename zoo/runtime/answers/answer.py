"""What a model answered, for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from zoo.runtime.answers.printing import plain, shorten

TOKENS = "tokens"
"""The output of a loop that decodes; what else such a loop gives is about it."""


class Kind(Protocol):
    """What one output means."""

    def rows(self) -> list[str]:
        """The answer for people, a line each."""

    def piece(self, count: int) -> str:
        """The answer within a line, without bars: the best `count` where there are several to choose from."""

    def to_dict(self) -> dict:
        """The answer in names, numbers and lists that JSON can hold."""


@dataclass(frozen=True)
class Answer:
    """The answer of one bundle to one input; `print` shows it, `to_dict` gives what JSON can hold."""

    source: str
    """What was read, as it was given."""
    bundle: str
    target: str
    outputs: Mapping[str, np.ndarray]
    """Every output of the decode loop by name, dequantised, with its batch axis of 1."""
    answers: Mapping[str, Kind] = field(default_factory=dict)
    """What outputs mean, by name: `Classes`, `Values`, `Text` or `Transcript`; the first is the leading one."""
    warnings: Sequence[str] = ()
    """What there is to say against the input: numbers beyond the range that the manifest declares."""

    @property
    def label(self) -> str | None:
        """The most probable class of the leading answer; None where that is not one choice."""
        return getattr(self._leading, "label", None)

    def top(self, count: int = 5) -> list[tuple[str, float]]:
        """(class, probability) of the most probable classes of the leading answer, best first; else empty."""
        return self._leading.top(count) if hasattr(self._leading, "top") else []

    @property
    def probabilities(self) -> np.ndarray | None:
        """(classes,) or (steps, classes) float32 where the leading answer chooses, else None."""
        return getattr(self._leading, "probabilities", None)

    @property
    def value(self) -> float | np.ndarray | None:
        """What the leading answer measures: one number, or the array of several; else None."""
        return getattr(self._leading, "value", None)

    @property
    def text(self) -> str | None:
        """What the leading answer says in words, a text or a transcript; else None."""
        return getattr(self._leading, "text", None)

    @property
    def _leading(self) -> Kind | None:
        return next(iter(self.answers.values()), None)

    @property
    def _numbers(self) -> dict[str, np.ndarray]:
        """The outputs of which nobody said what they mean."""
        if TOKENS in self.answers:
            return {}
        return {name: values for name, values in self.outputs.items() if name not in self.answers}

    def to_dict(self) -> dict:
        """Names, numbers and lists alone; a number that JSON cannot hold (NaN, infinity) is None."""
        return {
            "input": self.source,
            "bundle": self.bundle,
            "target": self.target,
            "answers": {name: answer.to_dict() for name, answer in self.answers.items()},
            "outputs": {name: plain(values) for name, values in self.outputs.items()},
            "warnings": list(self.warnings),
        }

    def line(self) -> str:
        """The answer on one line: of several, each by its name."""
        return f"{self.source}: {self._pieces()}"

    def _pieces(self) -> str:
        if len(self.answers) == 1 and not self._numbers:
            return self._leading.piece(3)
        pieces = [f"{name} {answer.piece(1)}" for name, answer in self.answers.items()]
        return "; ".join([*pieces, *(shorten(name, values) for name, values in self._numbers.items())])

    def __str__(self) -> str:
        head = f"{self.source}  ({self.bundle}, {self.target})"
        if len(self.answers) == 1 and not self._numbers:
            rows = self._leading.rows()
        else:
            rows = [row for name, answer in self.answers.items() for row in _under(name, answer.rows())]
            rows += [shorten(name, values) for name, values in self._numbers.items()]
        return "\n".join([head, *(f"  {row}" for row in rows)])


def _under(name: str, rows: list[str]) -> list[str]:
    """An answer under its name: beside it where it is short."""
    return [f"{name}: {rows[0]}"] if len(rows) == 1 else [name, *(f"  {row}" for row in rows)]
