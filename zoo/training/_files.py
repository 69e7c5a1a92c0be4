"""Files that are there whole or not at all, whenever the process dies."""

import json
from collections.abc import Callable
from pathlib import Path

from zoo._durable import sync


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Has `write` fill a new file, brings it to the disk, and gives it the name `path`, whose old content goes.

    The new file ends as `path` does, since Keras looks at that.
    """
    new = path.with_name(f".new-{path.name}")
    write(new)
    sync(new)
    new.replace(path)
    sync(path.parent)


def write_text(path: Path, text: str) -> None:
    """`text` as UTF-8, atomically."""
    write_atomically(path, lambda new: new.write_text(text, "utf-8"))


def write_json(path: Path, value: object) -> None:
    """`value` as JSON for people and programs alike, atomically; NaN is a fault."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
