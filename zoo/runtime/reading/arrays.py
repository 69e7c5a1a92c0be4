"""Numbers for an input: what every array must be, and how `.npy`, `.npz` and `.csv` files are read.

A stranger's file decides nothing: an array's shape and type are compared with the input's before its numbers are read,
so that no file, however it is packed, takes more memory than the input does.
"""

import csv
import math
import os
import re
import zipfile
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from io import TextIOWrapper
from pathlib import Path
from tokenize import TokenError
from types import MappingProxyType
from typing import BinaryIO, TypeVar

import numpy as np

from zoo.errors import InputError, nearest
from zoo.runtime.reading.vocabulary import Vocabulary

_KINDS = {"b": "truth values", "i": "whole numbers", "u": "whole numbers", "f": "numbers", "c": "complex numbers"}
_CELLS = "cells are parted by commas, decimals by a point"
T = TypeVar("T")
PIXELS = 64 * 1000 * 1000
"""The largest picture that is decoded, as the cameras of phones make them."""
CLIP_PIXELS = 2**30
"""The largest clip that is decoded, all its frames together: 500 of full HD."""
BROKEN_ARCHIVE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)


@dataclass(frozen=True)
class InputSpec:
    """An input of a part as the manifest describes it."""

    name: str
    shape: tuple[int, ...]
    """With the batch axis, which is 1."""
    dtype: str
    kind: str
    """`image`, `clip`, `signal`, `wave`, `features`, `tokens`, `length` or `array`."""
    fit: Mapping[str, str | float] | None = None
    """How a picture is brought to `shape`: {"mode": "crop" or "squash", "filter": ...}; `scale`: see `fit_image`."""
    sample_rate: int | None = None
    """Samples a second, where the manifest gives it."""
    unit: str | None = None
    range: Sequence[float] | None = None
    """Lowest and highest value, where the manifest gives them; whole numbers and tokens beyond are refused, others
    saturate."""
    counts: str | None = None
    """Of a length: the input whose real steps it counts."""
    vocabulary: Vocabulary | None = None
    """Of tokens: what makes them of a text."""
    variable: bool = False
    """Whether there may be fewer steps than `shape[1]`, since a length counts them."""

    @classmethod
    def of(
        cls, name: str, facts: Mapping, vocabularies: Mapping[str, Vocabulary] = MappingProxyType({})
    ) -> "InputSpec":
        """The input `name` of a manifest, whose entry is `facts`, with the one of its vocabularies that it names."""
        shape, vocabulary = tuple(facts["shape"]), vocabularies.get(facts.get("vocabulary"))
        known = {key: facts[key] for key in ("dtype", "kind", "fit", "sample_rate", "unit", "range") if key in facts}
        if vocabulary is not None:
            known = {"range": (0, len(vocabulary.tokens) - 1)} | known
        return cls(name, shape, counts=facts.get("of"), vocabulary=vocabulary, **known)

    @property
    def example(self) -> tuple[int, ...]:
        """The shape of one example, without the batch axis."""
        return self.shape[1:]

    @property
    def limits(self) -> Sequence[float] | None:
        """Lowest and highest value that is to be expected; a picture's are 0 and 255 unless its manifest has others."""
        return self.range or ((0, 255) if self.kind in ("image", "clip") else None)

    @property
    def takes_pictures(self) -> bool:
        """Whether a file with a picture can be read for it: a user's manifest may not say that it is one."""
        if self.kind == "image":
            return len(self.shape) == 3 or (len(self.shape) == 4 and self.shape[3] in (1, 3))
        return self.kind == "array" and len(self.shape) == 4 and self.shape[3] in (1, 3)

    @property
    def takes_clips(self) -> bool:
        """Whether pictures one after another can be read for it."""
        return self.kind == "clip" and (len(self.shape) == 4 or (len(self.shape) == 5 and self.shape[4] in (1, 3)))


def check_names(
    found: Collection[str], specs: Mapping[str, InputSpec], where: str, optional: Collection[str] = ()
) -> None:
    """Every input must be there but those that are `optional`, and nothing else.

    Raises:
        InputError: names what is missing, or the inputs nearest to a name that none has.
    """
    wanted = ", ".join(f"`{name}`" for name in specs)
    for name in found:
        if name not in specs:
            close = nearest(name, specs, 1)[0]
            raise InputError(f"{where} names an unknown input: `{name}`; expected {wanted}", f"did you mean `{close}`?")
    if missing := ", ".join(f"`{name}`" for name in specs if name not in (*found, *optional)):
        raise InputError(f"{where} lacks an input: {missing}; expected {wanted}")


def by_input(arrays: Mapping[str, T], specs: Mapping[str, InputSpec]) -> Mapping[str, T]:
    """The same by the names of inputs, where one array without a name of its own is there for the one input.

    `numpy.savez(path, x)` calls it `arr_0`; Keras shows its own name for an input that was given none.
    """
    if len(arrays) == len(specs) == 1 and re.fullmatch(r"arr_0|keras_tensor(_\d+)?", next(iter(arrays))):
        return dict(zip(specs, arrays.values(), strict=True))
    return arrays


def fit_array(array: np.ndarray, spec: InputSpec, where: str) -> np.ndarray:
    """An array as the input takes it: of `spec.shape` and `spec.dtype`.  Axes of length 1 may be missing or extra.

    Of an image input, a uint8 array is a picture: one of another size or other channels is fitted as a file is.  So are
    the frames of a clip.  Where the input is `variable`, the array is (1, steps, ...) with at most `spec.shape[1]`.

    Raises:
        InputError: another shape or kind of numbers, or a number that is NaN, infinite or beyond the dtype's range.
    """
    if _is_picture(array.shape, array.dtype, spec):
        from zoo.runtime.reading.images import fit_pixels

        return fit_pixels(array, spec)
    if _is_clip(array.shape, array.dtype, spec):
        from zoo.runtime.reading.clips import fit_frames

        return fit_frames(array, spec, where)
    _check_kind(array.dtype, spec, where)
    spec = _of_steps(array.shape, spec, where)
    _check_shape(array.shape, spec, where)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        bad = np.argwhere(~np.isfinite(array))
        raise InputError(
            f"{where} holds NaN or infinity: found {len(bad):,} such numbers, the first at index "
            f"{tuple(bad[0].tolist())}; input `{spec.name}` takes finite ones"
        )
    with np.errstate(over="ignore"):
        fitted = array.reshape(spec.shape).astype(spec.dtype)
    lost = ~np.isfinite(fitted) if fitted.dtype.kind == "f" else fitted != array.reshape(spec.shape)
    if lost.any():
        raise InputError(f"{where} holds a number that {spec.dtype} cannot, which input `{spec.name}` takes")
    if spec.range and fitted.size and (fitted.dtype.kind in "iu" or spec.kind == "tokens"):
        _check_range(fitted, spec, where)
    return fitted


def read_npy(path: Path, spec: InputSpec) -> np.ndarray:
    """The array of a `.npy` file, as `fit_array` gives it."""
    with path.open("rb") as stream:
        return _read_stream(stream, spec, f"`{path}`")


def read_npz(path: Path, specs: Mapping[str, InputSpec], optional: Collection[str] = ()) -> dict[str, np.ndarray]:
    """The arrays of an `.npz` file whose keys are the names of the inputs, each as `fit_array` gives it.

    `optional`: inputs that need not be there.
    """
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            needed = {name: spec for name, spec in specs.items() if name not in optional}
            members = by_input({name.removesuffix(".npy"): name for name in archive.namelist()}, needed)
            check_names(members, specs, f"`{path}`", optional)
            arrays = {}
            for name, spec in specs.items():
                if name not in members:
                    continue
                with archive.open(members[name]) as stream:
                    arrays[name] = _read_stream(stream, spec, f"`{name}` of `{path}`")
            return arrays
    except BROKEN_ARCHIVE as error:
        raise InputError(f"`{path}` is not a whole .npz file: {error}") from None


def read_csv(path: Path, spec: InputSpec) -> np.ndarray:
    """The numbers of a `.csv` file, as `fit_array` gives them.

    A number a cell, cells parted by commas; rows are the first axis.  A vector is one row or one column.  A first row
    in which no cell is a number is a header.

    Raises:
        InputError: a cell is no finite number, a row has another length, or the table does not fit the input.  The
            message counts rows as an editor counts lines, columns from 1.
    """
    where = f"`{path}`"
    limit = 64 * (math.prod(spec.shape) + 1024)  # a number of 64 characters is none that anybody measured
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
    if size > limit:
        raise InputError(
            f"{where} is too large for input `{spec.name}`, which takes {spec.example}: "
            f"found {size:,} bytes, expected at most {limit:,}"
        )
    try:
        with path.open("rb") as file, TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
            rows = _read_rows(csv.reader(text, skipinitialspace=True), where)
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{where} is not a CSV file: {error}") from None
    table = np.array(rows, np.float64)
    if np.dtype(spec.dtype).kind in "iu" and np.array_equal(table, np.rint(table)) and np.abs(table).max() < 2**53:
        table = table.astype(np.int64)
    return fit_array(table, spec, where)


def _read_rows(reader: Iterable[list[str]], where: str) -> list[list[float]]:
    rows: list[list[float]] = []
    header_is_possible = True
    for cells in reader:
        if not cells:
            continue
        line = reader.line_num
        if header_is_possible and not any(_is_number(cell) for cell in cells):
            header_is_possible = False
            continue
        header_is_possible = False
        if rows and len(cells) != len(rows[0]):
            raise InputError(f"{where}: row {line} has {len(cells)} cells, expected {len(rows[0])} as in the first")
        rows.append([_number(cell, f"{where}: row {line}, column {column}") for column, cell in enumerate(cells, 1)])
    if not rows:
        raise InputError(f"{where} holds no numbers: expected one a cell", _CELLS)
    return rows


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell  # Python reads `1_000`, nobody else does


def _number(cell: str, where: str) -> float:
    if not _is_number(cell):
        found = f"`{cell[:40]}`" if cell.strip() else "an empty cell"
        raise InputError(f"{where} is no number: found {found}", _CELLS)
    if not math.isfinite(value := float(cell)):
        raise InputError(f"{where} is not finite: found `{cell[:40]}`")
    return value


def _read_stream(stream: BinaryIO, spec: InputSpec, where: str) -> np.ndarray:
    """The array of an open `.npy`; its header is compared with the input before anything behind it is read."""
    try:
        version = np.lib.format.read_magic(stream)
        if version != (1, 0):  # later versions are for tables of records, and their headers may be of any length
            raise ValueError(f"found version {version[0]}.{version[1]}, expected 1.0")
        shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
        if not _is_picture(shape, dtype, spec) and not _is_clip(shape, dtype, spec):
            _check_kind(dtype, spec, where)
            _check_shape(shape, _of_steps(shape, spec, where), where)
        stream.seek(0)
        array = np.lib.format.read_array(stream, allow_pickle=False)
    except (ValueError, SyntaxError, TokenError) as error:  # the header is a Python literal
        raise InputError(f"{where} is not a whole .npy array: {error}") from None
    return fit_array(array, spec, where)


def _is_picture(shape: tuple[int, ...], dtype: np.dtype, spec: InputSpec) -> bool:
    """Whether an array is a picture that has to be fitted: (height, width[, 1, 3 or 4]) uint8, 0..255."""
    if (
        spec.kind != "image"
        or dtype != np.uint8
        or (shape in (spec.example, spec.shape) and tuple(spec.limits) == (0, 255))
    ):
        return False
    size = shape[1:] if len(shape) == 4 and shape[0] == 1 else shape
    if len(size) == 3 and size[2] not in (1, 3, 4):
        return False
    return len(size) in (2, 3) and 0 < math.prod(size) <= 4 * PIXELS


def _is_clip(shape: tuple[int, ...], dtype: np.dtype, spec: InputSpec) -> bool:
    """Whether an array is a clip that has to be fitted: (frames, height, width[, 1, 3 or 4]) uint8, 0..255."""
    if not spec.takes_clips or dtype != np.uint8:
        return False
    if shape in (spec.example, spec.shape) and tuple(spec.limits) == (0, 255):
        return False
    size = shape[1:] if len(shape) == 5 and shape[0] == 1 else shape
    return len(size) in (3, 4) and (*size, 1)[3] in (1, 3, 4) and 0 < math.prod(size) <= CLIP_PIXELS


def _of_steps(shape: tuple[int, ...], spec: InputSpec, where: str) -> InputSpec:
    """The input with as many steps as an array of this shape has, where it may have fewer than the most."""
    if not spec.variable:
        return spec
    steps, longest = math.prod(shape) // math.prod(spec.shape[2:]), spec.shape[1]
    fitted = replace(spec, shape=(1, steps, *spec.shape[2:]))
    if not steps or not _alike(shape, fitted.shape):
        return spec
    if steps > longest:
        raise InputError(
            f"{where} is too long: found {shape}, which are {steps:,} steps; "
            f"input `{spec.name}` takes at most {longest:,}"
        )
    return fitted


def _check_kind(dtype: np.dtype, spec: InputSpec, where: str) -> None:
    takes = np.dtype(spec.dtype).kind
    if dtype.kind not in ("biuf" if takes == "f" else "biu"):
        found = _KINDS.get(dtype.kind, "no numbers")
        raise InputError(
            f"{where} has the wrong type: found {dtype} ({found}), "
            f"input `{spec.name}` takes {spec.dtype} ({_KINDS[takes]})"
        )


def _check_range(array: np.ndarray, spec: InputSpec, where: str) -> None:
    """A token beyond the table that it is looked up in has no meaning."""
    low, high = spec.range
    if (found := array.min()) < low or (found := array.max()) > high:
        raise InputError(f"{where} holds the number {found}: input `{spec.name}` takes {low} to {high}")


def _alike(shape: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether two shapes differ by axes of length 1 at most."""
    return [size for size in shape if size != 1] == [size for size in other if size != 1]


def _check_shape(shape: tuple[int, ...], spec: InputSpec, where: str) -> None:
    if not _alike(shape, spec.shape):
        raise InputError(
            f"{where} has the wrong shape: found {shape}, input `{spec.name}` takes {spec.example}",
            "pictures of any size are uint8 arrays, 0..255" if spec.kind == "image" else None,
        )
