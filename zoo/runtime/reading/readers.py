"""Which function reads which file for which kind of input: one table.

Readers take a path and an input, and give its array: (1, steps, ...) with fewer steps than the input has where it is
`variable`, else of its shape.  Pillow is imported for pictures alone: it is a tenth of a cold start.
"""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import numpy as np

from zoo.errors import InputError
from zoo.runtime.reading.arrays import InputSpec, read_csv, read_npy, read_npz

Reader = Callable[[Path, InputSpec], np.ndarray]
FOLDER = "/"
"""Stands for the suffix of a folder."""
PICTURES = (".png", ".jpg", ".jpeg", ".webp")


def _read_picture(path: Path, spec: InputSpec) -> np.ndarray:
    from zoo.runtime.reading.images import read_image

    return read_image(path, spec)


def _read_clip(path: Path, spec: InputSpec) -> np.ndarray:
    from zoo.runtime.reading.clips import read_clip

    return read_clip(path, spec)


def _read_folder(path: Path, spec: InputSpec) -> np.ndarray:
    from zoo.runtime.reading.clips import read_folder

    return read_folder(path, spec)


def _read_sound(path: Path, spec: InputSpec) -> np.ndarray:
    from zoo.runtime.reading.audio import read_wav

    return read_wav(path, spec)


def _read_text(path: Path, spec: InputSpec) -> np.ndarray:
    from zoo.runtime.reading.texts import read_text

    return read_text(path, spec)


def _read_one_of_npz(path: Path, spec: InputSpec) -> np.ndarray:
    return read_npz(path, {spec.name: spec})[spec.name]


_NUMBERS: Mapping[str, Reader] = {".npy": read_npy, ".npz": _read_one_of_npz, ".csv": read_csv}
_PICTURES: Mapping[str, Reader] = dict.fromkeys(PICTURES, _read_picture)
_SOUNDS: Mapping[str, Reader] = {".wav": _read_sound}
_CLIPS: Mapping[str, Reader] = {".gif": _read_clip, ".webp": _read_clip, FOLDER: _read_folder}
_TEXTS: Mapping[str, Reader] = {".txt": _read_text}

_READERS: Mapping[str, Mapping[str, Reader]] = {
    "image": {**_PICTURES, **_NUMBERS},
    "clip": {**_CLIPS, **_NUMBERS},
    "signal": {**_NUMBERS, **_SOUNDS},
    "wave": {**_NUMBERS, **_SOUNDS},
    "tokens": {**_TEXTS, **_NUMBERS},
    "features": _NUMBERS,
    "length": _NUMBERS,
    "array": {**_PICTURES, **_NUMBERS, **_SOUNDS},
}
READERS: Mapping[tuple[str, str], Reader] = {
    (kind, suffix): reader for kind, readers in _READERS.items() for suffix, reader in readers.items()
}
"""(kind of input, suffix of a file) -> what reads it."""
_WHAT = {
    **dict.fromkeys(PICTURES, "a picture"),
    **{".gif": "a clip", ".wav": "a sound", ".txt": "a text", FOLDER: "a folder: expected a file"},
}


def suffixes(kinds: Collection[str]) -> tuple[str, ...]:
    """The ends of files that can be read for inputs of these kinds."""
    return tuple(dict.fromkeys(suffix for kind in kinds for suffix in _READERS[kind] if suffix != FOLDER))


READABLE = suffixes(_READERS)
"""The ends of all files that can be read for some input."""


def reader_of(path: Path, suffix: str, spec: InputSpec) -> Reader:
    """What reads a file, or a folder, for an input.

    Raises:
        InputError: nothing does: what the file is and what the input takes.
    """
    reader = READERS.get((spec.kind, suffix))
    if reader is not None and _goes(reader, spec):
        return reader
    if suffix == FOLDER:
        raise InputError(f"`{path}` is {_WHAT[suffix]}")
    takes, kinds = f"input `{spec.name}` takes {spec.kind} of shape {spec.example}", ", ".join(_ends_for(spec))
    if suffix in _WHAT:
        no_words = " and its bundle has no vocabulary" if reader is _read_text else ""
        raise InputError(f"`{path}` is {_WHAT[suffix]}: {takes}{no_words}", f"a file for it ends in {kinds}")
    raise InputError(f"`{path}` is of no kind that can be read: {takes}", f"a file for it ends in {kinds}")


def _goes(reader: Reader, spec: InputSpec) -> bool:
    """Whether an input has the shape of what the reader gives."""
    if reader in (_read_clip, _read_folder):
        return spec.takes_clips
    if reader is _read_text:
        return spec.vocabulary is not None
    return reader is not _read_picture or spec.takes_pictures


def _ends_for(spec: InputSpec) -> list[str]:
    return [suffix for suffix, reader in _READERS[spec.kind].items() if suffix != FOLDER and _goes(reader, spec)]
