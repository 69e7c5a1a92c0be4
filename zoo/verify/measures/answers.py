"""How far an artifact is from the Keras model that it came from: in value, and in what it answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

Arrays = Mapping[str, np.ndarray]

TOLERANCE = 0.1
"""Where no task says what an answer is, two are the same if no value differs by more than this share of the scale."""


@dataclass(frozen=True)
class Distance:
    """Largest differences over some examples."""

    max_abs: float
    """Of all values of all outputs."""
    relative: float
    """The same as a share of the output's scale, the worst of the outputs."""


def scale(output: np.ndarray) -> float:
    """What errors of an output are measured by: max(1, largest |value|)."""
    return max(1.0, float(np.max(np.abs(output), initial=0.0)))


def distance(found: Arrays, expected: Arrays) -> Distance:
    """Compares outputs by name, each (n, ...), value by value; NaN where one is not a number."""
    apart = {name: float(np.max(np.abs(_wide(found[name]) - _wide(expected[name])), initial=0.0)) for name in expected}
    return Distance(
        max_abs=_worst(apart.values()), relative=_worst(apart[name] / scale(expected[name]) for name in expected)
    )


def same_class(answers: Callable[[np.ndarray], np.ndarray]) -> Callable[[Arrays, Arrays], np.ndarray]:
    """Compares what a task answers to `logits`: (found, expected) -> (n,) bool."""
    return lambda found, expected: answers(found["logits"]) == answers(expected["logits"])


def within_tolerance(found: Arrays, expected: Arrays) -> np.ndarray:
    """(n,) bool: whether all values of an example are as near as `TOLERANCE` says."""
    same = [
        np.abs(_wide(found[name]) - _wide(expected[name])).reshape(len(expected[name]), -1).max(axis=1, initial=0.0)
        <= TOLERANCE * scale(expected[name])
        for name in expected
    ]
    return np.logical_and.reduce(same)


def by_class(same: np.ndarray, labels: np.ndarray, names: Sequence[str]) -> dict[str, float]:
    """The share of equal answers among the examples of each class; classes without examples are left out.

    Args:
        same: (n,) bool.
        labels: (n,) int, into `names`.
        names: of the classes.
    """
    return {name: float(np.mean(same[labels == index])) for index, name in enumerate(names) if np.any(labels == index)}


def _wide(values: np.ndarray) -> np.ndarray:
    return np.asarray(values, np.float64)


def _worst(values) -> float:
    """The largest, NaN if any is (Python's `max` would drop it or not, by the order)."""
    return float(np.max(np.array(list(values))))
