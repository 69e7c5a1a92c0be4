"""One run: case by case, its contestants made, timed beside each other, and let go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cache

import keras

from zoo._system.progress import ignore
from zoo.bench.rnn.bars import verdicts
from zoo.bench.rnn.cases import CELLS, INSTEAD_OF_LSTM, OTHERS, Case
from zoo.bench.rnn.contestants import Absent, Contestant
from zoo.bench.rnn.contestants.conversions import our_contestants, stock_contestants, warm_up
from zoo.bench.rnn.models import answer, build
from zoo.bench.rnn.subprocess import run_in_subprocess
from zoo.bench.rnn.timing import PROTOCOL, ROUNDS, Quiet, measure
from zoo.bench.storage import machine
from zoo.errors import ConversionError, needs
from zoo.export.convert import Converter

STOCK_TIME_LIMIT = 300.0
"""Seconds that one stock conversion may take."""


def compare(
    cases: Sequence[Case],
    *,
    peers: bool = False,
    rounds: int = ROUNDS,
    patience: float = 0.0,
    stock_time_limit: float = STOCK_TIME_LIMIT,
    keep: Callable[[dict], object] = lambda results: None,
    report=ignore,
) -> dict:
    """Times every case.

    Args:
        cases: from `cases.grid`.
        peers: whether the stock conversions, PyTorch and ONNX Runtime take part.
        rounds: bursts of each contestant.
        patience: seconds to wait in all for moments in which nobody else slows the machine down, see `timing.Quiet`.
        stock_time_limit: seconds that one stock conversion may take.
        keep: called after each case with all results so far, so that a run that is stopped leaves something.
        report: called with the stage, the cases done and those in all.

    Returns:
        `schema`, `machine`, `protocol`, `rows` (a case and its `contestants`), `bars` (see `bars.verdicts`).

    Raises:
        MissingExtraError: `peers`, and PyTorch, ONNX or ONNX Runtime is not installed.
    """
    if peers:
        with needs("peers"):
            import onnx  # noqa: F401
            import onnxruntime  # noqa: F401
            import torch  # noqa: F401
    protocol = {**PROTOCOL, "rounds": rounds, "patience_s": patience}
    results = {"schema": 1, "machine": machine(peers), "protocol": protocol, "rows": [], "bars": []}
    quiet = Quiet(patience)
    with ExitStack() as stack:
        converter = stack.enter_context(Converter())
        # Its process starts with it, and is not needed where all stock files are in the cache.
        stock_converter = cache(lambda: stack.enter_context(Converter(stock_time_limit)))
        warm_up(converter)
        for done, case in enumerate(cases):
            report("cases", done, len(cases))
            results["rows"].append(_row(case, converter, stock_converter if peers else None, rounds, quiet))
            results["rows"].sort(key=lambda row: (*CELLS, *OTHERS).index(row["cell"]))
            results["bars"] = verdicts(results)
            keep(results)
            keras.backend.clear_session()
    report("cases", len(cases), len(cases))
    return results


def _row(
    case: Case, converter: Converter, stock_converter: Callable[[], Converter] | None, rounds: int, quiet: Quiet
) -> dict:
    model, x = build(case), case.sequences()
    entrants = list(our_contestants(case, model, converter))
    if stock_converter is not None and not case.alone:
        entrants += _peers(case, stock_converter)
    try:
        figures = run_in_subprocess(measure, entrants, x, answer(model, x), rounds=rounds, quiet=quiet)
    except ConversionError as error:
        figures = {each.name: {"refused": error.message} for each in entrants}
    return {**case.facts(), "contestants": figures}


def _peers(case: Case, stock_converter: Callable[[], Converter]) -> Iterator[Contestant | Absent]:
    from zoo.bench.rnn.contestants.onnx_runtime import onnx_contestant
    from zoo.bench.rnn.contestants.pytorch import pytorch_contestant

    yield from stock_contestants(case, stock_converter)
    if case.cell in INSTEAD_OF_LSTM:
        yield onnx_contestant(replace(case, cell="LSTM"), "onnxruntime_lstm")
    if case.cell in OTHERS:
        return
    yield pytorch_contestant(case)
    yield onnx_contestant(case)
