"""Libraries of C++ talk on the file descriptor of standard error, past `sys.stderr` and past every log level."""

import atexit
import faulthandler
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def held_back(*, unless_it_fails: bool = False) -> Iterator[Callable[[], str]]:
    """Keeps what is written on standard error from the user while it lasts, or shows it once an error ends it.

    A signal that ends the process meanwhile shows where that was: nobody could show what was held back.

    Yields:
        What says all that was written so far.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    watch = not faulthandler.is_enabled()
    with tempfile.TemporaryFile() as talk:
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


def silence_at_exit() -> None:
    """Nothing is heard of C++ libraries that say farewell after Python has ended; what Python says is heard."""
    atexit.register(lambda: os.dup2(os.open(os.devnull, os.O_WRONLY), 2))
