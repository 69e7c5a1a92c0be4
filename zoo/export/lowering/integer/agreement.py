"""What Keras and a file answer to the same examples: the schemes of an int8 recurrence are chosen by it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np

from zoo.runtime.engine.litert import LiteRTRunner
from zoo.verify.measures.answers import closeness, judge

Values = Mapping[str, np.ndarray]

_AT_ONCE = 100
"""Examples that Keras answers together."""


def how_close(found: Values, wanted: Values, kinds: Mapping[str, str]) -> float:
    """How well a file answers, 1.0 at best; see `answers.closeness`.

    Args:
        found: each output of the file, (examples, ...).
        wanted: the same of Keras.
        kinds: what each output is.
    """
    rows = min(len(array) for array in (*found.values(), *wanted.values()))  # a batch was left out, or filled up
    first = [{name: array[:rows] for name, array in outputs.items()} for outputs in (found, wanted)]
    return closeness(judge(*first, kinds))


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
