"""Holding validation examples out of the train split."""

from collections.abc import Sequence

import numpy as np

from zoo.data.dataset import Examples
from zoo.errors import DataError


def hold_out(examples: Examples, validation: int | Sequence[int]) -> tuple[Examples, Examples]:
    """Cuts validation examples out of `examples`.

    Args:
        examples: the train split.
        validation: a number n takes the last n examples; a list takes every example of those groups, so that no patient is on both sides.

    Returns:
        (train, validation), both in the order of `examples`.

    Raises:
        DataError: one of the two would be empty, or a group does not exist.
    """
    held = _last(examples, validation) if isinstance(validation, int) else _of_groups(examples, validation)
    if held.all() or not held.any():
        raise DataError(f"{held.sum():,} of {len(examples):,} examples held out for validation: neither side may be empty")
    return examples.take(~held), examples.take(held)


def _last(examples: Examples, count: int) -> np.ndarray:
    """(n,) bool: the last `count` examples."""
    if examples.groups is not None:
        raise DataError(f"validation by number: {count}; examples of one source must stay together, list their groups instead")
    return np.arange(len(examples)) >= len(examples) - count


def _of_groups(examples: Examples, groups: Sequence[int]) -> np.ndarray:
    """(n,) bool: the examples of `groups`."""
    known = [] if examples.groups is None else np.unique(examples.groups).tolist()
    if unknown := sorted(set(groups) - set(known)):
        there = ", ".join(map(str, known)) or "none, its examples are independent: give their number"
        raise DataError(f"no such groups to hold out: {', '.join(map(str, unknown))}; there are {there}")
    return np.isin(examples.groups, list(groups))
