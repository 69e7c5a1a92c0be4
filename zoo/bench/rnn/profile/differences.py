"""Times files beside each other, and gives the differences."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from zoo.bench.rnn.contestants.litert import CompiledFile
from zoo.bench.rnn.protocol.timing import WARM, pinned
from zoo.verify.measures.latency import take_turns

Times = Mapping[str, list[float]]
"""µs of each file of a group, one figure a round."""


def take_rounds(groups: Mapping[Hashable, Mapping[str, CompiledFile]], rounds: int) -> dict[Hashable, Times]:
    """Times groups of files, each group once a round.

    Files that are to be compared are a group, so that the machine serves them alike.  That the groups come round again
    and again, with one burst of each file, lets their figures be added up.
    """
    times = {name: {file: [] for file in group} for name, group in groups.items()}
    with pinned():
        for number in range(rounds):
            for name, group in groups.items():
                runs = {file: each.run for file, each in group.items()}
                for file, bursts in take_turns(runs, rounds=1, burst=WARM, seed=number).items():
                    times[name][file] += bursts
    return times


def unsteady(times: Times, file: str) -> float:
    """How many times as long as in its fastest round a file took in its slowest: what other work did to the figures."""
    return max(times[file]) / min(times[file])


def apart(times: Times, more: str, less: str) -> float:
    """By how many µs one file takes longer than the other, by the fastest round of each.

    Other work on the machine only ever lengthens a burst.  Medians, which serve where whole files are compared, vary on
    a shared machine by more than one small operator takes.
    """
    return min(times[more]) - min(times[less])
