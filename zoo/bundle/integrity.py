"""Whether the files of a bundle are what its manifest lists: plain, inside, through no link, of their size and hash."""

import hashlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from zoo.errors import BundleError

AGAIN = "the bundle is damaged or was changed; get it again, or export it again"


def plain_file(folder: Path, relative: str) -> os.stat_result:
    """The status of a file below `folder`, which may be reached through no link and must be a plain file."""
    path = folder
    for part in relative.split("/"):
        path = path / part
        try:
            status = path.lstat()
        except OSError:
            raise BundleError(f"`{folder / relative}` is missing: its manifest lists it", AGAIN) from None
        if stat.S_ISLNK(status.st_mode):
            raise BundleError(f"`{path}` is a link: a bundle holds plain files and folders alone", AGAIN)
    if not stat.S_ISREG(status.st_mode):
        raise BundleError(f"`{path}` is not a plain file: its manifest lists it as one", AGAIN)
    return status


def check_content(path: Path, size: int, expected: Mapping) -> None:
    if size != expected["bytes"]:
        raise BundleError(f"`{path}` has the wrong size: found {size:,} bytes, expected {expected['bytes']:,}", AGAIN)
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected["sha256"]:
        raise BundleError(f"`{path}` has the wrong SHA-256: found {found}, expected {expected['sha256']}", AGAIN)


def refuse_unlisted(folder: Path, relative: str, listed: Mapping) -> None:
    """A folder that is read as a whole (a SavedModel) may hold nothing that the manifest does not list."""
    for path in (folder / relative).rglob("*"):
        name = path.relative_to(folder).as_posix()
        if name not in listed and not path.is_dir():
            raise BundleError(f"`{path}` is not listed in the bundle's manifest", AGAIN)


def refuse_links(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_symlink():
            raise BundleError(f"`{path}` is a link: a bundle holds plain files and folders alone", AGAIN)


def measure_files(folder: Path) -> dict[str, dict]:
    """`{relative path: {"bytes", "sha256"}}` of all files below a folder, sorted."""
    refuse_links(folder)
    measured = {}
    for path in sorted(path for path in folder.rglob("*") if not path.is_dir()):
        name = path.relative_to(folder).as_posix()
        size = plain_file(folder, name).st_size
        with path.open("rb") as file:
            measured[name] = {"bytes": size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}
    return measured
