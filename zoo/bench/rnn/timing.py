"""The protocol: who takes turns how, by which clock, when, and whose figures are refused."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from statistics import median

import numpy as np

from zoo.bench.rnn.contestants import FLOAT32, Absent, Contestant, Runner
from zoo.errors import ConversionError
from zoo.verify.measures.latency import BURST_NS, Burst, take_turns, take_turns_by

ROUNDS = 15
WARM = Burst(nanoseconds=BURST_NS, fewest=3, warm=2)
EMPTIED_BYTES = 64 * 2**20
OTHER_THREADS = 1.03
"""Where the process used more CPU time than the thread by this factor, other threads worked for the contestant."""
FLOAT_ERROR = 1e-4
"""A float32 contestant that is further from Keras, by the output's scale, does not compute the same."""

SLOWER = 1.15
"""A piece of work that takes so many times its fastest has a neighbour."""
PAUSE = 0.02
"""Seconds between two looks."""
LOOKS = 100
"""How many of them find the fastest at first."""
_NUMBERS = np.ones(256)

PROTOCOL = {
    "process": "one for each case, with LiteRT and the peers and without TensorFlow",
    "clock": "thread CPU time, one thread, pinned to one CPU where the system allows it",
    "order": "shuffled anew in every round",
    "burst_ms": BURST_NS / 1e6,
    "fewest_runs": WARM.fewest,
    "thrown_away": WARM.warm,
    "figure": "median over bursts, µs",
    "input": "in place; numpy_us: from NumPy to NumPy; cold_us: one run after 64 MiB were read",
    "waits": f"for at most `patience_s` in all, where a small piece of work takes over {SLOWER} of its fastest",
    "refused": f"process CPU time over {OTHER_THREADS} of thread CPU time, or a float32 error over {FLOAT_ERROR:g}",
}


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


class Quiet:
    """What to call before something is timed: comes back once nobody else slows the machine down.

    Thread CPU time leaves out what others run in between, but not what they run beside: a neighbour on the other thread
    of this core takes part of its units and of its caches, makes a small piece of work 1.6 times as slow (a virtual
    machine on an AMD EPYC), and not all contestants alike.  Such neighbours come and go within seconds.

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


def measure(
    entrants: Sequence[Contestant | Absent],
    x: np.ndarray,
    expected: np.ndarray,
    *,
    rounds: int = ROUNDS,
    quiet: Callable[[], object] = Quiet(),
) -> dict[str, dict]:
    """Loads contestants and times them beside each other on one input.

    Args:
        entrants: those that run, and those that cannot.
        x: (1, length, features); also what they hold in place.
        expected: Keras's answer, (1, length, units).
        rounds: bursts of each.
        quiet: called before a burst that is timed with the input in place.

    Returns:
        By name: `us`, `p10`, `p90`, `numpy_us`, `cold_us`, `process_ratio`, `error` (the largest, as a share of the
        output's scale), and the contestant's facts; or `refused`, why there are no times.
    """
    contestants = {each.name: each for each in entrants if isinstance(each, Contestant)}
    absent = {each.name: each.reason for each in entrants if isinstance(each, Absent)}
    timed = {}
    for name, each in contestants.items():
        try:
            if "same_as" not in each.facts:
                timed[name] = each.load(x)
        except ConversionError as error:
            absent[name] = error.message
    errors = {name: relative_error(each.infer(x), expected) for name, each in timed.items()}
    with pinned():
        runs = {name: each.run for name, each in timed.items()}
        placed = take_turns_by(
            runs,
            (time.thread_time_ns, time.process_time_ns),
            rounds=rounds,
            burst=replace(WARM, before=quiet),
        )
        calls = {name: (lambda each=each: each.infer(x)) for name, each in timed.items()}
        passed = take_turns(calls, rounds=rounds, burst=WARM)
        cold = take_turns(runs, rounds=rounds, burst=_cold())
    results = {name: {"refused": reason} for name, reason in absent.items()}
    for name, error in errors.items():
        figures = _figures(name, error, placed[name], passed[name], cold[name])
        results[name] = {**contestants[name].facts, "error": error, **figures}
    for name, each in contestants.items():
        if "same_as" in each.facts:
            results[name] = {**results[each.facts["same_as"]], **each.facts}
    return {each.name: results[each.name] for each in entrants}


def medians(
    loads: Mapping[Hashable, Callable[[np.ndarray], Runner]], x: np.ndarray, *, rounds: int, quiet: Callable[[], object]
) -> dict[Hashable, float]:
    """µs of one run with the input in place, by name, of what is loaded and timed beside each other."""
    runs = {name: load(x).run for name, load in loads.items()}
    with pinned():
        times = take_turns(runs, rounds=rounds, burst=replace(WARM, before=quiet))
    return {name: median(bursts) for name, bursts in times.items()}


def relative_error(output: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference as a share of the output's scale, which is 1 at least."""
    return float(np.abs(output - expected).max() / max(1.0, np.abs(expected).max()))


@contextmanager
def pinned() -> Iterator[None]:
    """Keeps this thread on the last of its CPUs, where the system can."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def _figures(name: str, error: float, placed: list, passed: list[float], cold: list[float]) -> dict:
    ratio = round(median(process / max(thread, 1e-9) for thread, process in placed), 4)
    if reason := refusal(name, ratio, error):
        return {"process_ratio": ratio, "refused": reason}
    thread = np.array([thread for thread, _ in placed])
    low, middle, high = np.quantile(thread, (0.1, 0.5, 0.9)).round(2).tolist()
    return {
        "us": middle,
        "p10": low,
        "p90": high,
        "numpy_us": round(median(passed), 2),
        "cold_us": round(median(cold), 2),
        "process_ratio": ratio,
    }


def refusal(name: str, process_ratio: float, error: float) -> str | None:
    """Why the figures of a contestant count for nothing, or None."""
    if process_ratio > OTHER_THREADS:
        return f"other threads worked too: process CPU time was {process_ratio:.2f} of the thread's"
    if name in FLOAT32 and not error <= FLOAT_ERROR:
        return f"it computes something else: off by {error:.1g} of the output's scale"
    return None


def _cold() -> Burst:
    """One run each, behind a read that fills the caches with something else."""
    other = np.zeros(EMPTIED_BYTES // 8, np.int64)
    other[:] = 1  # pages of zeros are one page until they are written
    return Burst(nanoseconds=0, fewest=1, warm=0, before=other.sum)
