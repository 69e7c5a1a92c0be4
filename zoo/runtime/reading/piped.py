"""What comes through a pipe, with as much of a path's face as the readers of files look at."""

import functools
import sys
from collections.abc import Callable
from io import BytesIO
from typing import BinaryIO

from zoo.errors import InputError

NAME = "-"
LIMIT = 2**28
"""Bytes that are read from standard input at most."""

TEXT = ".csv"
"""What is taken for a table of numbers, since it begins as no other file does; it may be a text."""
_BEGINNINGS: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    (".png", lambda data: data.startswith(b"\x89PNG")),
    (".jpg", lambda data: data.startswith(b"\xff\xd8\xff")),
    (".webp", lambda data: data[:4] == b"RIFF" and data[8:12] == b"WEBP"),
    (".gif", lambda data: data.startswith((b"GIF87a", b"GIF89a"))),
    (".wav", lambda data: data[:4] == b"RIFF" and data[8:12] == b"WAVE"),
    (".npy", lambda data: data.startswith(b"\x93NUMPY")),
    (".npz", lambda data: data.startswith(b"PK")),
)


class Piped:
    """All of standard input, read once; what kind of file it is, is told by how it begins.

    Raises (when made):
        InputError: there is nothing, or more than `LIMIT` bytes.
    """

    def __init__(self):
        self._data = b"" if sys.stdin is None else sys.stdin.buffer.read(LIMIT + 1)
        if not 0 < len(self._data) <= LIMIT:
            found = f"more than {LIMIT:,} bytes" if self._data else "nothing"
            raise InputError(f"standard input cannot be read: found {found}, expected one file")
        self.suffix = next((suffix for suffix, fits in _BEGINNINGS if fits(self._data)), TEXT)

    def open(self, mode: str) -> BinaryIO:
        """The bytes from their start; `mode` is `rb`."""
        assert mode == "rb"
        return BytesIO(self._data)

    def __str__(self) -> str:
        return "standard input"


@functools.cache
def standard_input() -> Piped:
    """It can be read once in the life of a process."""
    return Piped()
