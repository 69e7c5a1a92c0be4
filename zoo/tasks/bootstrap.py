"""How sure a figure is: what it would have been on other examples, or other patients, of the same kind.

Where examples share a source, sources are drawn, not examples: ten thousand beats of twenty people say little about the
twenty-first.
"""

from dataclasses import dataclass

import numpy as np

RESAMPLES = 2000
LEVEL = 0.95
"""The share of resampled figures that lies inside an interval."""
_AT_ONCE = 1 << 22
"""Counts that are drawn at a time: those of 2,000 draws of 50,000 units would take 800 MB."""


@dataclass(frozen=True)
class Difference:
    """How much one model has more of a metric than another."""

    value: float
    low: float
    high: float
    """`low` to `high` is the 95 % interval."""
    standard_error: float


def resample(units: np.ndarray, seed: int = 0, resamples: int = RESAMPLES) -> np.ndarray:
    """Sums over units drawn with replacement, as many as there are.

    Args:
        units: (units, ...) int or float, what each unit adds to the sum.
        seed: of the draws.
        resamples: how often all units are drawn.

    Returns:
        (resamples, ...) of the units' dtype.
    """
    kinds, counts = _kinds(units.reshape(len(units), -1))
    random, shares = np.random.default_rng(seed), counts / len(units)
    size = max(1, _AT_ONCE // len(kinds))
    parts = [
        random.multinomial(len(units), shares, size=min(size, resamples - start)) @ kinds
        for start in range(0, resamples, size)
    ]
    return np.concatenate(parts).reshape(resamples, *units.shape[1:])


def _kinds(units: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct rows of (units, n), and how many there are of each: counts of many examples are of few kinds.

    Sums of floats are not, and their order would hang on the last bit: two models would be drawn apart.
    """
    if units.dtype.kind == "f":
        return units, np.ones(len(units), int)
    units = np.ascontiguousarray(units)
    rows = units.view(np.dtype((np.void, units.dtype.itemsize * units.shape[1])))[:, 0]  # compared as bytes, at once
    _, first, counts = np.unique(rows, return_index=True, return_counts=True)
    return units[first], counts


def percentile_interval(figures: np.ndarray) -> tuple[float, float]:
    """(low, high): the middle `LEVEL` of resampled figures (Efron 1979)."""
    low, high = np.quantile(figures, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
