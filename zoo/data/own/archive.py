"""The arrays of an `.npz`: their headers are read first, and what lies whole in the file is read a row at a time.

A stranger's file decides nothing: what a header promises is compared with what the archive holds before any of it is
read, and nothing in it is unpickled.
"""

import math
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError

import numpy as np

from zoo.data.own.inputs import Stored
from zoo.data.own.room import room
from zoo.errors import DataError
from zoo.runtime.reading.arrays import BROKEN_ARCHIVE

_LOCAL_HEADER = struct.Struct("<4s5H3I2H")
_KINDS = "biufU"


@dataclass(frozen=True)
class Member:
    """One array of an archive, of which the header has been read."""

    path: Path
    name: str
    info: zipfile.ZipInfo
    shape: tuple[int, ...]
    dtype: np.dtype
    fortran: bool
    begin: int
    """Of its numbers in the `.npy`, in bytes."""

    @property
    def bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def where(self) -> str:
        return f"`{self.name}` of `{self.path}`"

    def rows(self) -> Stored | np.ndarray:
        """The array, or where it lies on disk if it can be read from there a row at a time.

        Raises:
            DataError: it cannot, and is more than there is room for.
        """
        if self.info.compress_type == zipfile.ZIP_STORED and not self.fortran:
            return Stored(self.path, self._offset(), self.shape, self.dtype)
        return self.whole()

    def whole(self) -> np.ndarray:
        """The array, read whole.

        Raises:
            DataError: it is more than there is room for, or damaged.
        """
        if self.bytes > (most := room()):
            packed = "in Fortran's order" if self.fortran else "compressed"
            raise DataError(
                f"{self.where} is {packed} and too large to be read whole: found {self.bytes:,} bytes, "
                f"there is room for {most:,}",
                "`numpy.savez` of arrays in C order writes what is read a row at a time",
            )
        try:
            with zipfile.ZipFile(self.path) as archive, archive.open(self.info) as stream:
                return np.lib.format.read_array(stream, allow_pickle=False)
        except BROKEN_ARCHIVE as error:
            raise DataError(f"{self.where} cannot be read: {error}") from None

    def _offset(self) -> int:
        """Where the numbers begin in the file of the archive."""
        with self.path.open("rb") as file:
            file.seek(self.info.header_offset)
            header = file.read(_LOCAL_HEADER.size)
        if len(header) < _LOCAL_HEADER.size or header[:4] != b"PK\x03\x04":
            raise DataError(f"{self.where} cannot be read: its place in the archive is not where it should be")
        name, extra = _LOCAL_HEADER.unpack(header)[-2:]
        return self.info.header_offset + _LOCAL_HEADER.size + name + extra + self.begin


def members_of(path: Path) -> dict[str, Member]:
    """The arrays of an archive by name, none of which has been read.

    Raises:
        DataError: it is no whole `.npz`, or an array holds objects or what is no number or text.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            members = [_member(path, archive, info) for info in infos]
    except BROKEN_ARCHIVE as error:
        raise DataError(f"`{path}` is not a whole .npz file: {error}") from None
    if not members:
        raise DataError(f"`{path}` holds no array", "`numpy.savez(path, x=..., y=...)` writes some")
    return {member.name: member for member in members}


def _member(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    name = info.filename.removesuffix(".npy")
    where = f"`{name}` of `{path}`"
    try:
        with archive.open(info) as stream:
            version = np.lib.format.read_magic(stream)
            if version != (1, 0):
                raise ValueError(f"found version {version[0]}.{version[1]}, expected 1.0")
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
            begin = stream.tell()
    except (ValueError, SyntaxError, TokenError) as error:  # the header is a Python literal
        raise DataError(f"{where} is not a whole .npy array: {error}") from None
    if dtype.hasobject:
        raise DataError(
            f"{where} holds Python objects, which are not read: expected numbers or texts",
            "`numpy.savez` with `np.stack(examples)` or `np.array(names, dtype=str)` writes arrays",
        )
    if dtype.kind not in _KINDS or dtype.names:
        raise DataError(f"{where} has the wrong type: found {dtype}, expected numbers or texts")
    member = Member(path, name, info, shape, dtype, fortran and len(shape) > 1, begin)
    if begin + member.bytes != info.file_size:
        raise DataError(f"{where} is cut short: found {info.file_size - begin:,} bytes, expected {member.bytes:,}")
    return member
