"""From what a user gives to the arrays of a part.

One input: a file, an array or a text.  Several: a mapping of names, an `.npz` keyed by them, or `ecg=a.csv,rr=b.csv`.
"""

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

from zoo.errors import InputError
from zoo.runtime.reading import lengths, piped
from zoo.runtime.reading.arrays import InputSpec, check_names, fit_array, read_npz
from zoo.runtime.reading.readers import FOLDER, PICTURES, READABLE, reader_of, suffixes

Specs = Mapping[str, InputSpec]
_NAMED = re.compile(r"([^,=/\\]+)=[^,]")
_ENDS = {"image": ".png", "clip": ".gif", "wave": ".wav"}
"""Of a file that is to be pasted for a kind of input, where it is neither a text nor a table."""


def read_inputs(source: object, specs: Specs) -> dict[str, np.ndarray]:
    """Every input of a part by name, each of its `shape` and `dtype`.

    An input whose steps a length counts may be shorter; it is padded, and the length need not be given.

    Args:
        source: a path, `-` for standard input, `name=path,name=path`, an array, a picture of Pillow's, or a mapping of
            names to these; where an input takes texts, a text in the place of a path.
        specs: the part's inputs by name.

    Raises:
        InputError: an input is missing, unknown or not what the part takes; or a file is missing or cannot be read.
    """
    specs = lengths.of_any_length(specs)
    return lengths.complete(_read_all(source, specs, lengths.counters(specs).values()), specs)


def each_file(sources: Iterable[str], specs: Specs | None = None) -> Iterator[str]:
    """The sources, with all readable files of a folder in its place, in the order of their names.

    A folder stays what it is where an input takes clips: it is one.

    Args:
        sources: paths.
        specs: the part's inputs by name; without them, what an input of any numbers takes is readable.

    Raises:
        InputError: a folder holds none.
    """
    takes_folders = any(spec.takes_clips for spec in (specs or {}).values())
    for source in sources:
        if takes_folders or not os.path.isdir(source):
            yield source
            continue
        yield from map(str, readable_files(Path(source), specs))


def readable_files(folder: Path, specs: Specs | None = None) -> list[Path]:
    """The files of a folder that can be read as inputs, by name; see `each_file`.

    Raises:
        InputError: there is none.
    """
    ends = suffixes([spec.kind for spec in specs.values()] if specs else ["array"])
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in ends and path.is_file())
    if not files:
        raise InputError(f"`{folder}` holds no examples: expected files that end in {', '.join(ends)}")
    return files


def undeclared_pictures(source: object, specs: Specs) -> list[str]:
    """A sentence for each picture that is given to an input of which nobody said what values it takes."""
    named = by_name(source, specs) or dict.fromkeys(specs, source)
    return [
        f"input `{name}` was given a picture as values 0 to 255, for its manifest does not say which it takes: "
        f"`zoo export --input {name}=picture:0..255` (or `:0..1`) does"
        for name, spec in specs.items()
        if spec.kind == "array" and _is_picture(named.get(name))
    ]


def describe(source: object) -> str:
    """How an answer calls what it was made from."""
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    if isinstance(source, Mapping):
        return ",".join(f"{name}={describe(value)}" for name, value in source.items())
    return "array"


def _read_all(source: object, specs: Specs, optional: Collection[str]) -> dict[str, np.ndarray]:
    """The inputs that are there; those that are `optional` need not be."""
    named = by_name(source, specs)
    if named is not None:
        check_names(named, specs, f"`{describe(source)}`", optional)
        return {name: _read(named[name], spec) for name, spec in specs.items() if name in named}
    if isinstance(source, str | os.PathLike) and not any(_is_text(source, spec) for spec in specs.values()):
        path = piped.standard_input() if source == piped.NAME else Path(source)
        if path.suffix.lower() == ".npz":
            return read_npz(_existing(path), specs, optional)
    needed = [spec for name, spec in specs.items() if name not in optional]
    if len(needed) != 1:
        names = [spec.name for spec in needed]
        ends = [".txt" if spec.vocabulary else _ENDS.get(spec.kind, ".csv") for spec in needed]
        parts = ",".join(f"{name}={name}{end}" for name, end in zip(names, ends, strict=True))
        raise InputError(
            f"one input was given: expected {len(names)}, {', '.join(f'`{name}`' for name in names)}",
            f"give an .npz with these keys, or `{parts}`",
        )
    return {needed[0].name: _read(source, needed[0])}


def by_name(source: object, specs: Specs) -> Mapping[str, object] | None:
    """The inputs by name where the source names them; a file whose own name looks so is a file."""
    if isinstance(source, Mapping):
        return source
    match = _NAMED.match(source) if isinstance(source, str) else None
    if not match or os.path.exists(source):
        return None
    if match[1].strip() not in specs and len(specs) - len(lengths.counters(specs)) == 1:
        [only] = (spec for name, spec in specs.items() if name not in lengths.counters(specs).values())
        if _is_text(source, only):
            return None
    pairs = [piece.partition("=") for piece in re.split(r",(?=[^,=/\\]+=)", source)]
    names = [name.strip() for name, _, _ in pairs]
    if len(set(names)) != len(names):
        raise InputError(f"an input is named twice: `{source}`")
    return {name: path for name, (_, _, path) in zip(names, pairs, strict=True)}


def _read(source: object, spec: InputSpec) -> np.ndarray:
    if _is_text(source, spec):
        from zoo.runtime.reading.texts import fit_text

        return fit_text(source, spec, "the text")
    if isinstance(source, str | os.PathLike):
        return _read_file(piped.standard_input() if source == piped.NAME else Path(source), spec)
    if _is_of_pillow(source) and spec.takes_pictures:
        from zoo.runtime.reading.images import fit_image

        return fit_image(source, spec)
    try:
        return fit_array(np.asarray(source), spec, "the array")
    except ValueError as error:
        raise InputError(f"input `{spec.name}` is no array: {error}") from None


def _is_text(source: object, spec: InputSpec) -> bool:
    """Whether a text was typed for an input: one that is no name of a file.

    `cat.txt` is a file, missing or not; `is that a cat.txt` is one if it exists.
    """
    if not isinstance(source, str) or spec.vocabulary is None or source == piped.NAME:
        return False
    return not source.lower().endswith(READABLE) or (" " in source and not os.path.exists(source))


def _is_picture(source: object) -> bool:
    if isinstance(source, str | os.PathLike):
        return (piped.standard_input() if source == piped.NAME else Path(source)).suffix.lower() in PICTURES
    return _is_of_pillow(source)


def _is_of_pillow(source: object) -> bool:
    """Pillow is imported for pictures alone: it is a tenth of a cold start."""
    return type(source).__module__.startswith("PIL.")


def _read_file(path: Path | piped.Piped, spec: InputSpec) -> np.ndarray:
    suffix = path.suffix.lower()
    if isinstance(path, Path) and os.path.isdir(path):
        suffix = FOLDER
    elif isinstance(path, piped.Piped) and suffix == piped.TEXT and spec.vocabulary is not None:
        suffix = ".txt"
    if suffix != FOLDER:
        _existing(path)
    return reader_of(path, suffix, spec)(path, spec)


def _existing(path: Path | piped.Piped) -> Path | piped.Piped:
    if isinstance(path, piped.Piped):
        return path
    if not os.path.isfile(path):
        raise InputError(f"`{path}` {'is a folder' if os.path.isdir(path) else 'does not exist'}: expected a file")
    if not os.access(path, os.R_OK):
        raise InputError(f"`{path}` may not be read by this user")
    return path
