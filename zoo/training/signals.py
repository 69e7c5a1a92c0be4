"""Ending a training on request: SIGINT (Ctrl-C) and SIGTERM are noted, and heeded between two batches."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from zoo.errors import ZooError

HEEDED = (signal.SIGINT, signal.SIGTERM)


class StoppedError(ZooError):
    """A training that was asked to stop, and has saved its state."""

    def __init__(self, message: str, number: int):
        super().__init__(message, "the same command with `--resume` goes on from there")
        self.exit_code = 128 + number  # as a shell reports a process that a signal ended


@dataclass
class StopRequest:
    """The signal that came, None so far."""

    number: int | None = None

    def heed(self, what: str) -> None:
        """Raises StoppedError if a signal came; `what` is stopped."""
        if self.number is not None:
            raise StoppedError(f"{signal.Signals(self.number).name} stopped {what}", self.number)


@contextmanager
def stop_requests() -> Iterator[StopRequest]:
    """Notes a signal instead of dying of it; the second one acts as ever, for those who cannot wait.

    Signals reach the main thread alone: in another one this does nothing.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {number: signal.getsignal(number) for number in HEEDED}

    def note(number, _frame) -> None:
        request.number = number
        restore()

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in HEEDED:
        signal.signal(number, note)
    try:
        yield request
    finally:
        restore()
