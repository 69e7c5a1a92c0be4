"""What each runtime takes for a file and for each of its operators: behind the limit of the form that `any` picks."""

from __future__ import annotations

import tempfile
from pathlib import Path

from zoo.bench.rnn.cases import Case
from zoo.bench.rnn.models import INPUT, build
from zoo.errors import ConversionError
from zoo.export.convert import Converter
from zoo.export.lower import lower
from zoo.export.recurrences.holes import cut_open
from zoo.verify.measures.first_run import first_run

CASES = Case("LSTM", 64, 16, 1), Case("LSTM", 512, 16, 1)
"""Of so few units that weights hardly count, and unrolled, so that operators do."""
PACKS = {"compiled": False, "interpreter": True}
"""By runtime, whether each product packs weights of its own, see `forms.RUNTIMES`."""
ENGINES = {"compiled": "best", "interpreter": "interpreter"}
"""What `first_run` calls them."""


def measure_memory(converter: Converter) -> dict[str, dict]:
    """By runtime, the attributes of `memory.Memory`: the line through what two unrolled files take.

    Raises:
        ConversionError: a file cannot be run, or the system does not say what it takes.
    """
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{case.length}.tflite" for case in CASES]
        for case, path in zip(CASES, paths, strict=True):
            path.write_bytes(_file(case, converter))
        return {runtime: _line(runtime, [_peak(path, runtime) for path in paths]) for runtime in PACKS}


def _line(runtime: str, peaks: list[int]) -> dict:
    short, long = CASES
    operators, weights = _of_a_step(short)
    step = (peaks[1] - peaks[0]) / (long.length - short.length)
    operator = round((step - PACKS[runtime] * 4 * weights) / operators)
    return {"base": round(peaks[0] - short.length * step), "operator": operator, "packs": PACKS[runtime]}


def _of_a_step(case: Case) -> tuple[int, int]:
    """(operators, numbers in the weights that it reads)"""
    (hole,) = cut_open(build(case), {INPUT: ((1, *case.shape), "float32")}, "float32").holes
    return hole.cell.operators, hole.cell.weights


def _file(case: Case, converter: Converter) -> bytes:
    inputs = {INPUT: ((1, *case.shape), "float32")}
    return lower(build(case), inputs, "float32", form="unrolled", converter=converter).data


def _peak(path: Path, runtime: str) -> int:
    found = first_run(path, ENGINES[runtime])
    if found.peak_memory_bytes is None:
        raise ConversionError(f"memory cannot be measured here: {found.failure or 'the system does not say'}")
    return found.peak_memory_bytes
