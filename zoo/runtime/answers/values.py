"""The answer that is measured: a number, or some, in a unit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zoo.runtime.answers.printing import SHOWN, few, figure, plain


@dataclass(frozen=True)
class Values:
    """One number or several."""

    numbers: np.ndarray
    """(), (numbers,) or (steps, numbers), float or whole."""
    unit: str | None = None
    names: Sequence[str] | None = None
    """What each number of the last axis is."""

    @property
    def value(self) -> float | np.ndarray:
        """The number where it is one, else the array."""
        return float(self.numbers.reshape(())) if self.numbers.size == 1 else self.numbers

    def rows(self) -> list[str]:
        if self._pairs is None or len(self._pairs) > SHOWN:
            return [self.piece(0)]
        width = max(map(len, self._pairs))
        return [f"{name:<{width}}  {figure(number)}{self._unit}" for name, number in self._pairs.items()]

    def piece(self, _: int) -> str:
        if self._pairs is None:
            return few(self.numbers, ", ") + self._unit
        shown = [f"{name} {figure(number)}{self._unit}" for name, number in list(self._pairs.items())[:SHOWN]]
        return ", ".join([*shown, *(["..."] if len(self._pairs) > SHOWN else [])])

    def to_dict(self) -> dict:
        values = plain(self.numbers)
        if self._pairs is not None:
            values = dict(zip(self.names, values, strict=True))
        elif self.numbers.size == 1:
            values = plain(self.numbers.reshape(()))
        return {"kind": "values", "value": values, **({"unit": self.unit} if self.unit else {})}

    @property
    def _pairs(self) -> dict[str, float] | None:
        """By name, where each number has one."""
        if self.names is None or self.numbers.ndim != 1:
            return None
        return dict(zip(self.names, self.numbers.tolist(), strict=True))

    @property
    def _unit(self) -> str:
        return f" {self.unit}" if self.unit else ""


def make(entry: Mapping, name: str, outputs: Mapping[str, np.ndarray], _: Mapping) -> Values | None:
    """The numbers of an output of (1,), (1, numbers) or (1, steps, numbers); None where it has more axes."""
    found = outputs[name]
    if not found.size or found.ndim > 3:
        return None
    return Values(found[0], entry.get("unit"), entry.get("names"))
