"""How long one inference takes, on a machine that others use too.

Runs are timed in bursts by the CPU time of the thread, which other jobs hardly touch; wall time does not survive a
shared core.  Contestants take turns, in an order that is shuffled in every round, each burst after two runs that are
thrown away: none is always the one behind a neighbour that empties the caches.
"""

import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from zoo._system.processor import cpu_with_vectors
from zoo._system.progress import ignore

BURST_NS = 15_000_000
ROUNDS = 30
BUDGET_NS = 3_000_000_000
"""What one contestant may take in all; a slow one has fewer rounds, not fewer than `FEWEST`."""
FEWEST = 5

Clock = Callable[[], int]
"""Nanoseconds since some moment."""


@dataclass(frozen=True)
class Burst:
    """What one turn of a contestant is.

    Attributes:
        nanoseconds: as many runs are timed together as fill this time,
        fewest: and no fewer than these.
        warm: up to so many runs before them, no more than are timed, are thrown away.
        before: called before each burst.
    """

    nanoseconds: int = BURST_NS
    fewest: int = 1
    warm: int = 2
    before: Callable[[], object] = lambda: None

    def __call__(self, run: Callable[[], object], runs: int, clocks: Sequence[Clock]) -> list[float]:
        """One burst: ns an inference over `runs` of them, by each of the clocks."""
        self.before()
        for _ in range(min(self.warm, runs)):
            run()
        begin = [clock() for clock in clocks]
        for _ in range(runs):
            run()
        return [(clock() - since) / runs for clock, since in zip(clocks, begin, strict=True)]

    def runs(self, run: Callable[[], object], clock: Clock) -> int:
        """As many runs as fill a burst."""
        run()
        once = max(1.0, min(self(run, 1, (clock,))[0] for _ in range(3)))
        return max(self.fewest, math.ceil(self.nanoseconds / once))


def take_turns(
    contestants: Mapping[str, Callable[[], object]],
    *,
    clock: Clock = time.thread_time_ns,
    rounds: int = ROUNDS,
    seed: int = 0,
    burst: Burst = Burst(),
    report=ignore,
) -> dict[str, list[float]]:
    """Times contestants beside each other.

    Args:
        contestants: by name, a function that runs one inference with its input already in place.
        clock: nanoseconds; thread CPU time by default, which is right for one thread.
        rounds: bursts of each contestant.
        seed: of the order within the rounds.
        burst: what a turn is.
        report: called with the stage, the rounds done and those in all.

    Returns:
        By name: µs an inference, one figure a burst.
    """
    times = take_turns_by(contestants, (clock,), rounds=rounds, seed=seed, burst=burst, report=report)
    return {name: [time for (time,) in bursts] for name, bursts in times.items()}


def take_turns_by(
    contestants: Mapping[str, Callable[[], object]],
    clocks: Sequence[Clock],
    *,
    rounds: int = ROUNDS,
    seed: int = 0,
    burst: Burst = Burst(),
    report=ignore,
) -> dict[str, list[list[float]]]:
    """As `take_turns`, by several clocks at once, of which the first says how long a burst is.

    Returns:
        By name, for each burst: µs an inference by each clock.
    """
    order, shuffle = list(contestants), random.Random(seed).shuffle
    runs = {name: burst.runs(run, clocks[0]) for name, run in contestants.items()}
    times = {name: [] for name in order}
    affordable = [_affordable_rounds(burst(contestants[name], runs[name], clocks)[0] * runs[name]) for name in order]
    rounds = min(rounds, *affordable)
    for done in range(rounds):
        report("timing", done, rounds)
        shuffle(order)
        for name in order:
            times[name].append([time / 1000 for time in burst(contestants[name], runs[name], clocks)])
    report("timing", rounds, rounds)
    return times


def summary(times: list[float], *, threads: int, cpu: str | None = None) -> dict:
    """What a card says of latency: `median`, `p10`, `p90` of the bursts in µs, `threads`, `cpu`."""
    ranked = sorted(times)

    def quantile(share: float) -> float:
        return round(ranked[round(share * (len(ranked) - 1))], 2)

    return {
        "median": quantile(0.5),
        "p10": quantile(0.1),
        "p90": quantile(0.9),
        "threads": threads,
        "cpu": cpu or cpu_with_vectors(),
    }


def _affordable_rounds(nanoseconds: float) -> int:
    """How many bursts that take so long fit into the budget."""
    return max(FEWEST, BUDGET_NS // max(1, round(nanoseconds)))
