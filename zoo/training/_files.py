"""The files of a run: there whole or not at all, whenever the process dies, and read with their damage named."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zoo._system.durable import write_text
from zoo.errors import InputError


def write_json(path: Path, value: object) -> None:
    """`value` as JSON for people and programs alike, atomically; NaN is a fault."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path, hint: str, *keys: str) -> dict:
    """The object in a file that has all of `keys`.

    Raises:
        InputError: it is not there, or damaged; `hint` says what to do.
    """
    with damaged(path, hint):
        value = json.loads(path.read_text("utf-8"))
        if not isinstance(value, dict):
            raise ValueError(f"found a {type(value).__name__}, expected an object")
        if missing := [key for key in keys if key not in value]:
            raise ValueError(f"it has no `{missing[0]}`")
    return value


@contextmanager
def damaged(path: Path, hint: str) -> Iterator[None]:
    """Turns it into a sentence if `path` cannot be read as what it should be.

    Raises:
        InputError: with the reader's reason.
    """
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, RecursionError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)[:200]
        raise InputError(f"`{path}` is damaged: {reason}", hint) from error
