"""Where the examples of one input come from: files, an array in memory, or a member of an archive on disk."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from zoo.data.columns import Column, Read, blocks
from zoo.data.own.files import File
from zoo.data.own.reading import SQUASH, fits, read
from zoo.errors import DataError, InputError

_BLOCK = 2**24
"""Bytes that are read at a time."""


class Input(Protocol):
    """All examples of one input."""

    @property
    def facts(self) -> Mapping:
        """As `DataSet.inputs` has them: `kind`, `shape`, `dtype`, and `rate` where there is one."""

    def column(self, rows: np.ndarray) -> Column:
        """The examples `rows`."""

    def load(self, rows: np.ndarray) -> np.ndarray:
        """The same, read into memory."""

    def steps(self) -> np.ndarray:
        """(n,) int32: how many steps of each example are real, and no padding."""

    def fitted(self, shape: Sequence[int | None], fit: Mapping) -> "Input":
        """The same at the size that a model takes; itself where numbers are what they are."""


@dataclass(frozen=True, eq=False)
class FileInput:
    """A file an example, read at one size."""

    files: Sequence[File]
    """Of the examples, in their order."""
    shape: tuple[int, ...]
    fit: Mapping = field(default_factory=lambda: SQUASH)

    @classmethod
    def of(cls, files: Sequence[File]) -> "FileInput":
        """At the commonest size of the files; of equally common ones the largest."""
        common = Counter(file.facts.shape for file in files)
        return cls(files, max(common, key=lambda shape: (common[shape], shape)))

    @property
    def kind(self) -> str:
        return self.files[0].facts.kind

    @property
    def facts(self) -> dict:
        rate = self.files[0].facts.rate
        dtype = "float32" if self.kind == "wave" else "uint8"
        return {"kind": self.kind, "shape": self.shape, "dtype": dtype} | ({"rate": rate} if rate else {})

    def column(self, rows: np.ndarray) -> Column:
        return Read(self._read, np.asarray(rows, np.int64), self.shape, np.dtype(self.facts["dtype"]))

    def load(self, rows: np.ndarray) -> np.ndarray:
        return self.column(rows)[:]

    def steps(self) -> np.ndarray:
        return np.array([min(file.facts.shape[0], self.shape[0]) for file in self.files], np.int32)

    def fitted(self, shape: Sequence[int | None], fit: Mapping) -> "FileInput":
        if not fits(self.kind, shape):
            return self
        own = (*self.shape, 1)[: len(shape)]
        sizes = tuple(mine if size is None else size for size, mine in zip(shape, own, strict=True))
        return replace(self, shape=sizes, fit=fit)

    def _read(self, number: int) -> np.ndarray:
        file = self.files[number]
        try:
            return read(file.path, file.facts, self.shape, self.fit)
        except (InputError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else error.message.removeprefix(f"`{file.path}` ")
            raise DataError(
                f"`{file.path}` cannot be read any more: {reason}", "it was there to be read before"
            ) from None


@dataclass(frozen=True, eq=False)
class ArrayInput:
    """Numbers in memory."""

    array: np.ndarray
    kind: str
    of: str | None = None
    """Of a length: the input whose real steps it counts."""

    @property
    def facts(self) -> dict:
        facts = {"kind": self.kind, "shape": self.array.shape[1:], "dtype": str(self.array.dtype)}
        return facts | ({"of": self.of} if self.of else {})

    def column(self, rows: np.ndarray) -> Column:
        return self.array[rows]

    def load(self, rows: np.ndarray) -> np.ndarray:
        return self.array[rows]

    def steps(self) -> np.ndarray:
        return np.full(len(self.array), self.array.shape[1], np.int32)

    def fitted(self, shape: Sequence[int | None], fit: Mapping) -> "ArrayInput":
        return self


@dataclass(frozen=True)
class Stored:
    """An array that lies whole in a file, row after row: read a row at a time.

    A file that is mapped into memory would end the process where it is cut short; this one is a sentence.
    """

    path: Path
    offset: int
    """Of the first row, in bytes."""
    shape: tuple[int, ...]
    """(rows, ...)."""
    dtype: np.dtype

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice) -> np.ndarray:
        """Some rows on end."""
        start, stop, _ = rows.indices(len(self))
        count, size = max(0, stop - start), self.dtype.itemsize * int(np.prod(self.shape[1:]))
        with self.path.open("rb") as file:
            file.seek(self.offset + start * size)
            data = file.read(count * size)
        if len(data) != count * size:
            raise DataError(f"`{self.path}` has changed while it was read: it ends before row {stop:,}")
        return np.frombuffer(data, self.dtype).reshape(count, *self.shape[1:])


@dataclass(frozen=True, eq=False)
class StoredInput:
    """Arrays of numbers on disk, such as those of train and of test, one behind the other."""

    pieces: Sequence[Stored | np.ndarray]
    kind: str
    shape: tuple[int, ...]
    """Of one example; as stored, or with an axis of one channel more."""
    dtype: np.dtype
    """What the numbers become."""

    @property
    def facts(self) -> dict:
        return {"kind": self.kind, "shape": self.shape, "dtype": str(self.dtype)}

    def column(self, rows: np.ndarray) -> Column:
        return Read(self._read, np.asarray(rows, np.int64), self.shape, self.dtype)

    def load(self, rows: np.ndarray) -> np.ndarray:
        """On end, which is faster than row by row."""
        loaded, begin = np.empty((len(rows), *self.shape), self.dtype), 0
        for piece in self.pieces:
            for block in blocks(len(piece), max(1, _BLOCK // max(1, piece[:1].nbytes))):
                first, last = begin + block.start, begin + block.stop
                inside = (rows >= first) & (rows < last)
                if inside.any():
                    loaded[inside] = piece[block].reshape(-1, *self.shape)[rows[inside] - first]
            begin += len(piece)
        return loaded

    def steps(self) -> np.ndarray:
        return np.full(sum(map(len, self.pieces)), self.shape[0], np.int32)

    def fitted(self, shape: Sequence[int | None], fit: Mapping) -> "StoredInput":
        return self

    def _read(self, number: int) -> np.ndarray:
        for piece in self.pieces:
            if number < len(piece):
                return piece[number : number + 1].reshape(self.shape).astype(self.dtype)
            number -= len(piece)
        raise IndexError(number)
