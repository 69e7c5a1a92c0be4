"""The right answers that a user gives beside examples: the class of each, for an output that chooses one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from zoo.errors import InputError
from zoo.export.intake.calibration import opened
from zoo.verify.measures.answers import CHOICES

LABELS = "labels"
"""What right answers may be called too where one output chooses."""

Choices = Mapping[str, tuple[int, ...]]
"""By output, its shape without the batch: steps, if any, and classes."""
Labels = Mapping[str, Sequence[str] | None]


def choices_of(manifest: Mapping) -> Choices:
    """The outputs that choose a class."""
    outputs = manifest["parts"][manifest["decode"]["part"]]["outputs"]
    chosen = [name for name, answer in manifest["answers"].items() if answer.get("of") in CHOICES]
    return {name: tuple(outputs[name]["shape"][1:]) for name in chosen}


def truth_names(choices: Choices) -> tuple[str, ...]:
    """What arrays of right answers may be called."""
    return (*choices, LABELS) if len(choices) == 1 else tuple(choices)


def read_truths(source: object, choices: Choices, labels: Labels, count: int) -> dict[str, np.ndarray]:
    """Reads the right classes, (count, ...) int by output, as far as they are given.

    Args:
        source: an `.npz` file, or arrays, by name.
        choices: the outputs that choose a class.
        labels: by output the names of its classes; arrays may hold them in place of numbers.
        count: how many examples there are.

    Raises:
        InputError: an array does not hold a class for each example.
    """
    if isinstance(source, Mapping):
        return _truths(source, choices, labels, count, "examples")
    with opened(Path(source)) as arrays:
        return _truths(arrays, choices, labels, count, f"`{source}`")


def _truths(arrays: Mapping, choices: Choices, labels: Labels, count: int, where: str) -> dict:
    names = truth_names(choices)
    given = {(name if name in choices else next(iter(choices))): name for name in names if name in arrays}
    return {
        output: _classes(np.asarray(arrays[name]), (count, *choices[output]), labels.get(output), f"{where}: `{name}`")
        for output, name in given.items()
    }


def _classes(array: np.ndarray, shape: tuple[int, ...], labels: Sequence[str] | None, where: str) -> np.ndarray:
    *rows, classes = shape
    if array.dtype.kind == "U" and labels:
        numbers = {label: number for number, label in enumerate(labels)}
        if unknown := sorted(set(array.ravel().tolist()) - numbers.keys()):
            raise InputError(f"{where} holds the class `{unknown[0]}`, which is none of the labels")
        array = np.vectorize(numbers.get, otypes=[int])(array)
    if array.dtype.kind not in "iu" or array.size != np.prod(rows):
        raise InputError(
            f"{where} is {array.dtype} of shape {array.shape}: expected the right class of each example, whole numbers "
            f"of shape {tuple(rows)}"
        )
    if array.min() < 0 or array.max() >= classes:
        raise InputError(f"{where} holds classes from {array.min()} to {array.max()}: expected 0 to {classes - 1}")
    return array.reshape(rows)
