"""Times files beside each other, and gives the differences."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from statistics import median

from zoo.bench.rnn.contestants.litert import CompiledFile
from zoo.bench.rnn.timing import WARM, pinned
from zoo.verify.measures.latency import take_turns

BURSTS = 3
"""Of each file, whenever it is its group's turn."""

Times = Mapping[str, list[float]]
"""µs of each file of a group, one figure a burst."""


def take_rounds(groups: Mapping[Hashable, Mapping[str, CompiledFile]], rounds: int) -> dict[Hashable, Times]:
    """Times groups of files, each group once a round.

    Files that are to be compared take turns within their group, so that a moment in which the machine is slower meets
    them all; the groups come round again, so that their figures can be added up.
    """
    times = {name: {file: [] for file in group} for name, group in groups.items()}
    with pinned():
        for number in range(rounds):
            for name, group in groups.items():
                runs = {file: each.run for file, each in group.items()}
                for file, bursts in take_turns(runs, rounds=BURSTS, burst=WARM, seed=number).items():
                    times[name][file] += bursts
    return times


def apart(times: Times, more: str, less: str) -> float:
    """By how many µs one file takes longer than the other: the median over bursts, each with its neighbour."""
    return median(one - other for one, other in zip(times[more], times[less], strict=True))
