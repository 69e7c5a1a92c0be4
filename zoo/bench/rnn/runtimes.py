"""What each form costs on either runtime: time and memory of our files, beside the loop of the stock conversion."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import cache, partial
from pathlib import Path

import keras

from zoo._system.progress import ignore
from zoo.bench.rnn.cases import Case
from zoo.bench.rnn.contestants.conversions import stock_file
from zoo.bench.rnn.contestants.litert import ENGINES, RUNNERS
from zoo.bench.rnn.models import build, lower_case
from zoo.bench.rnn.report import Table
from zoo.bench.rnn.subprocess import run_in_subprocess
from zoo.bench.rnn.timing import ROUNDS, Quiet, medians
from zoo.bench.storage import machine
from zoo.export.convert import Converter
from zoo.verify.measures.first_run import first_run

CASES = (Case("LSTM", 100, 128, 4), Case("GRU", 50, 64, 2), Case("LSTM", 512, 64, 1))
FORMS = ("auto", "unrolled", "blocked")
STOCK = "stock loop"


def compare_runtimes(
    cases: Sequence[Case] = CASES, *, rounds: int = ROUNDS, patience: float = 0.0, report=ignore
) -> dict:
    """Times and weighs, in float32, what `auto` picks unless told the runtime, both forms, and the stock loop.

    Args:
        cases: of `cases`.
        rounds: bursts of each file.
        patience: seconds to wait in all for moments in which nobody else slows the machine down, see `timing.Quiet`.
        report: called with the stage, the cases done and those in all.

    Returns:
        `schema`, `machine`, and `rows`, one for each case: its facts, and of its `files` by name the `bytes` and, by
        runtime, `us` of one inference and `peak_memory_bytes`, what loading and running it adds to a fresh process.
    """
    quiet, rows = Quiet(patience), []
    with ExitStack() as stack:
        converter = cache(lambda: stack.enter_context(Converter()))
        for done, case in enumerate(cases):
            report("cases", done, len(cases))
            files = _files(case, converter())
            times = {
                runtime: run_in_subprocess(
                    medians, _loads(files, runtime), case.sequences(), rounds=rounds, quiet=quiet
                )
                for runtime in RUNNERS
            }
            rows.append({**case.facts(), "files": {name: _facts(name, files, times) for name in files}})
            keras.backend.clear_session()
    report("cases", len(cases), len(cases))
    return {"schema": 1, "machine": machine(), "rows": rows}


def table(results: Mapping) -> Table:
    """A row for each file of each case."""
    columns = ("model", "file", "bytes", "us CompiledModel", "MB", "us Interpreter", "MB")
    rows = [
        (
            row["name"],
            name,
            f"{facts['bytes']:,}",
            *(cell for runtime in RUNNERS for cell in _cells(facts[runtime])),
        )
        for row in results["rows"]
        for name, facts in row["files"].items()
    ]
    return Table(f"Time of one inference and peak memory, {results['machine']['cpu']}", columns, rows)


def _files(case: Case, converter: Converter) -> dict[str, bytes]:
    model = build(case)
    ours = {form: lower_case(case, model, "float32", form, converter).data for form in FORMS}
    return {STOCK: stock_file(case, False, lambda: converter), **ours}


def _loads(files: Mapping[str, bytes], runtime: str) -> dict[str, partial]:
    return {name: partial(RUNNERS[runtime], data) for name, data in files.items()}


def _facts(name: str, files: Mapping[str, bytes], times: Mapping[str, Mapping[str, float]]) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.tflite"
        path.write_bytes(files[name])
        return {"bytes": len(files[name])} | {
            runtime: {
                "us": round(times[runtime][name], 2),
                "peak_memory_bytes": first_run(path, ENGINES[runtime]).peak_memory_bytes,
            }
            for runtime in RUNNERS
        }


def _cells(figures: Mapping) -> tuple[str, str]:
    memory = figures["peak_memory_bytes"]
    return f"{figures['us']:,.0f}", "-" if memory is None else f"{memory / 1e6:,.1f}"
