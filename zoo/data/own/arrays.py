"""An `.npz`: arrays by name, an example a row.

    x, y                                  split by a seed
    x_train, y_train, x_test, y_test      as Keras's own data sets are kept
    image, rr, label, classes, group      several inputs, names of classes, what belongs together

`y`, `label`, `labels` and `target` are classes where they hold whole numbers, truth values or texts, and values where
they hold floats; `value` is values.  `classes` (or `labels`, beside another target) names the classes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zoo.data.columns import blocks
from zoo.data.own.archive import Member, members_of
from zoo.data.own.files import look_at_archive
from zoo.data.own.found import Found
from zoo.data.own.inputs import Input, StoredInput
from zoo.data.own.splits import NAMES, SPLITS, together
from zoo.data.own.targets import LOGITS, VALUE, Answers, of_classes, of_values
from zoo.errors import DataError

TARGETS = ("y", "label", "labels", "target", "value")
GROUPS = ("group", "groups")
CLASSES = ("classes", "labels")
MOST_CLASSES = 10_000
_BLOCK = 2**24
"""Bytes that are looked at at a time."""


@dataclass(frozen=True)
class _Array:
    """The members of one name, such as `x_train` and `x_test`, one behind the other."""

    name: str
    members: Sequence[Member]

    def __len__(self) -> int:
        return sum(member.shape[0] for member in self.members)

    @property
    def where(self) -> str:
        return self.members[0].where

    @property
    def example(self) -> tuple[int, ...]:
        return self.members[0].shape[1:]

    def whole(self) -> np.ndarray:
        return np.concatenate([member.whole() for member in self.members])


def find_in_archive(path: Path) -> Found:
    """Reads what examples are answered by, and looks at all inputs once.

    Raises:
        DataError: arrays are of unlike length, there is no target or no input, or numbers are not finite.
    """
    members = members_of(path)
    names = _take(members, [name for name in CLASSES if name in members and _names_classes(name, members)])
    splits, arrays = _arrays(path, members)
    counts = _counts(path, splits, arrays)
    targets = {name: array for name, array in arrays.items() if name in TARGETS}
    groups = next((array for name, array in arrays.items() if name in GROUPS), None)
    inputs = {name: array for name, array in arrays.items() if name not in targets and array is not groups}
    if not targets or not inputs:
        found, lacking = ", ".join(f"`{name}`" for name in members), "an input" if targets else "a target"
        raise DataError(f"`{path}` lacks {lacking}: found {found}", "`x` and `y` do, or `image` and `label`")
    read_inputs = dict(_input(array) for array in inputs.values())
    if len(read_inputs) < len(inputs):
        raise DataError(
            f"`{path}` has two arrays that are one input: found {', '.join(f'`{name}`' for name in inputs)}"
        )
    digest = look_at_archive(path, lambda: _check_finite(read_inputs, inputs))
    numbers = None if groups is None else _groups(groups)
    given = None if len(splits) == 1 else [name for name in splits for _ in range(counts[name])]
    if numbers is not None and given is not None:
        _check_groups(path, numbers, given)
    return Found(
        "npz",
        read_inputs,
        _answers(targets, names),
        np.arange(sum(counts.values())) if numbers is None else together(numbers.tolist()),
        digest,
        given=given,
        groups=numbers,
    )


def _names_classes(name: str, members: Mapping[str, Member]) -> bool:
    """Whether an array names classes: `labels` may be the target itself."""
    others = [each for each in members if each.partition("_")[0] in TARGETS and each != name]
    return name == "classes" or (members[name].dtype.kind == "U" and bool(others))


def _take(members: dict[str, Member], chosen: Sequence[str]) -> list[str] | None:
    """The names of classes, which are then no array of examples."""
    for name in chosen:
        member = members.pop(name)
        if member.dtype.kind != "U" or len(member.shape) != 1:
            raise DataError(
                f"{member.where} names the classes: found {member.dtype} {member.shape}, expected texts (n,)"
            )
        names = [str(each) for each in member.whole()]
        if len(set(names)) < len(names) or not all(names):
            raise DataError(f"{member.where} has a name twice, or an empty one")
        return names
    return None


def _arrays(path: Path, members: Mapping[str, Member]) -> tuple[list[str], dict[str, _Array]]:
    """(the splits that names end in, or train alone; arrays by name)."""
    found: dict[str, dict[str, Member]] = {}
    for name, member in members.items():
        stem, _, end = name.rpartition("_")
        key, part = (stem, NAMES[end]) if stem and end in NAMES else (name, "")
        if not member.shape:
            raise DataError(f"{member.where} is one number: expected a row for each example")
        found.setdefault(key, {})[part] = member
    parts = {part for each in found.values() for part in each}
    if parts != {""} and "" in parts:
        whole, ends = ([name for name in members if (name in found) is is_whole] for is_whole in (True, False))
        raise DataError(f"`{path}` has both whole arrays and arrays of splits: found `{whole[0]}` and `{ends[0]}`")
    splits = [name for name in SPLITS if name in parts] or ["train"]
    for key, each in found.items():
        if each.keys() != parts:
            [missing, *_] = parts - each.keys()
            raise DataError(f"`{path}` lacks `{key}_{missing}`: found {', '.join(f'`{name}`' for name in members)}")
        if len({(member.shape[1:], member.dtype) for member in each.values() if member.dtype.kind != "U"}) > 1:
            raise DataError(f"`{path}`: the arrays of `{key}` are not of one shape and type in all splits")
    order = [""] if parts == {""} else splits
    return splits, {key: _Array(key, [each[part] for part in order]) for key, each in found.items()}


def _counts(path: Path, splits: Sequence[str], arrays: Mapping[str, _Array]) -> dict[str, int]:
    counts = {}
    for place, split in enumerate(splits):
        lengths = {array.members[place].name: array.members[place].shape[0] for array in arrays.values()}
        if len(set(lengths.values())) > 1:
            found = ", ".join(f"`{name}` {count:,}" for name, count in lengths.items())
            raise DataError(f"`{path}` has arrays of unlike length: found {found}, expected a row for each example")
        counts[split] = next(iter(lengths.values()))
        if counts[split] == 0:
            raise DataError(f"`{path}` has no examples: found arrays of 0 rows")
    return counts


def _input(array: _Array) -> tuple[str, Input]:
    """(its name, what it is)."""
    kind, shape, dtype = _meaning(array)
    name = kind if array.name == "x" and kind in ("image", "clip", "features") else array.name
    return name, StoredInput([member.rows() for member in array.members], kind, shape, dtype)


def _meaning(array: _Array) -> tuple[str, tuple[int, ...], np.dtype]:
    """(kind of input, shape of an example, type that its numbers become)."""
    stored, shape = array.members[0].dtype, array.example
    if stored.kind == "U":
        raise DataError(f"{array.where} holds texts: expected numbers as an input")
    if stored == np.uint8 and len(shape) == 3 and shape[-1] in (2, 4):
        raise DataError(f"{array.where} has pictures of {shape[-1]} channels: expected 1 or 3")
    if stored == np.uint8 and len(shape) > 1:
        if len(shape) == 2 or shape[-1] not in (1, 3):
            shape = (*shape, 1)
        if kind := {3: "image", 4: "clip"}.get(len(shape)):
            return kind, shape, stored
    if stored.kind in "iu":
        return "array", array.example, np.dtype(np.int32)
    kinds = {0: "features", 1: "features", 2: "signal"}
    return kinds.get(len(array.example), "array"), array.example or (1,), np.dtype(np.float32)


def _check_finite(inputs: Mapping[str, Input], arrays: Mapping[str, _Array]) -> None:
    """Goes through all inputs, some rows at a time.

    Raises:
        DataError: a number is NaN or infinite, or beyond what the model will take.
    """
    for array, read in zip(arrays.values(), inputs.values(), strict=True):
        for member, piece in zip(array.members, read.pieces, strict=True):
            rows = max(1, _BLOCK // max(1, member.bytes // max(1, len(piece))))
            for block in blocks(len(piece), rows):
                _check_block(piece[block], read.facts["dtype"], member, block)


def _check_block(numbers: np.ndarray, dtype: str, member: Member, block: slice) -> None:
    if numbers.dtype == dtype and numbers.dtype.kind != "f":
        return
    with np.errstate(over="ignore"):
        become = numbers.astype(dtype)
    wrong = ~np.isfinite(become) if become.dtype.kind == "f" else become != numbers
    if wrong.any():
        row = block.start + int(np.argwhere(wrong)[0, 0])
        raise DataError(
            f"{member.where} holds a number that is not finite, or that {dtype} cannot hold: in row {row:,}"
        )


def _answers(targets: Mapping[str, _Array], names: Sequence[str] | None) -> dict[str, Answers]:
    answers: dict[str, Answers] = {}
    for name, array in targets.items():
        column = array.whole()
        if column.ndim == 2 and column.shape[1] == 1:
            column = column[:, 0]
        is_value = name == "value" or column.dtype.kind == "f"
        key = VALUE if is_value else LOGITS
        if key in answers:
            raise DataError(f"{array.where} is a second target of one meaning: found {', '.join(map(repr, targets))}")
        answers[key] = _values(column, array) if is_value else _classes(column, array, names)
    return answers


def _values(column: np.ndarray, array: _Array) -> Answers:
    if column.dtype.kind == "U":
        raise DataError(f"{array.where} holds texts: expected numbers as values")
    if len(bad := np.argwhere(~np.isfinite(column.astype(np.float32)))):
        raise DataError(
            f"{array.where} holds a value that is not finite: found {column[tuple(bad[0])]} in row {bad[0, 0]:,}"
        )
    return of_values(column)


def _classes(column: np.ndarray, array: _Array, names: Sequence[str] | None) -> Answers:
    """Classes by number, one an example or one a step, -1 where there is none; or by name."""
    if column.dtype.kind == "U":
        if column.ndim > 1:
            raise DataError(f"{array.where} has the wrong shape: found {column.shape}, expected a class an example")
        return of_classes([str(each) for each in column], array.where, names)
    if column.ndim > 2:
        raise DataError(
            f"{array.where} has the wrong shape: found {column.shape}, expected a class an example or a step"
        )
    low, high = int(column.min()), int(column.max())
    if low < -1 or (low < 0 and column.ndim == 1):
        raise DataError(f"{array.where} holds the class {low}: expected 0 and more")
    if high >= (most := len(names) if names else MOST_CLASSES):
        raise DataError(
            f"{array.where} holds the class {high:,}: expected at most {most - 1:,}",
            "values are floats, or called `value`" if names is None else "`classes` has a name for each class",
        )
    known = list(names) if names else [str(number) for number in range(high + 1)]
    if len(known) < 2:
        raise DataError(f"{array.where} has one class: expected two or more to tell apart")
    answers = of_classes(known, array.where, known)
    return Answers(
        answers.target if column.ndim == 1 else type(answers.target)("class", tuple(known), shape=column.shape[1:]),
        column.astype(np.int32),
    )


def _groups(array: _Array) -> np.ndarray:
    column = array.whole()
    if column.ndim != 1 or column.dtype.kind not in "iuU":
        raise DataError(
            f"{array.where} is no group an example: found {column.dtype} {column.shape}, expected numbers (n,)"
        )
    if column.dtype.kind == "U":
        return np.unique(column, return_inverse=True)[1].astype(np.int32)
    return column.astype(np.int32)


def _check_groups(path: Path, groups: np.ndarray, given: Sequence[str]) -> None:
    names = np.asarray(given)
    for group in np.unique(groups):
        if len(found := np.unique(names[groups == group])) > 1:
            raise DataError(f"`{path}`: the group {group} stands in {' and in '.join(found)}: expected one split")
