"""Waiting until nobody else slows this machine down.

Thread CPU time leaves out what others run in between, but not what they run beside: a neighbour on the other thread of
this core takes part of its units and of its caches, makes a small piece of work 1.6 times as slow (a virtual machine on
an AMD EPYC), and not all contestants alike.  Such neighbours come and go within seconds.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np

SLOWER = 1.15
"""A piece of work that takes so many times its fastest has a neighbour."""
PAUSE = 0.02
"""Seconds between two looks."""
LOOKS = 100
"""How many of them find the fastest at first."""


class Quiet:
    """What to call before something is timed: comes back once nobody else slows the machine down.

    Args:
        patience: seconds that all calls may wait together; with none, nothing is waited for or looked at.
        look: does a piece of work, and says how long that took.
    """

    def __init__(self, patience: float = 0.0, look: Callable[[], float] | None = None):
        self.left = patience
        self._look = look or _work
        self._fastest = math.inf

    def __call__(self) -> None:
        if self.left <= 0:
            return
        if math.isinf(self._fastest):
            for _ in range(LOOKS):
                self._fastest = min(self._fastest, self._look())
                self._pause()
        while (taken := self._look()) > SLOWER * self._fastest and self.left > 0:
            self._pause()
        self._fastest = min(self._fastest, taken)

    def learn(self, other: Quiet) -> None:
        """Goes on where another left off: one that was sent to a process of its own."""
        self.left, self._fastest = other.left, other._fastest

    def _pause(self) -> None:
        time.sleep(PAUSE)
        self.left -= PAUSE


_NUMBERS = np.ones(256)


def _work() -> float:
    """Nanoseconds of this thread for some 0.1 ms of arithmetic and calls, all in the first cache.

    It is done twice, and the second time counts: behind a pause the caches are cold.
    """
    for _ in range(2):
        since = time.thread_time_ns()
        for _ in range(100):
            _NUMBERS.sum()
        taken = time.thread_time_ns() - since
    return taken
