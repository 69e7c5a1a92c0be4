"""One named thing of all examples: an array, or what takes the place of one that would be too large or too uneven.

`column[indices]` is the array of these examples, whatever the column is; `subset(column, indices)` is a column again.
"""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from zoo._system.processor import usable_cores

_FEW = 8
"""Fewer examples than this are read one after the other."""


class Column(Protocol):
    """What an array of examples can be asked for; a NumPy array is one."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(examples, ...) as `column[:]` would have it."""

    @property
    def dtype(self) -> np.dtype:
        """Of the arrays."""

    def __len__(self) -> int: ...

    def __getitem__(self, indices: np.ndarray | slice) -> np.ndarray:
        """The array of some examples, (len(indices), ...)."""


@dataclass(frozen=True, eq=False)
class Indexed:
    """Rows of another column, some more than once: many questions about one picture, which is kept once."""

    rows: Column
    index: np.ndarray
    """(examples,) int: the row of each example."""

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.index), *self.rows.shape[1:])

    @property
    def dtype(self) -> np.dtype:
        return self.rows.dtype

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, indices: np.ndarray | slice) -> np.ndarray:
        return self.rows[self.index[indices]]

    def subset(self, indices: np.ndarray) -> "Indexed":
        return Indexed(self.rows, self.index[indices])


@dataclass(frozen=True, eq=False)
class Ragged:
    """Examples of unlike length, one behind the other; as arrays they are padded on the right with zeros."""

    values: np.ndarray
    """(steps of all examples, ...)."""
    offsets: np.ndarray
    """(examples + 1,) int64: example i is `values[offsets[i]:offsets[i + 1]]`."""
    longest: int
    """Steps of the padded array."""

    @classmethod
    def of(cls, examples: Sequence[np.ndarray], longest: int | None = None) -> "Ragged":
        """From arrays (steps, ...) that differ in their steps alone; `longest`: that of the longest unless given."""
        lengths = [len(example) for example in examples]
        offsets = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
        return cls(np.concatenate(examples), offsets, longest or max(lengths))

    @property
    def lengths(self) -> np.ndarray:
        """(examples,) int32: the steps of each."""
        return np.diff(self.offsets).astype(np.int32)

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self), self.longest, *self.values.shape[1:])

    @property
    def dtype(self) -> np.dtype:
        return self.values.dtype

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, indices: np.ndarray | slice) -> np.ndarray:
        starts, ends = self.offsets[:-1][indices], self.offsets[1:][indices]
        padded = np.zeros((len(starts), *self.shape[1:]), self.dtype)
        for row, start, end in zip(padded, starts, ends, strict=True):
            row[: end - start] = self.values[start:end]
        return padded

    def subset(self, indices: np.ndarray) -> "Ragged":
        chosen = np.arange(len(self))[indices]
        pieces = [self.values[self.offsets[each] : self.offsets[each + 1]] for each in chosen]
        offsets = np.concatenate([[0], np.cumsum([len(piece) for piece in pieces], dtype=np.int64)])
        return Ragged(np.concatenate(pieces) if pieces else self.values[:0], offsets, self.longest)


@dataclass(frozen=True, eq=False)
class Read:
    """Examples that are read from disk when they are asked for, since all of them do not fit into memory."""

    read: Callable[[int], np.ndarray]
    """The array of one example by its number in the store."""
    numbers: np.ndarray
    """(examples,) int64: the number of each."""
    example: tuple[int, ...]
    """Shape of one."""
    dtype: np.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.numbers), *self.example)

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, indices: np.ndarray | slice) -> np.ndarray:
        numbers = self.numbers[indices]
        rows = np.empty((len(numbers), *self.example), self.dtype)

        def put(row: int) -> None:
            rows[row] = self.read(int(numbers[row]))

        if len(numbers) < _FEW or usable_cores() == 1:
            for row in range(len(numbers)):
                put(row)
        else:
            list(_readers().map(put, range(len(numbers))))  # decoders of pictures run beside one another
        return rows

    def subset(self, indices: np.ndarray) -> "Read":
        return Read(self.read, self.numbers[indices], self.example, self.dtype)


@functools.cache
def _readers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(usable_cores(), "read")


@dataclass(frozen=True, eq=False)
class Rows(Mapping):
    """The arrays of some examples by name, each read when it is asked for."""

    columns: Mapping[str, Column]
    indices: np.ndarray | slice

    def __getitem__(self, name: str) -> np.ndarray:
        return self.columns[name][self.indices]

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)


def subset(column: Column, indices: np.ndarray) -> Column:
    """The column of some examples: integers or a boolean mask, in that order; nothing is read."""
    return column[indices] if isinstance(column, np.ndarray) else column.subset(indices)


def blocks(count: int, size: int) -> list[slice]:
    """Whole columns are gone through a slice at a time: `count` examples in slices of at most `size`."""
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]
