"""How often choices are right, where it is known what is right."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Rightness:
    """Of one choice; shares of the examples, or of their steps."""

    found: float
    """How often the artifact's class is the right one."""
    keras: float
    two_errors: float
    """Two standard errors of the difference, paired."""


def rightness(found: Arrays, expected: Arrays, truths: Arrays) -> dict[str, Rightness]:
    """Compares classes with the right ones, (n, ...) int by output; outputs, (n, ..., classes), may hold more names."""
    return {name: _rightness(found[name], expected[name], truth) for name, truth in truths.items()}


def _rightness(found: np.ndarray, expected: np.ndarray, truth: np.ndarray) -> Rightness:
    ours, keras = ((output.argmax(axis=-1) == truth).astype(float) for output in (found, expected))
    error = float(np.std(ours - keras) / np.sqrt(ours.size))
    return Rightness(float(ours.mean()), float(keras.mean()), 2 * error)
