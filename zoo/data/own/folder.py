"""A folder with a folder a class: pictures, sounds or clips; above the classes `train`, `validation`, `test` or not.

    flowers/rose/1.jpg                 train/rose/1.jpg
    flowers/tulip/a.png                test/tulip/a.png

A clip is a GIF or WebP file of several frames, or a folder of pictures.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from zoo.data.own.files import File, LeftOut, entries_of, look_at, of_one_kind
from zoo.data.own.found import Found, digest_of
from zoo.data.own.inputs import FileInput
from zoo.data.own.splits import NAMES, SPLITS, together
from zoo.data.own.targets import LOGITS, of_classes
from zoo.errors import DataError

_HOW = "expected a folder for each class, with its pictures, sounds or clips in it"


@dataclass(frozen=True)
class _Place:
    """Where a file stands."""

    name: str
    label: str
    split: str | None


def find_in_folder(root: Path) -> Found:
    """Looks at every file of a folder.

    Raises:
        DataError: there are no classes, or one; a class has no file that can be read.
    """
    places, left_out = _layout(root)
    files, broken = look_at(root, [place.name for place in places])
    left_out += broken
    if not files:
        raise DataError(f"`{root}` holds no file that can be read: {_first_of(broken)}", _HOW)
    files, strange = of_one_kind(files.values())
    left_out += strange
    _check_classes(root, places, files)
    places = [place for place in places if place.name in files]
    places, twice = _each_side_its_own(places, files)
    left_out += twice
    kept = [files[place.name] for place in places]
    answers = of_classes([place.label for place in places], f"`{root}`")
    [kind] = {file.facts.kind for file in kept}
    return Found(
        "folder",
        {kind: FileInput.of(kept)},
        {LOGITS: answers},
        together([file.sha256 for file in kept]),
        digest_of(f"{file.sha256} {file.name}" for file in kept),
        given=[place.split for place in places] if places[0].split else None,
        left_out=tuple(sorted(left_out, key=lambda each: each.name)),
        sizes=sizes_of(kept),
    )


def sizes_of(files: Sequence[File]) -> dict[str, int]:
    """How many files there are of each size, the commonest first."""
    return {
        " x ".join(map(str, shape)): count for shape, count in Counter(file.facts.shape for file in files).most_common()
    }


def _layout(root: Path) -> tuple[list[_Place], list[LeftOut]]:
    places, left_out = [], []
    folders, outside = _folders(root, root)
    if not folders:
        found = f"{len(outside):,} file{'s' * (len(outside) != 1)} and no folder" if outside else "nothing"
        raise DataError(f"`{root}` is no data set: found {found}", _HOW)
    left_out += outside
    if all(folder.name in NAMES for folder in folders) and any(_folders(folder, root)[0] for folder in folders):
        _check_splits(root, [folder.name for folder in folders])
        for folder in folders:
            classes, outside = _folders(folder, root)
            left_out += outside
            for each in classes:
                places += _files(each, root, NAMES[folder.name], left_out)
    else:
        for folder in folders:
            places += _files(folder, root, None, left_out)
    if not places:
        raise DataError(f"`{root}` is no data set: its folders hold no file", _HOW)
    return places, left_out


def _check_splits(root: Path, names: list[str]) -> None:
    if "train" not in names:
        raise DataError(f"`{root}` has no `train`: found {', '.join(names)}", "`validation` and `test` may be missing")
    if len({NAMES[name] for name in names}) < len(names):
        raise DataError(f"`{root}` has one split under two names: found {', '.join(names)}")


def _folders(folder: Path, root: Path) -> tuple[list[Path], list[LeftOut]]:
    """(the folders in it, what else there is)."""
    folders, others = [], []
    for name, path, reason in entries_of(folder, root):
        if reason is None and path.is_dir():
            folders.append(path)
        else:
            others.append(LeftOut(name, reason or "stands beside the folders of classes"))
    return folders, others


def _files(folder: Path, root: Path, split: str | None, left_out: list[LeftOut]) -> Iterator[_Place]:
    """What stands in the folder of a class; a folder there is a clip."""
    entries = list(entries_of(folder, root))
    if not entries:
        left_out.append(LeftOut(folder.relative_to(root).as_posix(), "is an empty folder"))
    for name, path, reason in entries:
        if reason is None and path.is_dir():
            reason = next((f"holds `{each.name}`, which {why}" for _, each, why in entries_of(path, root) if why), None)
        if reason:
            left_out.append(LeftOut(name, reason))
        else:
            yield _Place(name, folder.name, split)


def _check_classes(root: Path, places: Sequence[_Place], files: dict[str, File]) -> None:
    """A class of which nothing can be read would be forgotten in silence."""
    readable = Counter(place.label for place in places if place.name in files)
    for label in sorted({place.label for place in places}):
        if not readable[label]:
            raise DataError(f"`{root}`: no file of the class `{label}` can be read", f"`zoo data show {root}` says why")


def _each_side_its_own(places: list[_Place], files: dict[str, File]) -> tuple[list[_Place], list[LeftOut]]:
    """The same bytes stand in one split: where they were given to several, in the last of them."""
    last: dict[str, _Place] = {}
    for place in sorted(places, key=lambda place: SPLITS.index(place.split or "train")):
        last[files[place.name].sha256] = place
    kept, left_out = [], []
    for place in places:
        other = last[files[place.name].sha256]
        if other.split == place.split:
            kept.append(place)
        else:
            left_out.append(LeftOut(place.name, f"has the same bytes as `{other.name}`"))
    return kept, left_out


def _first_of(left_out: Sequence[LeftOut]) -> str:
    return f"`{left_out[0].name}` {left_out[0].reason}" if left_out else "found nothing"
