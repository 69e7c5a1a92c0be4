"""Where the two forms part: the measurements behind the form `auto`, see `zoo.export.recurrences.forms`."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import cache, partial
from statistics import mean, median
from typing import NamedTuple

import numpy as np

from zoo._system.progress import ignore
from zoo.bench.rnn.cases import CALIBRATION_EXAMPLES, CELLS, LAYERS, UNITS, Case
from zoo.bench.rnn.contestants.litert import RUNNERS
from zoo.bench.rnn.memory import measure_memory
from zoo.bench.rnn.models import INPUT, build
from zoo.bench.rnn.protocol.apart import apart
from zoo.bench.rnn.protocol.machine import machine
from zoo.bench.rnn.protocol.quiet import Quiet
from zoo.bench.rnn.protocol.timing import medians
from zoo.export.convert import Converter
from zoo.export.lower import lower
from zoo.export.recurrences.cells import kinds_for
from zoo.export.recurrences.forms import ANY, Kind
from zoo.export.recurrences.holes import cut_open
from zoo.export.recurrences.recurrence import kind_of

LENGTHS = (32, 64, 128, 256, 512, 1024)
TARGETS = ("float32", "dynamic_int8", "int8")
WORTH = 0.96
"""The unrolled form is taken where it needs less than this share of the other's time: what it gains in caches of its
own it loses where others fill them, and its file is several times as large (a GRU of two layers of 64 units at T=512:
0.97 of the loop's time in quiet moments, 0.8 to 1.8 and 1.1 in the middle of seven processes that waited for none)."""
CLOSE = 1.25
"""By less than this factor a ratio may be on the wrong side of that."""


class Timing(NamedTuple):
    """How a ratio is measured, see `measure_forms`."""

    rounds: int
    processes: int
    quiet: Quiet


def measure_forms(
    *,
    cells: Sequence[str] = (*CELLS, "IndRNN"),
    units: Sequence[int] = UNITS,
    layers: Sequence[int] = LAYERS,
    lengths: Sequence[int] = LENGTHS,
    rounds: int = 3,
    processes: int = 3,
    patience: float = 0.0,
    report=ignore,
) -> dict:
    """Times both forms of every kind of recurrence at growing lengths, until the unrolled one is the slower.

    Args:
        cells, units, layers: of the kinds, as in `cases.Case`.
        lengths: in steps, ascending.
        rounds: bursts of each contestant in a process.
        processes: fresh ones, of whose ratios the middle one counts where the first is within a quarter of the one
            that decides: how much of a long file is in the caches depends on where a process got its memory.
        patience: seconds to wait in all for moments in which nobody else slows the machine down, see `quiet`.
        report: called with the stage, the kinds done and those in all.

    Returns:
        `schema`, `machine`, `memory` by runtime (see `memory.Memory`), and `rows`, one for each kind, target and
        runtime: see `forms.Row`; cells of one kind (an IRNN is a SimpleRNN, but where weights have 8 bits) are measured
        once.  `ratios` are the times of the unrolled form over those of the blocked one, by length; of `any`, `losses`.
    """
    kinds, rows = {}, []
    for target, *size in itertools.product(TARGETS, cells, units, layers):
        cell, *widths = size
        kinds.setdefault((target, _kind(Case(cell, 2, *widths), target)), size)
    timing = Timing(rounds, processes, Quiet(patience))
    with Converter() as converter:
        for done, ((target, kind), size) in enumerate(kinds.items()):
            report("kinds", done, len(kinds))
            rows += _rows(kind, *size, target, lengths, converter, timing)
        memory = measure_memory(converter)
    report("kinds", len(kinds), len(kinds))
    return {"schema": 1, "machine": machine(peers=False), "memory": memory, "rows": rows}


def _kind(case: Case, target: str) -> Kind:
    holes = cut_open(build(case), {INPUT: ((1, *case.shape), "float32")}, "float32", kinds_for(target)).holes
    return kind_of(holes[0], len(holes))


def _rows(
    kind: Kind,
    cell: str,
    units: int,
    layers: int,
    target: str,
    lengths: Sequence[int],
    converter: Converter,
    timing: Timing,
) -> Iterator[dict]:
    measured: dict[str, dict[int, float]] = {}
    files = cache(lambda length: _files(Case(cell, length, units, layers), target, converter))
    for runtime, runner in RUNNERS.items():
        ratios: dict[int, float] = {}
        for length in lengths:
            ratios[length] = round(_ratio(runner, *files(length), timing), 3)
            if ratios[length] > 1:
                break
        measured[runtime] = ratios
    for runtime, ratios in {**measured, ANY: losses(*measured.values())}.items():
        yield {
            "cell": cell,
            "target": target,
            "runtime": runtime,
            **asdict(kind),
            "unrolled_to": crossing(ratios),
            "ratios": {str(length): ratio for length, ratio in ratios.items()},
        }


def losses(*runtimes: Mapping[int, float]) -> dict[int, float]:
    """What is lost by the unrolled form where that is most, over what is lost by the loop where that is most.

    Args:
        runtimes: of each its ratios by length, times of the unrolled form over those of the loop.

    Returns:
        By those lengths that all of them have; the loop is the better choice above 1.
    """
    common = sorted(set.intersection(*map(set, runtimes)))
    by_length = {length: [ratios[length] for ratios in runtimes] for length in common}
    return {
        length: round(max(1.0, *found) / max(1.0, *(1 / ratio for ratio in found)), 3)
        for length, found in by_length.items()
    }


def _files(case: Case, target: str, converter: Converter) -> tuple[dict[str, bytes], np.ndarray]:
    """A file in each form, and what to run it on."""
    model = build(case)
    calibration = {INPUT: case.sequences(CALIBRATION_EXAMPLES, seed=1)} if target == "int8" else None
    inputs = {INPUT: ((1, *case.shape), "float32")}
    files = {
        form: lower(model, inputs, target, calibration=calibration, form=form, converter=converter).data
        for form in ("unrolled", "blocked")
    }
    return files, case.sequences()


def _ratio(runner: Callable, files: Mapping[str, bytes], x: np.ndarray, timing: Timing) -> float:
    """The time of the unrolled file over that of the blocked one, in processes that run nothing else.

    Beside the other runtime's files it is another: of an LSTM of 64 units over 512 steps 1.11 in the middle, not 0.96.
    """
    loads, ratios = {form: partial(runner, data) for form, data in files.items()}, []
    for _ in range(timing.processes):
        times = apart(medians, loads, x, rounds=timing.rounds, quiet=timing.quiet)
        ratios.append(times["unrolled"] / times["blocked"])
        if not WORTH / CLOSE < ratios[0] < WORTH * CLOSE:
            break
    return median(ratios)


def crossing(ratios: Mapping[int, float]) -> int:
    """The length, in steps, up to which the unrolled form is worth it; between two lengths on a line through logs.

    What the unrolled form gains shrinks with the length: where it was measured to grow, that is chance, see `rising`.

    Args:
        ratios: by length, ascending: time of the unrolled form over that of the blocked one.
    """
    before: tuple[int, float] | None = None
    for length, ratio in rising(ratios).items():
        if ratio > WORTH:
            break
        before = (length, ratio)
    else:
        return before[0]
    if before is None:
        return 0
    share = math.log(before[1] / WORTH) / math.log(before[1] / ratio)
    return int(before[0] * (length / before[0]) ** share)


def rising(ratios: Mapping[int, float]) -> dict[int, float]:
    """The nearest ratios that never fall with the length, by logs: isotonic regression (pool adjacent violators)."""
    pools: list[list[float]] = []
    for ratio in ratios.values():
        pools.append([math.log(ratio)])
        while len(pools) > 1 and mean(pools[-2]) > mean(pools[-1]):
            pools[-2:] = [pools[-2] + pools[-1]]
    return dict(zip(ratios, (math.exp(mean(pool)) for pool in pools for _ in pool), strict=True))
