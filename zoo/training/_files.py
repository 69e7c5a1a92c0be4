"""Files that are there whole or not at all, whenever the process dies."""

import json
import os
from collections.abc import Callable
from pathlib import Path


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Has `write` fill a new file, brings it to the disk, and gives it the name `path`, whose old content goes.

    The new file ends as `path` does, since Keras looks at that.
    """
    new = path.with_name(f".new-{path.name}")
    write(new)
    with new.open("rb") as file:
        os.fsync(file.fileno())
    new.replace(path)
    _sync_folder(path.parent)


def write_text(path: Path, text: str) -> None:
    """`text` as UTF-8, atomically."""
    write_atomically(path, lambda new: new.write_text(text, "utf-8"))


def write_json(path: Path, value: object) -> None:
    """`value` as JSON for people and programs alike, atomically; NaN is a fault."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def _sync_folder(folder: Path) -> None:
    """Makes a rename in `folder` survive a power cut."""
    if os.name == "nt":  # Windows cannot open a folder
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
