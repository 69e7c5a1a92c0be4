"""Holding validation examples out of the train split."""

from collections.abc import Sequence

import numpy as np

from zoo.data.dataset import DataSet, Examples
from zoo.errors import DataError


def validation_of(data: DataSet, train: Examples, validation: int | Sequence[int] | None) -> tuple[Examples, Examples]:
    """(train, validation): cut out of `train` as a recipe says, else as the data set itself has them.

    Raises:
        DataError: see `hold_out`.
    """
    return (train, data.load("validation")) if validation is None else hold_out(train, validation)


def hold_out(examples: Examples, validation: int | Sequence[int]) -> tuple[Examples, Examples]:
    """Cuts validation examples out of `examples`.

    Args:
        examples: the train split.
        validation: a number n takes the last n examples; a list takes all examples of those groups, so that no patient
            is on both sides.

    Returns:
        (train, validation), each in the order of `examples`.

    Raises:
        DataError: one of the two would be empty, a group does not exist, or a number would tear a group apart.
    """
    held = _last(examples, validation) if isinstance(validation, int) else _of_groups(examples, validation)
    if held.all() or not held.any():
        raise DataError(f"validation would take {held.sum():,} of {len(examples):,} examples; both sides need some")
    return examples.take(~held), examples.take(held)


def _last(examples: Examples, count: int) -> np.ndarray:
    """(n,) bool: the last `count` examples."""
    if examples.groups is not None:
        raise DataError(
            f"validation by number of examples would part those of one source: {count}",
            f"list sources instead, such as `[{examples.groups[0]}]`",
        )
    return np.arange(len(examples)) >= len(examples) - count


def _of_groups(examples: Examples, groups: Sequence[int]) -> np.ndarray:
    """(n,) bool: the examples of `groups`."""
    if examples.groups is None:
        raise DataError(
            "validation by source where examples have none", "give the number of examples to take off the end"
        )
    known = np.unique(examples.groups).tolist()
    if unknown := sorted(set(groups) - set(known)):
        raise DataError(
            f"sources to hold out that do not exist: {', '.join(map(str, unknown))}; "
            f"there are {', '.join(map(str, known))}"
        )
    return np.isin(examples.groups, list(groups))
