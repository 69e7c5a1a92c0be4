"""C++ libraries write to the file descriptor of standard error, past `sys.stderr` and past every log level."""

import faulthandler
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_one_at_a_time = threading.RLock()
"""The descriptor is the process's: of two threads that redirect it, the later would bring the earlier's file back."""


@contextmanager
def held_back(*, unless_it_fails: bool = False) -> Iterator[Callable[[], str]]:
    """Keeps what is written on standard error from the user while it lasts, or shows it once an error ends it.

    A signal that ends the process meanwhile shows where that was: nobody could show what was held back.  Threads take
    turns; what others say meanwhile is held back, too.

    Yields:
        What says all that was written so far.
    """
    with _one_at_a_time, tempfile.TemporaryFile() as talk:
        sys.stderr.flush()
        kept = os.dup(2)
        watch = not faulthandler.is_enabled()
        os.dup2(talk.fileno(), 2)
        if watch:
            faulthandler.enable(kept)
        try:
            yield lambda: os.pread(talk.fileno(), 1 << 20, 0).decode("utf-8", "replace")
        except BaseException:
            if unless_it_fails:
                talk.seek(0)
                os.write(kept, talk.read())
            raise
        finally:
            if watch:
                faulthandler.disable()
            os.dup2(kept, 2)
            os.close(kept)


class _Farewell:
    """Turns standard error away when Python, which ends before the C++ libraries do, takes its modules apart."""

    def __init__(self):
        self._nowhere = os.open(os.devnull, os.O_WRONLY)

    def __del__(self, dup2: Callable[[int, int], int] = os.dup2):  # `os` itself may be gone by then
        dup2(self._nowhere, 2)


_farewells: list[_Farewell] = []


def silence_at_exit() -> None:
    """Hides what C++ libraries print after Python has ended; what Python prints is shown."""
    if not _farewells:
        _farewells.append(_Farewell())
