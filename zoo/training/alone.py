"""One process at a time works at a run: a lock of the operating system, which the death of its holder releases."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zoo._system.durable import CLOSED, FULL, writing
from zoo.errors import InputError

try:
    import fcntl
except ImportError:  # Windows, where nothing keeps two trainings of one run apart
    fcntl = None

LOCK = ".lock"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Holds the run in `folder` while it lasts.

    Raises:
        InputError: another process holds it.
    """
    with writing(folder / LOCK, (*FULL, *CLOSED)):
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if fcntl is not None:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InputError(
                    f"another process is at work on `{folder}`",
                    "wait until it has ended; without `--resume` a new run begins",
                ) from None
        yield
    finally:
        os.close(descriptor)
