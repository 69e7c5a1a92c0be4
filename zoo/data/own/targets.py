"""What examples are to be answered by: classes by name, values in a unit, texts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zoo.data.dataset import Target
from zoo.errors import DataError

LOGITS, VALUE, TEXT = "logits", "value", "text"
"""The targets, named as the outputs that are held against them."""


@dataclass(frozen=True, eq=False)
class Answers:
    """A target with the right answer of every example."""

    target: Target
    column: np.ndarray
    """(n, ...); see `Target`."""

    def names(self) -> np.ndarray | None:
        """(n,) the class of each example by name; None where there is no class, or one a step."""
        if self.target.kind != "class" or self.target.shape:
            return None
        return np.asarray(self.target.names)[self.column]


def of_classes(labels: Sequence[str], where: str, names: Sequence[str] | None = None) -> Answers:
    """Classes by name.

    Args:
        labels: the name of each example's class.
        where: what holds them, for the message.
        names: all classes in their order; unless given, those that there are, whole numbers by value, else sorted.

    Raises:
        DataError: there is one class alone.
    """
    names = sorted(set(labels), key=_by_value) if names is None else list(names)
    if len(names) < 2:
        raise DataError(
            f"{where} has one class, `{''.join(names)}`: expected two or more to tell apart",
            "a folder of files has a folder for each class",
        )
    index = {name: place for place, name in enumerate(names)}
    return Answers(Target("class", tuple(names)), np.array([index[label] for label in labels], np.int32))


def of_values(values: np.ndarray, unit: str | None = None, names: Sequence[str] = ()) -> Answers:
    """Values: (n,) or (n, ...) of any float type, finite."""
    return Answers(
        Target("value", tuple(names), shape=values.shape[1:], unit=unit), np.ascontiguousarray(values, np.float32)
    )


def of_texts(texts: Sequence[str]) -> Answers:
    """A text an example, whose tokens are those of the vocabulary `text`."""
    column = np.empty(len(texts), object)
    for place, text in enumerate(texts):
        column[place] = (text,)
    return Answers(Target("text", vocabulary=TEXT), column)


def _by_value(name: str) -> tuple[int, int, str]:
    number = re.fullmatch(r"-?[0-9]{1,18}", name)
    return (0, int(name), name) if number else (1, 0, name)
