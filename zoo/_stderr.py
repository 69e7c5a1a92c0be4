"""Libraries of C++ talk on the file descriptor of standard error, past `sys.stderr` and past every log level."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def held_back(*, unless_it_fails: bool = False) -> Iterator[None]:
    """Keeps what is written on standard error from the user while it lasts, or shows it once an error ends it."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as talk:
        os.dup2(talk.fileno(), 2)
        try:
            yield
        except BaseException:
            if unless_it_fails:
                talk.seek(0)
                os.write(kept, talk.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
