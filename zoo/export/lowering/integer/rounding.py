"""Which inputs int8 spoils before anything is computed: the model answers otherwise to their rounded numbers alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import keras
import numpy as np

from zoo.export.assembly.graph import quantization_for
from zoo.export.lowering.integer.agreement import answers_of_keras

_MOST = 0.05
"""The error that rounding an input may cause, in standard deviations of an output."""

_FEWEST, _MOST_EXAMPLES, _NUMBERS = 8, 64, 4_000_000
"""How many examples are asked about: clips, which hold many numbers each, are fewer."""


@dataclass(frozen=True)
class Rounding:
    """Asks a model what it answers to inputs on a grid of 8 bits.

    Attributes:
        model: the model.
        examples: (n, ...) of each input.
        free: the inputs that may stay float32.
    """

    model: keras.Model
    examples: Mapping[str, np.ndarray]
    free: frozenset[str]

    def spoils(self, names: Collection[str], limits: tuple[float, float] | None = None) -> frozenset[str]:
        """Those of these inputs whose rounding changes the answers: on grids of their own, or on one between limits."""
        names = [name for name in names if name in self.free]
        if not names:
            return frozenset()
        each = sum(array[0].size for array in self.examples.values())
        count = max(_FEWEST, min(_MOST_EXAMPLES, _NUMBERS // max(1, each)))
        some = {name: array[:count] for name, array in self.examples.items()}
        wanted = answers_of_keras(self.model, some)

        def spoilt(names: Collection[str]) -> bool:
            ends = {name: limits or (self.examples[name].min(), self.examples[name].max()) for name in names}
            rounded = some | {name: _rounded(some[name], *ends[name]) for name in names}
            return _error(answers_of_keras(self.model, rounded), wanted) > _MOST

        if not spoilt(names):
            return frozenset()
        return frozenset(name for name in names if spoilt([name])) or frozenset(names)


def _rounded(values: np.ndarray, low: float, high: float) -> np.ndarray:
    grid = quantization_for(low, high)
    (scale,), (zero,) = grid.scale, grid.zero_point
    steps = np.clip(np.rint(values / np.float32(scale)) + zero, -128, 127)
    return ((steps - zero) * np.float32(scale)).astype(values.dtype)


def _error(found: Mapping[str, np.ndarray], wanted: Mapping[str, np.ndarray]) -> float:
    """The largest root mean square error of an output of floats, in its standard deviations."""
    errors = [
        np.sqrt(np.mean((found[name] - wanted[name]) ** 2.0)) / max(np.std(wanted[name]), np.finfo(np.float32).tiny)
        for name in wanted
        if wanted[name].dtype.kind == "f"
    ]
    return float(max(errors, default=0.0))
