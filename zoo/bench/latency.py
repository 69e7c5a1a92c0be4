"""How fast the artifacts of bundles are beside each other: one process, taking turns, medians of bursts.

A figure alone says little, since another machine, or another hour, moves all of them; ratios within one run hold.
"""

import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata

from zoo._system.processor import cpu_name
from zoo._system.progress import ignore
from zoo.bundle import Bundle
from zoo.errors import InputError
from zoo.verify.measures.latency import summary, take_turns
from zoo.verify.running.artifacts import one_inference
from zoo.verify.running.examples import random_inputs

PACKAGES = ("hybrid-zoo", "ai-edge-litert", "numpy")
CLOCKS = {"thread CPU time": time.thread_time_ns, "wall time": time.perf_counter_ns}


@dataclass(frozen=True)
class Contestant:
    """One artifact that runs."""

    bundle: str
    target: str

    @property
    def name(self) -> str:
        """`resnet8.cifar10 int8`, unique in a run."""
        return f"{self.bundle} {self.target}"


def compare(
    bundles: Sequence[Bundle], targets: Sequence[str] = (), *, threads: int = 1, rounds: int = 30, report=ignore
) -> dict:
    """Times the artifacts of bundles, on random inputs that are in place before the clock starts.

    Args:
        bundles: whose artifacts run.
        targets: which of them; every one that a bundle ships unless given.
        threads: of the CPU kernels.  One thread is timed by its CPU time, several by wall time.
        rounds: bursts of each artifact.
        report: called with the stage, the artifacts prepared and those in all.

    Returns:
        `machine`, `clock`, `threads` and `rows`; a row has `bundle`, `target`, `median`, `p10`, `p90` in µs, and
        `ratio`, its median over that of the first row.

    Raises:
        InputError: the SavedModel is asked for, which is no file of LiteRT, or there is nothing to time.
        UnknownNameError: a bundle ships no such target.
    """
    entrants = [Contestant(bundle.name, target) for bundle in bundles for target in _targets(bundle, targets)]
    if len(set(entrants)) < len(entrants) or not entrants:
        raise InputError(f"{len(entrants)} artifacts to time: expected one at least, and none twice")
    by_name = {bundle.name: bundle for bundle in bundles}
    runs = {}
    for done, entrant in enumerate(entrants):
        report("preparing", done, len(entrants))
        runs[entrant.name] = _inference(by_name[entrant.bundle], entrant.target, threads)
    report("preparing", len(entrants), len(entrants))
    clock = "thread CPU time" if threads == 1 else "wall time"
    times = take_turns(runs, clock=CLOCKS[clock], rounds=rounds, report=report)
    return {
        "machine": {"cpu": cpu_name(), "versions": {name: metadata.version(name) for name in PACKAGES}}
        | {"python": platform.python_version()},
        "clock": clock,
        "threads": threads,
        "rows": _rows(entrants, times, threads),
    }


def _targets(bundle: Bundle, wanted: Sequence[str]) -> list[str]:
    """The targets of a bundle that are timed; whether it ships those that are wanted is seen when they are opened."""
    if "saved_model" in wanted:
        raise InputError("`saved_model` cannot be timed beside the others: it runs on TensorFlow, not on LiteRT")
    return list(wanted) or [target for target in bundle.targets if target != "saved_model"]


def _inference(bundle: Bundle, target: str, threads: int):
    example = {name: array[:1] for name, array in random_inputs(bundle.manifest).items()}
    return one_inference(bundle.artifact(target), example, threads=threads)


def _rows(entrants: Sequence[Contestant], times: Mapping[str, list[float]], threads: int) -> list[dict]:
    rows = [
        {"bundle": entrant.bundle, "target": entrant.target, **summary(times[entrant.name], threads=threads)}
        for entrant in entrants
    ]
    for row in rows:
        del row["threads"], row["cpu"]  # of all rows alike
        row["ratio"] = round(row["median"] / rows[0]["median"], 3)
    return rows
