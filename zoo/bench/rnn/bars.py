"""What is to be reached beside each peer, and what was.

A ratio is a peer's time over ours: above 1 ours is faster.  Ours is the float32 file in the form that `auto` picks,
which is what a user gets, but where a bar says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

Row = Mapping
Value = Callable[[Row], float | None]


@dataclass(frozen=True)
class Bar:
    """One demand.

    Attributes:
        name: the demand in words.
        value: of a row, what is demanded of; None where the row does not have it.
        must: what every row, or their geometric mean, has to reach.
        aim: what it would better reach; None where there is no more to wish for.
        rows: which rows it is about.
        mean: whether the geometric mean counts, not every row.
        at_most: whether less is better.
    """

    name: str
    value: Value
    must: float
    aim: float | None = None
    rows: Callable[[Row], bool] = lambda row: True
    mean: bool = False
    at_most: bool = False


def verdicts(results: Mapping) -> list[dict]:
    """For every bar that stands on this CPU: `bar`, `over`, `rows`, `value`, `worst`, `must`, `aim`, `verdict`.

    `value` is the geometric mean, or that of the worst row, whose name is `worst`; `verdict` is `aim`, `must`, `missed`
    or `not measured`.
    """
    rows = results["rows"]
    return [verdict(bar, rows) for bar in bars_of(results["machine"]["vector_extensions"], rows)]


def verdict(bar: Bar, rows: Sequence[Row]) -> dict:
    """What became of one bar."""
    values = {row["name"]: bar.value(row) for row in rows if bar.rows(row)}
    values = {name: value for name, value in values.items() if value is not None}
    facts = {"bar": bar.name, "over": "mean" if bar.mean else "every row", "at_most": bar.at_most, "rows": len(values)}
    limits = {"must": bar.must, "aim": bar.aim}
    if not values:
        return {**facts, "value": None, "worst": None, **limits, "verdict": "not measured"}
    worst = (max if bar.at_most else min)(values, key=values.get)
    value = float(np.exp(np.mean(np.log([*values.values()])))) if bar.mean else values[worst]

    def reaches(limit: float | None) -> bool:
        return limit is not None and (value <= limit if bar.at_most else value >= limit)

    reached = "missed" if not reaches(bar.must) else "aim" if reaches(bar.aim) else "must"
    return {**facts, "value": value, "worst": worst, **limits, "verdict": reached}


def bars_of(vector_extensions: Sequence[str], rows: Sequence[Row]) -> list[Bar]:
    """The bars on a CPU of these extensions; some ask less of one without AVX-512, whose kernels are other ones."""
    wide = "avx512f" in vector_extensions
    integer = 1.4 if "avx512_vnni" in vector_extensions else 1.0
    return [*_stock(), *_pytorch(wide), *_onnx(wide, integer), *_own(rows)]


def figure(row: Row, name: str, column: str = "us") -> float | None:
    """A contestant's figure in a row, or None where it did not run or was refused."""
    contestant = row["contestants"].get(name, {})
    return None if "refused" in contestant else contestant.get(column)


def ratio(peer: str, *ours: str) -> Value:
    """A peer's time over that of the fastest of ours."""

    def value(row: Row) -> float | None:
        times = [time for name in ours or ("auto",) if (time := figure(row, name)) is not None]
        theirs = figure(row, peer)
        return theirs / min(times) if times and theirs is not None else None

    return value


def _share(peer: str) -> Value:
    """Our time over a peer's."""
    theirs_over_ours = ratio(peer)
    return lambda row: None if (value := theirs_over_ours(row)) is None else 1 / value


def _stock() -> list[Bar]:
    loop, unroll = ratio("stock_loop"), ratio("stock_unroll")
    return [
        Bar("stock loop, T=50", loop, 2, 4, lambda row: row["length"] == 50),
        Bar("stock loop, T=512", loop, 5, 10, lambda row: row["length"] == 512),
        *(
            Bar(f"stock loop, {cell}", loop, must, None, lambda row, cell=cell: row["cell"] == cell)
            for cell, must in (("ConvLSTM", 1.8), ("Video", 3), ("CRNN", 2.5))
        ),
        Bar("stock `unroll=True`", unroll, 0.95, None),
        Bar("stock `unroll=True`", unroll, 1.1, 1.3, mean=True),
    ]


def _pytorch(wide: bool) -> list[Bar]:
    def hard(row: Row) -> bool:
        return not wide and row["cell"] == "LSTM" and row["length"] == 512

    bars = [Bar("PyTorch", ratio("pytorch"), 1, 1.3, lambda row: not hard(row))]
    return bars if wide else [*bars, Bar("PyTorch, LSTM T=512", ratio("pytorch"), 0.85, 1.3, hard)]


def _onnx(wide: bool, integer: float) -> list[Bar]:
    least = {"LSTM": 0.90 if wide else 0.70, "GRU": 0.80, "SimpleRNN": 1.45, "IRNN": 0.95}

    def of(cell: str) -> Callable[[Row], bool]:
        return lambda row: row["cell"] == cell

    floats = [
        Bar(f"ONNX Runtime, {cell}", ratio("onnxruntime"), must, 1.2 if must < 1.2 else None, of(cell), mean=True)
        for cell, must in least.items()
    ]
    faster = ratio("onnxruntime", "dynamic_int8", "int8")
    name = "ONNX Runtime float32, {}, ours in int8 or dynamic_int8"
    floats += [Bar(name.format(cell), faster, integer, 2, of(cell), mean=True) for cell in ("LSTM", "GRU")]
    instead = [
        Bar(
            f"{cell} over ONNX Runtime's LSTM of its size",
            _share("onnxruntime_lstm"),
            must,
            aim,
            of(cell),
            at_most=True,
        )
        for cell, must, aim in (("IndRNN", 0.25, 0.12), ("Dilated", 1, 0.7))
    ]
    return floats + instead


def _own(rows: Sequence[Row]) -> list[Bar]:
    """What our files have to keep whoever runs beside them."""

    def error(row: Row) -> float | None:
        errors = [row["contestants"].get(form, {}).get("error") for form in ("unrolled", "blocked", "auto")]
        return max((each for each in errors if each is not None), default=None)

    def picked(row: Row) -> float | None:
        auto, forms = figure(row, "auto"), [figure(row, form) for form in ("unrolled", "blocked")]
        known = [time for time in forms if time is not None]
        return auto / min(known) if auto is not None and len(known) == 2 else None

    return [
        Bar("float32 error, of the output's scale", error, 1e-5, at_most=True),
        Bar("`auto` over the better form", picked, 1.05, at_most=True),
        Bar("time a step at T=2048 and more over T=512", _growth(rows), 1.15, at_most=True),
        Bar(
            "CPU seconds of the converter, unrolled LSTM 1x64, T=512",
            _seconds("unrolled"),
            2,
            None,
            _small(512),
            at_most=True,
        ),
        Bar(
            "CPU seconds of the converter, unrolled LSTM 1x64, T=2000",
            _seconds("unrolled"),
            5,
            None,
            _small(2000),
            at_most=True,
        ),
        Bar("CPU seconds of the converter, blocked", _seconds("blocked"), 1, None, at_most=True),
    ]


def _seconds(form: str) -> Value:
    return lambda row: row["contestants"].get(form, {}).get("converter_cpu_s")


def _small(length: int) -> Callable[[Row], bool]:
    return lambda row: (row["cell"], row["length"], row["units"], row["layers"]) == ("LSTM", length, 64, 1)


def _growth(rows: Sequence[Row]) -> Value:
    """How much longer a step takes than in the row of 512 steps, for rows of 2048 and more."""
    same = ("cell", "units", "layers")
    short = {tuple(row[key] for key in same): figure(row, "auto") for row in rows if row["length"] == 512}

    def value(row: Row) -> float | None:
        base, long = short.get(tuple(row[key] for key in same)), figure(row, "auto")
        if row["length"] < 2048 or base is None or long is None:
            return None
        return (long / row["length"]) / (base / 512)

    return value
