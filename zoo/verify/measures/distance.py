"""How far an artifact is from the Keras model that it came from, in value."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

Arrays = Mapping[str, np.ndarray]

NOISE = 8 * float(np.finfo(np.float32).eps)
"""What float32 cannot hold of a number, as a share of it: some units in its last place."""


@dataclass(frozen=True)
class Distance:
    """Largest differences over some examples."""

    max_abs: float
    """Of all values of all outputs."""
    relative: float
    """The same as a share of the output's scale, less float32's noise, the worst of the outputs in floats."""


def scale(output: np.ndarray) -> float:
    """What errors of an output are measured by: its largest deviation from its mean over the examples.

    Neither an offset nor the smallness of all values hides an error then.  An output that does not vary has the scale
    of float32's noise.

    Args:
        output: (n, ...); of a single example, the mean is that of its values.
    """
    values = np.asarray(output, np.float64)
    return max(float(np.max(np.abs(from_mean(values)), initial=0.0)), noise(values))


def distance(found: Arrays, expected: Arrays, of: Arrays | None = None) -> Distance:
    """Compares outputs by name, each (n, ...), value by value; NaN where one is not a number.

    Args:
        found, expected: what is compared.
        of: outputs that give the scales; `expected` unless given.
    """
    apart = {name: _apart(found[name], expected[name]) for name in expected}
    scales = {name: scale((of or expected)[name]) for name in expected if is_float(expected[name])}
    shares = [_beyond(apart[name], noise(expected[name])) / scales[name] for name in scales]
    return Distance(max_abs=_worst(apart.values()), relative=_worst(shares))


def is_float(output: np.ndarray) -> bool:
    """Whether an output holds numbers that are more or less right; of the others each is right or wrong."""
    return np.asarray(output).dtype.kind not in "biu"


def from_mean(values: np.ndarray) -> np.ndarray:
    """Deviations from the mean over the examples, (n, ...) float64; of a single example, from that of its values."""
    if not values.size:
        return values
    if len(values) == 1:
        single = values - values.mean()
        return single if np.any(single) else values
    return values - values.mean(axis=0)


def noise(values: np.ndarray) -> float:
    """The most that float32 may lose of these values; of zeros alone, what it may lose of 1."""
    return NOISE * (float(np.max(np.abs(np.asarray(values, np.float64)), initial=0.0)) or 1.0)


def difference(found: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """`found` less `expected`, float64; 0 where both are the same infinity, NaN where one is none or no number."""
    found, expected = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    with np.errstate(invalid="ignore"):
        apart = np.where(found == expected, 0.0, found - expected)
    return np.where(np.isfinite(apart), apart, np.nan)


def _apart(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.max(np.abs(difference(found, expected)), initial=0.0))


def _beyond(apart: float, lost: float) -> float:
    """How much of a difference is not noise; Python's `max` would drop a NaN or not, by the order."""
    return float(np.maximum(apart - lost, 0.0))


def _worst(values) -> float:
    """The largest, NaN if any is; 0 of none."""
    return float(np.max(np.array(list(values), np.float64), initial=0.0))
