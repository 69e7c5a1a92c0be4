"""Confusion matrices: what accuracy and F1 need to know of any number of examples, and what a bootstrap adds up.

The last two axes of a matrix are (true class, answered class).
"""

import numpy as np


def confusions(answered: np.ndarray, labels: np.ndarray, classes: int, *, whole: bool = False) -> np.ndarray:
    """One matrix for each example, (examples, classes, classes) int, or one for all of them.

    Args:
        answered: (examples, [steps]) int.
        labels: the same, the truth; -1 where there is none.
        classes: number of classes.
        whole: whether all examples share one matrix, (classes, classes).
    """
    examples = len(labels)
    example = np.broadcast_to(np.arange(examples).reshape(-1, *[1] * (labels.ndim - 1)), labels.shape)
    real = labels >= 0
    cell = labels[real] * classes + answered[real]
    if whole:
        return np.bincount(cell, minlength=classes**2).reshape(classes, classes)
    cell = example[real] * classes**2 + cell
    return np.bincount(cell, minlength=examples * classes**2).reshape(examples, classes, classes)


def f1(confusion: np.ndarray) -> np.ndarray:
    """The F1 of each class, (..., classes); 0 for one without examples and answers."""
    return 2 * _hits(confusion) / np.maximum(confusion.sum(-1) + confusion.sum(-2), 1)


def precision(confusion: np.ndarray) -> np.ndarray:
    """The share of the answers of each class that are right, (..., classes); 0 without answers."""
    return _hits(confusion) / np.maximum(confusion.sum(-2), 1)


def recall(confusion: np.ndarray) -> np.ndarray:
    """The share of the examples of each class that are answered right, (..., classes); 0 without examples."""
    return _hits(confusion) / np.maximum(confusion.sum(-1), 1)


def _hits(confusion: np.ndarray) -> np.ndarray:
    return np.diagonal(confusion, axis1=-2, axis2=-1)
