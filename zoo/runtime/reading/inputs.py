"""From what a user gives to the arrays of a part: which reader for which input.

One input: a file or an array.  Several: a mapping of names, an `.npz` keyed by them, or `ecg=a.csv,rr=b.csv`.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

from zoo.errors import InputError
from zoo.runtime.reading import piped
from zoo.runtime.reading.arrays import InputSpec, check_names, fit_array, read_csv, read_npy, read_npz

_PICTURES = (".png", ".jpg", ".jpeg", ".webp")
READABLE = (*_PICTURES, ".npy", ".npz", ".csv", ".wav")
_NAMED = re.compile(r"[^,=/\\]+=[^,]")


def read_inputs(source: object, specs: Mapping[str, InputSpec]) -> dict[str, np.ndarray]:
    """Every input of a part by name, each of its `shape` and `dtype`.

    Args:
        source: a path, `-` for standard input, `name=path,name=path`, an array, a picture of Pillow's, or a mapping of
            names to these.
        specs: the part's inputs by name.

    Raises:
        InputError: an input is missing, unknown or not what the part takes; or a file is missing or cannot be read.
    """
    named = by_name(source)
    if named is not None:
        check_names(named, specs, f"`{describe(source)}`")
        return {name: _read(named[name], spec) for name, spec in specs.items()}
    if isinstance(source, str | os.PathLike):
        source = _existing(source)
        if source.suffix.lower() == ".npz":
            return read_npz(source, specs)
    if len(specs) != 1:
        names = list(specs)
        raise InputError(
            f"one input was given: expected {len(names)}, {', '.join(f'`{name}`' for name in names)}",
            f"give an .npz with these keys, or `{','.join(f'{name}={name}.csv' for name in names)}`",
        )
    [spec] = specs.values()
    return {spec.name: _read(source, spec)}


def each_file(sources: Iterable[str]) -> Iterator[str]:
    """The sources, with all readable files of a folder in its place, in the order of their names.

    Raises:
        InputError: a folder holds none.
    """
    for source in sources:
        if not os.path.isdir(source):
            yield source
            continue
        yield from map(str, readable_files(Path(source)))


def readable_files(folder: Path) -> list[Path]:
    """The files of a folder that can be read as inputs, by name.

    Raises:
        InputError: there is none.
    """
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in READABLE and path.is_file())
    if not files:
        raise InputError(f"`{folder}` holds no examples: expected files that end in {', '.join(READABLE)}")
    return files


def undeclared_pictures(source: object, specs: Mapping[str, InputSpec]) -> list[str]:
    """A sentence for each picture that is given to an input of which nobody said what values it takes."""
    named = by_name(source) or dict.fromkeys(specs, source)
    return [
        f"input `{name}` was given a picture as values 0 to 255, for its manifest does not say which it takes: "
        f"`zoo export --input {name}=picture:0..255` (or `:0..1`) does"
        for name, spec in specs.items()
        if spec.kind != "image" and _is_picture(named.get(name))
    ]


def describe(source: object) -> str:
    """How an answer calls what it was made from."""
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    if isinstance(source, Mapping):
        return ",".join(f"{name}={describe(value)}" for name, value in source.items())
    return "array"


def by_name(source: object) -> Mapping[str, object] | None:
    """The inputs by name where the source names them; a file whose own name looks so is a file."""
    if isinstance(source, Mapping):
        return source
    if not isinstance(source, str) or not _NAMED.match(source) or Path(source).exists():
        return None
    pairs = [piece.partition("=") for piece in re.split(r",(?=[^,=/\\]+=)", source)]
    names = [name.strip() for name, _, _ in pairs]
    if len(set(names)) != len(names):
        raise InputError(f"an input is named twice: `{source}`")
    return {name: path for name, (_, _, path) in zip(names, pairs, strict=True)}


def _read(source: object, spec: InputSpec) -> np.ndarray:
    if isinstance(source, str | os.PathLike | piped.Piped):
        return _read_file(_existing(source), spec)
    if _is_of_pillow(source) and spec.takes_pictures:
        from zoo.runtime.reading.images import fit_image

        return fit_image(source, spec)
    try:
        return fit_array(np.asarray(source), spec, "the array")
    except ValueError as error:
        raise InputError(f"input `{spec.name}` is no array: {error}") from None


def _is_picture(source: object) -> bool:
    if isinstance(source, str | os.PathLike):
        return (piped.standard_input() if source == piped.NAME else Path(source)).suffix.lower() in _PICTURES
    return _is_of_pillow(source)


def _is_of_pillow(source: object) -> bool:
    """Pillow is imported for pictures alone: it is a tenth of a cold start."""
    return type(source).__module__.startswith("PIL.")


def _read_file(path: Path | piped.Piped, spec: InputSpec) -> np.ndarray:
    suffix = path.suffix.lower()
    if suffix in _PICTURES:
        if not spec.takes_pictures:
            raise InputError(f"`{path}` is a picture: input `{spec.name}` takes {spec.kind} of shape {spec.example}")
        from zoo.runtime.reading.images import read_image

        return read_image(path, spec)
    if suffix == ".wav":
        if spec.kind not in ("signal", "array"):
            raise InputError(f"`{path}` is a sound: input `{spec.name}` takes {spec.kind} of shape {spec.example}")
        from zoo.runtime.reading.audio import read_wav

        return read_wav(path, spec)
    if suffix == ".npz":
        return read_npz(path, {spec.name: spec})[spec.name]
    if suffix == ".npy":
        return read_npy(path, spec)
    if suffix == ".csv":
        return read_csv(path, spec)
    raise InputError(f"`{path}` is of no kind that can be read: expected {', '.join(READABLE)}")


def _existing(source: str | os.PathLike | piped.Piped) -> Path | piped.Piped:
    if isinstance(source, piped.Piped):
        return source
    if source == piped.NAME:
        return piped.standard_input()
    path = Path(source)
    if not path.is_file():
        raise InputError(f"`{path}` {'is a folder' if path.is_dir() else 'does not exist'}: expected a file")
    if not os.access(path, os.R_OK):
        raise InputError(f"`{path}` may not be read by this user")
    return path
