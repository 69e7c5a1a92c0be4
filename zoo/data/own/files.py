"""The files of a data set: what each holds, the hash of its bytes, and why those that cannot be read cannot."""

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from zoo._system.processor import usable_cores
from zoo.data.own.reading import WORDS, FileFacts, look
from zoo.data.own.remembered import Remembered
from zoo.errors import InputError

IGNORED = ("__MACOSX", "Thumbs.db", "desktop.ini")
"""What systems leave in folders, beside all names that begin with a dot."""


@dataclass(frozen=True)
class LeftOut:
    """What stands among the examples and is none."""

    name: str
    """Relative to the data set."""
    reason: str


@dataclass(frozen=True)
class File:
    """One example on disk: a file, or a folder of frames."""

    name: str
    """Relative to the data set, its parts joined by `/`."""
    path: Path
    sha256: str
    """Of its bytes; of a folder, of the names and bytes of its frames."""
    facts: FileFacts


def look_at(root: Path, names: Sequence[str]) -> tuple[dict[str, File], list[LeftOut]]:
    """What the files of a data set hold: (by name those that can be read, the others).

    Each is hashed and decoded once, and again only if it has changed.

    Args:
        root: the folder of the data set.
        names: relative to it.
    """
    known = Remembered(root)
    stamps = {name: _stamp(root / name) for name in names}
    new = [name for name, stamp in stamps.items() if stamp and known.facts(name, stamp) is None]
    with ThreadPoolExecutor(usable_cores()) as pool:
        for name, facts in zip(new, pool.map(lambda name: _look(root / name), new), strict=True):
            if facts is not None:
                known.learn(name, stamps[name], facts)
    if new:
        known.save()
    files, left_out = {}, []
    for name, stamp in stamps.items():
        facts = known.facts(name, stamp) if stamp else None
        if facts is None:
            left_out.append(LeftOut(name, _why_closed(root / name)))
        elif facts[1]:
            left_out.append(LeftOut(name, facts[1]))
        else:
            digest, _, kind, shape, rate = facts
            files[name] = File(name, root / name, digest, FileFacts(kind, tuple(shape), rate))
    return files, left_out


def of_one_kind(files: Iterable[File]) -> tuple[dict[str, File], list[LeftOut]]:
    """(by name the files of the commonest kind and sample rate, the others); of equally common ones pictures."""
    files = list(files)
    common = Counter((file.facts.kind, file.facts.rate) for file in files)
    kind, rate = min(common, key=lambda each: (-common[each], list(WORDS).index(each[0]), each[1] or 0))
    kept, left_out = {}, []
    for file in files:
        if (file.facts.kind, file.facts.rate) == (kind, rate):
            kept[file.name] = file
        elif file.facts.kind != kind:
            left_out.append(LeftOut(file.name, f"is {WORDS[file.facts.kind]}, most others are {WORDS[kind][2:]}s"))
        else:
            left_out.append(LeftOut(file.name, f"has {file.facts.rate:,} samples a second, most others have {rate:,}"))
    return kept, left_out


def entries_of(folder: Path, root: Path) -> Iterator[tuple[str, Path, str | None]]:
    """(name relative to `root`, path, why it is left out or None) of what a folder holds, by name.

    Links are followed inside of `root` alone.
    """
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        if path.name.startswith(".") or path.name in IGNORED:
            continue
        name = path.relative_to(root).as_posix()
        if path.is_symlink() and not _stays_inside(path, root):
            yield name, path, "is a link that leaves the folder"
        elif path.is_symlink() and not path.exists():
            yield name, path, "is a link to nothing"
        elif not (path.is_dir() or path.is_file()):
            yield name, path, "is no file"
        else:
            yield name, path, None


def look_at_archive(path: Path, check: Callable[[], None]) -> str:
    """The hash of one file of arrays, which `check` has gone through once.

    Raises:
        DataError: whatever `check` finds.
    """
    known, name = Remembered(path.parent), f"{path.name} as arrays"
    stamp = _stamp(path)
    facts = known.facts(name, stamp) if stamp else None
    if facts is None:
        check()
        facts = [file_hash(path)]
        known.learn(name, stamp, facts)
        known.save()
    return facts[0]


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _look(path: Path) -> list | None:
    """`[sha256, reason, kind, shape, rate]`; None where the system did not let it be read."""
    try:
        digest = _digest(path)
        facts = look(path)
    except InputError as error:
        return [digest, error.message.removeprefix(f"`{path}` "), "", [], None]
    except OSError:
        return None
    return [digest, "", facts.kind, list(facts.shape), facts.rate]


def _digest(path: Path) -> str:
    if not path.is_dir():
        return file_hash(path)
    lines = [f"{each.name} {file_hash(each)}" for each in sorted(path.iterdir()) if each.is_file()]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _stamp(path: Path) -> list[int] | None:
    """Size and times; of a folder, of all that it holds.  None where the system does not say."""
    try:
        if not path.is_dir():
            status = path.stat()
            return [status.st_size, status.st_mtime_ns, status.st_ctime_ns]
        stamps = [path.stat(), *(each.stat() for each in sorted(path.iterdir()))]
        return [
            sum(each.st_size for each in stamps[1:]),
            max(each.st_mtime_ns for each in stamps),
            max(each.st_ctime_ns for each in stamps),
        ]
    except OSError:
        return None


def _why_closed(path: Path) -> str:
    if not os.access(path, os.R_OK):
        return "may not be read by this user" if path.exists() else "does not exist"
    return "cannot be read"


def _stays_inside(path: Path, root: Path) -> bool:
    try:
        return path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):  # a link to itself
        return False
