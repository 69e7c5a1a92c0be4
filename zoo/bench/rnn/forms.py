"""The measurements behind the form `auto`, see `zoo.export.recurrences.forms`: times of both forms, and memory."""

from __future__ import annotations

import itertools
import math
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import cache, partial
from pathlib import Path
from statistics import mean, median
from typing import NamedTuple

import numpy as np

from zoo._system.progress import ignore
from zoo.bench.rnn.cases import CELLS, LAYERS, TARGETS, UNITS, Case
from zoo.bench.rnn.contestants.litert import ENGINES, RUNNERS
from zoo.bench.rnn.models import build, inputs_of, lower_case
from zoo.bench.rnn.subprocess import run_in_subprocess
from zoo.bench.rnn.timing import Quiet, medians
from zoo.bench.storage import machine
from zoo.errors import ConversionError
from zoo.export.convert import Converter
from zoo.export.recurrences.cells import kinds_for
from zoo.export.recurrences.forms import ANY, Kind
from zoo.export.recurrences.holes import cut_open
from zoo.export.recurrences.recurrence import kind_of
from zoo.verify.measures.first_run import first_run

LENGTHS = (32, 64, 128, 256, 512, 1024)
WORTH = 0.96
"""The unrolled form is taken where it needs less than this share of the other's time: what it gains in caches of its
own it loses where others fill them, and its file is several times as large (a GRU of two layers of 64 units at T=512:
0.97 of the loop's time in quiet moments, 0.8 to 1.8 and 1.1 in the middle of seven processes that waited for none)."""
CLOSE = 1.25
"""By less than this factor a ratio may be on the wrong side of that."""

MEMORY_CASES = Case("LSTM", 64, 16, 1), Case("LSTM", 512, 16, 1)
"""Of so few units that weights hardly count, and unrolled, so that operators do."""
PACKS = {"compiled": False, "interpreter": True}
"""By runtime, whether each product packs weights of its own, see `forms.RUNTIMES`."""


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
        patience: seconds to wait in all for moments in which nobody else slows the machine down, see `timing.Quiet`.
        report: called with the stage, the kinds done and those in all.

    Returns:
        `schema`, `machine`, `memory` by runtime (see `measure_memory`), and `rows`, one for each kind, target and
        runtime: see `forms.Row` of `zoo.export.recurrences`; cells of one kind (an IRNN is a SimpleRNN, but where
        weights have 8 bits) are measured once.  `ratios` are the times of the unrolled form over those of the blocked
        one, by length; of `any`, `losses`.
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
    return {"schema": 1, "machine": machine(), "memory": memory, "rows": rows}


def _kind(case: Case, target: str) -> Kind:
    holes = cut_open(build(case), inputs_of(case), "float32", kinds_for(target)).holes
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
        length: round(max(1.0, *each) / max(1.0, *(1 / ratio for ratio in each)), 3)
        for length, each in by_length.items()
    }


def _files(case: Case, target: str, converter: Converter) -> tuple[dict[str, bytes], np.ndarray]:
    """A file in each form, and what to run it on."""
    model = build(case)
    files = {form: lower_case(case, model, target, form, converter).data for form in ("unrolled", "blocked")}
    return files, case.sequences()


def _ratio(runner: Callable, files: Mapping[str, bytes], x: np.ndarray, timing: Timing) -> float:
    """The time of the unrolled file over that of the blocked one, in processes that run nothing else.

    Beside the other runtime's files it is another: of an LSTM of 64 units over 512 steps 1.11 in the middle, not 0.96.
    """
    loads, ratios = {form: partial(runner, data) for form, data in files.items()}, []
    for _ in range(timing.processes):
        times = run_in_subprocess(medians, loads, x, rounds=timing.rounds, quiet=timing.quiet)
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


def measure_memory(converter: Converter) -> dict[str, dict]:
    """By runtime, the attributes of `memory.Memory`: the line through what two unrolled files take.

    Raises:
        ConversionError: a file cannot be run, or the system does not say what it takes.
    """
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{case.length}.tflite" for case in MEMORY_CASES]
        for case, path in zip(MEMORY_CASES, paths, strict=True):
            path.write_bytes(lower_case(case, build(case), "float32", "unrolled", converter).data)
        return {runtime: _line(runtime, [_peak(path, runtime) for path in paths]) for runtime in PACKS}


def _line(runtime: str, peaks: list[int]) -> dict:
    short, long = MEMORY_CASES
    operators, weights = _of_a_step(short)
    step = (peaks[1] - peaks[0]) / (long.length - short.length)
    operator = round((step - PACKS[runtime] * 4 * weights) / operators)
    return {"base": round(peaks[0] - short.length * step), "operator": operator, "packs": PACKS[runtime]}


def _of_a_step(case: Case) -> tuple[int, int]:
    """(operators, numbers in the weights that it reads)"""
    (hole,) = cut_open(build(case), inputs_of(case), "float32").holes
    return hole.cell.operators, hole.cell.weights


def _peak(path: Path, runtime: str) -> int:
    run = first_run(path, ENGINES[runtime])
    if run.peak_memory_bytes is None:
        raise ConversionError(f"memory cannot be measured here: {run.failure or 'the system does not say'}")
    return run.peak_memory_bytes
