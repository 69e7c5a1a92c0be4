"""How long one inference takes, on a machine that others use too.

Runs are timed in bursts by the CPU time of the thread, which other jobs hardly touch; wall time does not survive a
shared core.  Contestants take turns, in an order that is shuffled in every round, each burst after two runs that are
thrown away: none is always the one behind a neighbour that empties the caches.
"""

import random
import time
from collections.abc import Callable, Mapping

from zoo._processor import cpu_name
from zoo.bundle import ignore

BURST_NS = 15_000_000
ROUNDS = 30
BUDGET_NS = 3_000_000_000
"""What one contestant may take in all; a slow one has fewer rounds, not fewer than `FEWEST`."""
FEWEST = 5


def take_turns(
    contestants: Mapping[str, Callable[[], object]],
    *,
    clock: Callable[[], int] = time.thread_time_ns,
    rounds: int = ROUNDS,
    seed: int = 0,
    report=ignore,
) -> dict[str, list[float]]:
    """Times contestants beside each other.

    Args:
        contestants: by name, a function that runs one inference with its input already in place.
        clock: nanoseconds; thread CPU time by default, which is right for one thread.
        rounds: bursts of each contestant.
        seed: of the order within the rounds.
        report: called with the stage, the rounds done and those in all.

    Returns:
        By name: µs an inference, one figure a burst.
    """
    order, shuffle = list(contestants), random.Random(seed).shuffle
    runs = {name: _runs_a_burst(run, clock) for name, run in contestants.items()}
    times = {name: [] for name in order}
    affordable = [_affordable_rounds(contestants[name], runs[name], clock) for name in order]
    rounds = min(rounds, *affordable)
    for done in range(rounds):
        report("timing", done, rounds)
        shuffle(order)
        for name in order:
            times[name].append(_burst(contestants[name], runs[name], clock) / 1000)
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
        "cpu": cpu or cpu_name(),
    }


def _affordable_rounds(run: Callable[[], object], runs: int, clock: Callable[[], int]) -> int:
    """How many bursts of `runs` inferences fit into the budget."""
    return max(FEWEST, BUDGET_NS // max(1, round(_burst(run, runs, clock) * runs)))


def _runs_a_burst(run: Callable[[], object], clock: Callable[[], int]) -> int:
    """As many runs as fill a burst: at least one."""
    run()
    once = max(1.0, min(_burst(run, 1, clock) for _ in range(3)))
    return max(1, round(BURST_NS / once))


def _burst(run: Callable[[], object], runs: int, clock: Callable[[], int]) -> float:
    """ns an inference over `runs` of them, after up to two that are not counted."""
    for _ in range(min(2, runs)):
        run()
    begin = clock()
    for _ in range(runs):
        run()
    return (clock() - begin) / runs
