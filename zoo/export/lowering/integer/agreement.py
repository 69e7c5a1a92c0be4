"""How well a file answers as Keras does: what the recipes of an int8 recurrence are chosen by."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np

from zoo.runtime.litert import LiteRTRunner

Values = Mapping[str, np.ndarray]

_AT_ONCE = 100
"""Examples that Keras answers together."""


def agreement(wanted: Values, found: Values) -> float:
    """The smallest agreement of any output, 1.0 at best.

    Args:
        wanted: each output of Keras, (examples, ..., values).
        found: the same of the file.

    Returns:
        Of an output with several values, the share of rows whose largest value is the same; of one with a single value,
        1 - the root mean square error in standard deviations of the output.
    """
    return min(_of_output(wanted[name], found[name]) for name in wanted)


def _of_output(wanted: np.ndarray, found: np.ndarray) -> float:
    rows = min(len(wanted), len(found))  # a batch that is not full is left out, or filled up
    wanted, found = wanted[:rows], found[:rows]
    if wanted.shape[-1] > 1:
        return float(np.mean(wanted.argmax(-1) == found.argmax(-1)))
    error = np.sqrt(np.mean((wanted - found) ** 2.0))
    return float(1 - error / max(np.std(wanted), np.finfo(np.float32).tiny))


def answers_of_keras(model: keras.Model, examples: Values) -> dict[str, np.ndarray]:
    """What Keras gives for examples, (n, ...) of each input: (n, ...) of each output."""
    parts = [
        model({name: array[first : first + _AT_ONCE] for name, array in examples.items()}, training=False)
        for first in range(0, _count(examples), _AT_ONCE)
    ]
    return {name: np.concatenate([np.asarray(part[name]) for part in parts]) for name in parts[0]}


def answers_of_file(path: Path, signature: str, examples: Values) -> dict[str, np.ndarray]:
    """What a `.tflite` file gives for the same, a batch at a time; examples that fill no batch are left out."""
    runner = LiteRTRunner(path)
    inputs = runner.signatures[signature].inputs
    batches = {name: in_batches(array, inputs[name].shape) for name, array in examples.items()}
    parts = [
        runner.run(signature, **{name: array[number] for name, array in batches.items()})
        for number in range(_count(batches))
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def in_batches(rows: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Rows as batches of `shape`, (batches, *shape); rows that fill none are left out, too few are repeated."""
    size = shape[0] if shape else 1
    batches = max(1, len(rows) // size)
    return np.resize(rows, (batches, *shape))


def _count(examples: Values) -> int:
    return len(next(iter(examples.values())))
