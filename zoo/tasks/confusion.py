"""Confusion matrices: what accuracy and F1 need to know of any number of examples, and what a bootstrap adds up.

The last two axes of a matrix are (true class, answered class).
"""

from collections.abc import Sequence

import numpy as np


def confusion_by_unit(predicted: np.ndarray, labels: np.ndarray, groups: np.ndarray | None, classes: int) -> np.ndarray:
    """One matrix for each unit that is drawn whole: a group, or an example where there are no groups.

    Args:
        predicted: (examples,) int, the answers.
        labels: (examples,) int, the truth.
        groups: (examples,) int, or None.
        classes: number of classes.

    Returns:
        (units, classes, classes) int.
    """
    if groups is None:
        units, unit = len(labels), np.arange(len(labels))
    else:
        names, unit = np.unique(groups, return_inverse=True)
        units = len(names)
    cell = (unit * classes + labels) * classes + predicted
    return np.bincount(cell, minlength=units * classes**2).reshape(units, classes, classes)


def metric_of(confusion: np.ndarray, name: str, labels: Sequence[str], scored_labels: Sequence[str]) -> np.ndarray:
    """A metric of `classification.metrics` for each of many matrices at once.

    Args:
        confusion: (..., classes, classes).
        name: `accuracy`, `macro_f1`, `macro_f1_all` or `f1_<label>`.
        labels: names of the classes.
        scored_labels: those that `macro_f1` is the mean of.

    Returns:
        (...) float64.
    """
    if name == "accuracy":
        return np.trace(confusion, axis1=-2, axis2=-1) / confusion.sum((-2, -1))
    averaged = {"macro_f1": scored_labels, "macro_f1_all": labels}.get(name, [name.removeprefix("f1_")])
    return f1(confusion)[..., [labels.index(label) for label in averaged]].mean(-1)


def f1(confusion: np.ndarray) -> np.ndarray:
    """The F1 of each class, (..., classes); 0 for one without examples and answers."""
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    named = confusion.sum(-1) + confusion.sum(-2)
    return 2 * hits / np.maximum(named, 1)
