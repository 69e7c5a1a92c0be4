"""Brings files and folders to the disk, so that a rename publishes nothing that a power cut can still lose."""

import os
from pathlib import Path


def sync(path: Path) -> None:
    """Returns when what `path` holds is on the disk: the content of a file, the names in a folder."""
    if os.name == "nt" and path.is_dir():  # Windows cannot open a folder
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """`sync` of a folder and of all that is in it."""
    for path in folder.rglob("*"):
        sync(path)
    sync(folder)
