"""A path as a `DataSet`: what was found there, split, with a version that is the hash of its content."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import numpy as np

from zoo.data.dataset import DataSet, Examples, Target
from zoo.data.own.arrays import find_in_archive
from zoo.data.own.folder import find_in_folder
from zoo.data.own.found import Found
from zoo.data.own.inputs import ArrayInput, Input
from zoo.data.own.reading import SQUASH
from zoo.data.own.room import room
from zoo.data.own.splits import SPLITS, split
from zoo.data.own.table import find_in_table
from zoo.data.own.targets import TEXT
from zoo.errors import DataError
from zoo.runtime.reading.vocabulary import Vocabulary

FORMS = {".csv": find_in_table, ".npz": find_in_archive}
_LISTED = 20
"""Files that are named one by one where they are left out."""
_KEPT: dict[tuple, "OwnStore"] = {}
"""The stores of this process whose examples may be in memory."""


@dataclass(frozen=True, eq=False)
class OwnStore:
    """The examples of a user's own data, in memory where they fit there, else read as they are needed."""

    found: Found
    inputs: Mapping[str, Input]
    """As the model takes them."""
    rows: Mapping[str, np.ndarray]
    """By split which examples it has."""
    _read: dict[str, Examples] = field(default_factory=dict, repr=False)

    def ready(self) -> bool:
        return True

    def prepare(self) -> None:
        """Nothing to do."""

    def notes(self) -> tuple[str, ...]:
        """What was left out, by name."""
        left_out, notes = self.found.left_out, []
        if left_out:
            listed = "; ".join(f"`{each.name}` {each.reason}" for each in left_out[:_LISTED])
            more = f"; and {len(left_out) - _LISTED:,} more" if len(left_out) > _LISTED else ""
            files = "1 file was" if len(left_out) == 1 else f"{len(left_out):,} files were"
            notes.append(f"{files} left out: {listed}{more}")
        if self.found.unused:
            notes.append(f"columns of no use here: {', '.join(f'`{name}`' for name in self.found.unused)}")
        return tuple(notes)

    def read(self, split: str) -> Examples:
        if split not in self._read:
            self._read[split] = self._examples(self.rows[split])
        return self._read[split]

    @cached_property
    def in_memory(self) -> bool:
        """Whether all examples together are few enough bytes."""
        count = sum(map(len, self.rows.values()))
        facts = [each.facts for each in self.inputs.values()]
        size = sum(np.dtype(each["dtype"]).itemsize * int(np.prod(each["shape"])) for each in facts)
        return count * size <= room()

    def _examples(self, rows: np.ndarray) -> Examples:
        inputs = {}
        for name, each in self.inputs.items():
            inputs[name] = each.load(rows) if self.in_memory else each.column(rows)
            if isinstance(inputs[name], np.ndarray):
                inputs[name].flags.writeable = False  # it is given to all who ask
        targets = {name: answers.column[rows] for name, answers in self.found.answers.items()}
        groups = None if self.found.groups is None else self.found.groups[rows]
        return Examples(inputs, targets, groups)


@dataclass(frozen=True, eq=False)
class OwnDataSet(DataSet):
    """A user's own data.  Its splits are `train`, `validation` and `test`."""

    store: OwnStore = field(repr=False, kw_only=True)

    def fitted(
        self, shapes: Mapping[str, Sequence[int | None]], said: Mapping[str, Mapping] = MappingProxyType({})
    ) -> "OwnDataSet":
        """The same data as a model takes it.

        Files are read at the model's size.  Where data and model have one input each, it is called as the model's.  An
        input of the kind `length`, which counts the real steps of another, is made where the data have none.

        Args:
            shapes: the shape of one example by the model's input; None where any size will do.
            said: by input, as far as it is known, its `kind`, how pictures are brought to the size (`fit`, see
                `InputSpec.fit`) and what a length counts (`of`).
        """
        inputs = dict(self.store.inputs)
        lengths = [name for name in shapes if said.get(name, {}).get("kind") == "length" or name == "length"]
        others = [name for name in shapes if name not in lengths]
        if len(others) == len(inputs) == 1:
            inputs = dict(zip(others, inputs.values(), strict=True))
        inputs = {
            name: each.fitted(shapes[name], said.get(name, {}).get("fit") or SQUASH) if name in shapes else each
            for name, each in inputs.items()
        }
        for name in lengths:
            counted = said.get(name, {}).get("of") or (others[0] if len(others) == 1 else None)
            if name not in inputs and counted in inputs and len(inputs[counted].facts["shape"]):
                steps = inputs[counted].steps()
                inputs[name] = ArrayInput(steps.reshape(len(steps), *shapes[name]), "length", counted)
        facts = {name: each.facts for name, each in inputs.items()}
        if facts == self.inputs:
            return self
        fits = [said.get(name, {}).get("fit") for name in inputs]
        return replace(self, inputs=facts, store=_kept(replace(self.store, inputs=inputs, _read={}), self.source, fits))

    @property
    def left_out(self) -> tuple[str, ...]:
        return self.store.notes()

    def report(self) -> dict:
        """What was found, for people: form, examples by class and split, sizes, and what is left out."""
        found, rows = self.store.found, self.store.rows
        return {
            "form": found.form,
            "classes": {name: self._by_class(name) for name in found.answers if self._by_class(name)},
            "sizes": dict(found.sizes or {}),
            "left_out": [{"name": each.name, "reason": each.reason} for each in found.left_out],
            "unused": list(found.unused),
            "splits": "as given"
            if found.given and set(found.given) == set(rows)
            else "drawn by a seed where not given",
        }

    def _by_class(self, target: str) -> dict[str, dict[str, int]] | None:
        answers = self.store.found.answers[target]
        if answers.target.kind != "class":
            return None
        counts = {
            split: np.bincount(_known(answers.column[rows]), minlength=len(answers.target.names))
            for split, rows in self.store.rows.items()
        }
        return {
            name: {split: int(counts[split][place]) for split in counts}
            for place, name in enumerate(answers.target.names)
        }


def looks_like_a_path(name: str | os.PathLike) -> bool:
    """Whether a name is meant for a folder or file, there or not."""
    text = os.fspath(name)
    return os.path.exists(text) or os.sep in text or Path(text).suffix in FORMS


def open_own(path: str | os.PathLike) -> OwnDataSet:
    """The data of a user's own at a path, which is there; every file of it is looked at once.

    Raises:
        DataError: it is no data set; the message says why.
    """
    path = Path(os.path.abspath(path))
    if path.is_dir():
        find = find_in_folder
    elif path.suffix.lower() in FORMS:
        find = FORMS[path.suffix.lower()]
    else:
        raise DataError(
            f"`{path}` is no data set: expected a folder with a folder for each class, a `.csv` or an `.npz`"
        )
    try:
        found = find(path)
    except OSError as error:
        raise DataError(f"`{path}` cannot be read: {error.strerror}") from None
    rows = _split(found, path)
    facts = {name: each.facts for name, each in found.inputs.items()}
    return OwnDataSet(
        name=path.name if path.is_dir() else path.stem,
        version=found.digest[:16],
        summary="data of one's own",
        licence="the user's own",
        source=str(path),
        targets={name: answers.target for name, answers in found.answers.items()},
        counts={name: len(each) for name, each in rows.items()},
        inputs=facts,
        store=_kept(OwnStore(found, found.inputs, rows), str(path), []),
        group_name=None if found.groups is None else "group",
        vocabularies=_vocabularies(found, rows),
    )


def _kept(store: OwnStore, path: str, fits: Sequence[Mapping | None]) -> OwnStore:
    """The store of the same content that this process already has: what it has read need not be read again."""
    found, facts = store.found, {name: dict(each.facts) for name, each in store.inputs.items()}
    key = (path, found.digest, found.left_out, found.unused, repr(facts), repr(fits))
    if key in _KEPT:
        return _KEPT[key]
    while len(_KEPT) > 1:
        _KEPT.pop(next(iter(_KEPT)))
    return _KEPT.setdefault(key, store)


def _split(found: Found, path: Path) -> dict[str, np.ndarray]:
    classes = [
        (answers.target, answers.column)
        for answers in found.answers.values()
        if answers.target.kind == "class" and not answers.target.shape
    ]
    strata = np.maximum(classes[0][1], 0) if classes else np.zeros(len(found.units), np.int64)
    missing = [name for name in SPLITS if name not in (found.given or ("train",))]
    for target, column in classes:
        _check_enough(target, column, found, missing, path)
    rows = split(found.given, strata, found.units, f"`{path}`")
    for target, column in classes:
        _check_learnable(target, column[rows["train"]], path)
    return rows


def _check_enough(target: Target, column: np.ndarray, found: Found, missing: Sequence[str], path: Path) -> None:
    """A class that is split needs an example on each side; groups may leave it to others."""
    if found.groups is not None:
        return
    pool = np.array([name in (None, "train") for name in found.given]) if found.given else np.ones(len(column), bool)
    pairs = set(zip(column[pool].tolist(), found.units[pool].tolist(), strict=True))
    counts = Counter(place for place, _ in pairs)
    for place, name in enumerate(target.names):
        if 0 < counts[place] <= len(missing):
            examples = "1 example" if counts[place] == 1 else f"{counts[place]} examples"
            raise DataError(
                f"`{path}`: the class `{name}` has {examples} to train on and to draw from, "
                f"expected {len(missing) + 1} different ones at least",
                f"{' and '.join(missing)} are drawn from train" if missing else None,
            )


def _check_learnable(target: Target, train: np.ndarray, path: Path) -> None:
    there = set(train.tolist())
    if missing := [name for place, name in enumerate(target.names) if place not in there]:
        raise DataError(f"`{path}`: no example of the class `{missing[0]}` is in train")


def _vocabularies(found: Found, rows: Mapping[str, np.ndarray]) -> dict[str, Mapping]:
    """The words of the texts of train, which are the answers."""
    if TEXT not in found.answers:
        return {}
    texts = [text for each in found.answers[TEXT].column[rows["train"]] for text in each]
    return {TEXT: Vocabulary.learn(texts, "words", special=("start", "end", "unknown")).entry}


def _known(column: np.ndarray) -> np.ndarray:
    return column[column >= 0].ravel()
