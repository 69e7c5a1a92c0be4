"""What the frozen front gives, computed once and kept: in memory as long as there is room, else in files of the run."""

import logging
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from zoo._system.durable import CLOSED, FULL, writing
from zoo.data import Examples
from zoo.data.columns import Column, Indexed, subset
from zoo.training.answering import inference, outputs_of
from zoo.training.fine_tuning.front import Behind

log = logging.getLogger(__name__)

FOLDER = "features"
"""Of a run, while features are kept in it."""
ROOM = 1 << 30
"""Bytes of features that are kept in memory."""
STAGE = "frozen front"


@dataclass(frozen=True)
class Feed:
    """What steps and validation run on."""

    model: object
    """Takes a step's inputs; has `input`, as a model has."""
    train: Examples
    validation: Examples
    """Prepared."""
    run: object
    """The compiled function of `inference`, for validation."""
    inputs: Mapping[str, Column]
    """What it is run on."""


class Keeper:
    """Keeps arrays in memory as long as there is room, then in files.

    Args:
        folder: of the files.
        room: bytes.
    """

    def __init__(self, folder: Path, room: int | None = None):
        self._folder, self._room = folder, ROOM if room is None else room
        self.in_memory = self.in_files = 0
        """Bytes so far."""

    def array(self, name: str, shape: tuple[int, ...], dtype: np.dtype) -> "_InMemory | _InFile":
        """What rows are added to, one block behind the other."""
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        if self.in_memory + size <= self._room:
            self.in_memory += size
            return _InMemory(shape, dtype)
        self.in_files += size
        return _InFile(self._folder / f"{name}.npy", shape, dtype)


class _InMemory:
    def __init__(self, shape: tuple[int, ...], dtype: np.dtype):
        self._array, self._count = np.empty(shape, dtype), 0

    def add(self, rows: np.ndarray) -> None:
        self._array[self._count : self._count + len(rows)] = rows
        self._count += len(rows)

    def whole(self) -> np.ndarray:
        return self._array


class _InFile:
    """A `.npy`, written as a stream: a mapped one would end the process where a disk is full."""

    def __init__(self, path: Path, shape: tuple[int, ...], dtype: np.dtype):
        self._path = path
        facts = {"descr": np.lib.format.dtype_to_descr(np.dtype(dtype)), "fortran_order": False, "shape": shape}
        with writing(path, (*FULL, *CLOSED)):
            path.parent.mkdir(exist_ok=True)
            with path.open("wb") as file:
                np.lib.format.write_array_header_2_0(file, facts)

    def add(self, rows: np.ndarray) -> None:
        with writing(self._path, (*FULL, *CLOSED)), self._path.open("ab") as file:
            file.write(rows.tobytes())

    def whole(self) -> np.ndarray:
        return np.load(self._path, mmap_mode="r")


@contextmanager
def kept_features(behind: Behind, train: Examples, validation: Examples, folder: Path, report) -> Iterator[Feed]:
    """Runs the front once over all examples; what it gave is kept until this ends.

    Args:
        behind: what is fed.
        train, validation: prepared.
        folder: of the run.
        report: told the examples done, as stage `frozen front`.
    """
    place = folder / FOLDER
    shutil.rmtree(place, ignore_errors=True)  # of a process that was killed
    keeper = Keeper(place)
    try:
        columns = [
            _columns(behind, examples.inputs, name, keeper, report)
            for name, examples in (("train", train), ("validation", validation))
        ]
        where = f" in `{place}`" if keeper.in_files else " in memory"
        log.info(
            "the frozen front was run once over %s examples: %s bytes of features are kept%s",
            f"{len(train) + len(validation):,}",
            f"{keeper.in_memory + keeper.in_files:,}",
            where,
        )
        fed = Examples(columns[0], train.targets, train.groups)
        yield Feed(behind, fed, validation, inference(behind), columns[1])
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _columns(behind: Behind, inputs: Mapping[str, Column], name: str, keeper: Keeper, report) -> dict[str, Column]:
    """What `behind` takes: features, and those of the inputs that it reads."""
    features = _features(behind.cut.front, inputs, name, keeper, report)
    return {key: features[key] if key in features else inputs[key] for key in behind.input}


def _features(
    front: keras.Model, inputs: Mapping[str, Column], name: str, keeper: Keeper, report
) -> Mapping[str, Column]:
    """Of rows that many examples share, the features are computed and kept once too."""
    read = {key: inputs[key] for key in front.input}
    shared = _shared_index(read)
    if shared is None:
        return _run(front, read, name, keeper, report)
    used, index = np.unique(shared, return_inverse=True)
    rows = {key: subset(column.rows, used) for key, column in read.items()}
    return {key: Indexed(column, index) for key, column in _run(front, rows, name, keeper, report).items()}


def _shared_index(columns: Mapping[str, Column]) -> np.ndarray | None:
    """The index of all columns, None where they have not one and the same."""
    if not all(isinstance(column, Indexed) for column in columns.values()):
        return None
    first, *others = [column.index for column in columns.values()]
    return first if all(np.array_equal(first, other) for other in others) else None


def _run(front: keras.Model, inputs: Mapping[str, Column], name: str, keeper: Keeper, report) -> dict[str, np.ndarray]:
    count, arrays = len(next(iter(inputs.values()))), {}
    for _, outputs in outputs_of(inference(front), inputs, f"{STAGE}: {name}", report):
        for key, tensor in outputs.items():
            rows = tensor.numpy()
            if key not in arrays:
                arrays[key] = keeper.array(f"{name}.{key}", (count, *rows.shape[1:]), rows.dtype)
            arrays[key].add(rows)
    return {key: array.whole() for key, array in arrays.items()}
