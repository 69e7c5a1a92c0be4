"""What the outputs of a user's own model mean, as far as its user says it: the task, and the names of classes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras

from zoo.errors import InputError
from zoo.verify.measures.answers import CHOICES, LOGITS, VALUE, WHOLE, YES_NO
from zoo.verify.running.kinds import kinds_of

CLASSIFICATION, REGRESSION = TASKS = ("classification", "regression")


@dataclass(frozen=True)
class Meaning:
    """What a user says of a model."""

    task: str | None = None
    """One of `TASKS`; None: as the model's last layers say."""
    labels: tuple[str, ...] | None = None
    """The names of the classes, in the order of the output's last axis."""


NOTHING = Meaning()


def read_meaning(task: str | None, labels: str | os.PathLike | Sequence[str] | None) -> Meaning:
    """Checks what a user says.

    Args:
        task: one of `TASKS` or None.
        labels: names of classes, or the path of a text file with one a line.

    Raises:
        InputError: there is no such task, or the labels are not different names.
    """
    if task is not None and task not in TASKS:
        raise InputError(f"wrong value of `task`: found {task!r}, expected `{CLASSIFICATION}` or `{REGRESSION}`")
    if labels is None:
        return Meaning(task)
    if task == REGRESSION:
        raise InputError("labels name the classes of a choice: found `task` regression beside them", "leave one out")
    where = f"`{labels}`" if isinstance(labels, str | os.PathLike) else "`labels`"
    names = _lines(Path(labels)) if isinstance(labels, str | os.PathLike) else list(labels)
    for number, name in enumerate(names, 1):
        if not isinstance(name, str) or not name.strip():
            raise InputError(f"{where}: label {number} is {name!r}, expected a name, one a line")
        if name in names[: number - 1]:
            raise InputError(f"{where}: the label `{name}` stands twice, as {names.index(name) + 1} and {number}")
    if len(names) < 2:
        raise InputError(f"{where}: found {len(names)} labels, expected two or more, one a line")
    return Meaning(CLASSIFICATION, tuple(names))


def output_kinds(model: keras.Model, meaning: Meaning) -> dict[str, str]:
    """By output name, one of `answers.KINDS`: what the user says, else what the model's last layers say.

    Raises:
        InputError: no output is what the user says.
    """
    kinds = kinds_of(model)
    if meaning.task == REGRESSION:
        return {name: kind if kind == WHOLE else VALUE for name, kind in kinds.items()}
    if meaning.task is None:
        return kinds
    if not any(kind in CHOICES for kind in kinds.values()):
        kinds |= {name: LOGITS for name in kinds if _may_choose(model, kinds, name, meaning.labels)}
    _check(model, kinds, meaning)
    return kinds


def named_by(labels: Sequence[str] | None, choices: Mapping[str, tuple[str, tuple[int | None, ...]]]) -> str | None:
    """The output whose classes the labels name: one of as many, or of two labels one probability of yes.

    Args:
        labels: the names of the classes.
        choices: the kind and the shape, with its batch axis, of each output that chooses.
    """
    if labels is None:
        return None
    fitting = [name for name, (kind, shape) in choices.items() if kind in CHOICES and shape[-1] == len(labels)]
    of_yes = [name for name, (kind, shape) in choices.items() if kind == YES_NO and shape[1:] in ((1,), ())]
    return next(iter([*fitting, *(of_yes if len(labels) == 2 else [])]), None)


def _may_choose(model: keras.Model, kinds: Mapping[str, str], name: str, labels: Sequence[str] | None) -> bool:
    classes = _classes(model, name)
    return kinds[name] == VALUE and classes > 1 and (labels is None or classes == len(labels))


def _classes(model: keras.Model, name: str) -> int:
    shape = model.output[name].shape
    return shape[-1] if len(shape) > 1 else 1


def _check(model: keras.Model, kinds: Mapping[str, str], meaning: Meaning) -> None:
    """A choice must be there, with a class for each label."""
    found = ", ".join(f"`{name}` {tuple(tensor.shape)}" for name, tensor in model.output.items())
    choices = [name for name, kind in kinds.items() if kind in CHOICES]
    if meaning.labels is not None:
        if named_by(meaning.labels, {name: (kind, model.output[name].shape) for name, kind in kinds.items()}) is None:
            raise InputError(
                f"{len(meaning.labels)} labels fit no output that chooses a class: found {found}",
                "one label a line, in the order of the output's last axis; of one sigmoid, those of no and of yes",
            )
    elif not choices and set(kinds.values()) <= {VALUE, WHOLE}:
        raise InputError(
            f"`task` is {CLASSIFICATION}, and no output has a number for each of several classes: found {found}",
            "leave `task` out",
        )


def _lines(path: Path) -> list[str]:
    if not path.is_file():
        found = "is a folder" if path.is_dir() else "does not exist"
        raise InputError(f"no file of labels: `{path}` {found}", "a text file with one label a line")
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"`{path}` is no text: expected UTF-8 with one label a line") from None
    return [line.strip() for line in text.rstrip().splitlines()]
