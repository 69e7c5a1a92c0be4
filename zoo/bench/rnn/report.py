"""The figures of a run as tables, for the screen and for the page of the docs, which is written here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from zoo.bench.rnn.bars import Row, figure, ratio, verdicts
from zoo.bench.rnn.cases import CALIBRATION_EXAMPLES, LONGEST_BESIDE_PEERS
from zoo.bench.rnn.contestants import OURS, PEERS
from zoo.bench.rnn.timing import OTHER_THREADS, SLOWER
from zoo.bench.storage import write_page
from zoo.errors import InputError

LABELS = {
    "stock_loop": "stock loop",
    "stock_unroll": "stock unroll",
    "pytorch": "PyTorch",
    "onnxruntime": "ONNX Runtime",
    "onnxruntime_lstm": "ONNX Runtime's LSTM",
}
TITLES = {
    "us": "Time of one inference, input in place, µs",
    "numpy_us": "From NumPy to NumPy, µs",
    "cold_us": "Cold: one run after 64 MiB were read, µs",
}

PAGE = """# Recurrent models beside their peers

Written by `zoo bench rnn --peers --long --rounds {rounds} --patience {patience_s:g} --write {page}`;
the figures are in [{json}]({json}).

One example at a time, one thread; 16 features a step in the models of the grid, all outputs returned.  Every contestant
computes with the same weights, drawn from a seed, and is compared with Keras; int8 is calibrated on {calibrated} inputs
from another seed.  Beside IndRNN and the dilated LSTM runs an LSTM of as many units and layers, which is no answer of
theirs: its error means nothing.  Sequences of more than {alone} steps are timed alone, in float32: they
show how the time of a step grows.

- Processor: {cpu} ({vectors})
- Versions: {versions}

Each case has a fresh process without TensorFlow.  In it contestants take turns, their order shuffled in each of at most
{rounds} rounds, in bursts of at least {burst_ms:g} ms and {fewest_runs} runs behind {thrown_away} that are thrown away.
A burst is put off while others slow the machine down: while a small piece of work takes over {slower:g} times its
fastest, for {patience_s:g} s in all.  A figure is the median over bursts of thread CPU time, pinned to one CPU.  It is
refused where the process used over {others:.0%} more CPU time than the thread, or where a float32 contestant does not
compute what Keras does.  All `.tflite` files, ours and stock, run on LiteRT's `CompiledModel` with XNNPACK's weight
cache in memory; where a file loops, XNNPACK knows that no shape changes.  PyTorch and ONNX Runtime read the sequence
time first.

## Bars

A ratio is a peer's time over ours, above 1 where ours is faster.  Ours is float32 in the form that `auto` picks for
`compiled`, this runtime, unless said otherwise.  `zoo bench runtimes` has the forms on the plain Interpreter too.

{bars}

![Time of each peer over ours, row by row]({plot})

{tables}

{refused}
"""


@dataclass(frozen=True)
class Table:
    """A title, the heads of the columns, and the cells as text."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]

    def markdown(self) -> str:
        """The table in Markdown, first column left and the others right."""
        lines = [self.columns, ("---", *["---:"] * (len(self.columns) - 1)), *self.rows]
        return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def for_screen(results: Mapping) -> list[Table]:
    """Times, ratios and bars."""
    return [times(results, "us"), *([ratios(results)] if _peers(results) else []), bars(results)]


def page(results: Mapping, name: str) -> str:
    """The page of the docs; the JSON and the plot stand beside it under the same name."""
    stem = name.rpartition("/")[2].removesuffix(".md")
    tables = [times(results, "us"), ratios(results), times(results, "numpy_us"), times(results, "cold_us")]
    tables += [sizes(results), seconds(results), errors(results)]
    return PAGE.format(
        page=name,
        json=f"{stem}.json",
        plot=f"{stem}.png",
        **machine_lines(results),
        others=OTHER_THREADS - 1,
        slower=SLOWER,
        calibrated=CALIBRATION_EXAMPLES,
        alone=LONGEST_BESIDE_PEERS,
        bars=bars(results).markdown(),
        tables="\n\n".join(f"## {table.title}\n\n{table.markdown()}" for table in tables),
        refused="\n".join(_refused(results)),
        **{key: results["protocol"][key] for key in ("rounds", "patience_s", "burst_ms", "fewest_runs", "thrown_away")},
    )


def write_report(results: Mapping, path: Path) -> None:
    """Writes the page, beside it, under the same name, its plot and its figures, and `speed.png` for a first look.

    Raises:
        InputError: one cannot be written.
    """
    from zoo.bench.rnn.plot import draw, draw_speed, shown

    draw(results, path.with_suffix(".png"))
    if shown(results):
        draw_speed(results, path.with_name("speed.png"))
    write_page(page(results, path.as_posix()), results, path)


def read_figures(path: Path) -> dict:
    """The figures of an earlier run, judged by the bars of today.

    Raises:
        InputError: the file is not there, or is no such file.
    """
    try:
        results = json.loads(path.read_text("utf-8"))
        return {**results, "bars": verdicts(results)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"`{path}` cannot be read: {error}", "`zoo bench rnn -o` writes such a file") from error


def machine_lines(results: Mapping) -> dict[str, str]:
    """What a page says of the machine: `cpu`, `vectors`, `versions`."""
    facts = results["machine"]
    return {
        "cpu": facts["cpu"],
        "vectors": ", ".join(facts["vector_extensions"]) or "vector extensions unknown",
        "versions": ", ".join(f"{package} {version}" for package, version in facts["versions"].items()),
    }


def times(results: Mapping, column: str) -> Table:
    """One of the three times of every contestant."""
    names = [*OURS, *_peers(results)]
    rows = [(_form(row), *(_number(figure(row, name, column)) for name in names)) for row in results["rows"]]
    return _by_row(results, TITLES[column], ["auto is", *names], rows)


def ratios(results: Mapping) -> Table:
    """Each peer's time over ours, and which form won."""
    peers = _peers(results)
    heads = ("model", "faster form", *(f"{LABELS[name]} / auto" for name in peers), "ONNX Runtime / best int8")
    return Table(
        "Ratios of time, peers over ours",
        heads,
        [
            (
                row["name"],
                _winner(row),
                *(_number(ratio(name)(row)) for name in peers),
                _number(ratio("onnxruntime", "dynamic_int8", "int8")(row)),
            )
            for row in results["rows"]
        ],
    )


def bars(results: Mapping) -> Table:
    """What was to be reached, and what was."""
    return Table(
        "Bars",
        ("against", "over", "rows", "found", "must", "aim", "verdict", "worst row"),
        [
            (
                bar["bar"],
                bar["over"],
                str(bar["rows"]),
                _number(bar["value"]),
                ("≤ " if bar["at_most"] else "≥ ") + _number(bar["must"]),
                _number(bar["aim"]),
                f"**{bar['verdict']}**" if bar["verdict"] == "missed" else bar["verdict"],
                bar["worst"] or "-",
            )
            for bar in results["bars"]
        ],
    )


def sizes(results: Mapping) -> Table:
    """Bytes of the files."""
    names = [*OURS, *(name for name in _peers(results) if name.startswith("stock"))]
    rows = [[_number(figure(row, name, "bytes")) for name in names] for row in results["rows"]]
    return _by_row(results, "Size of the file, bytes", names, rows)


def seconds(results: Mapping) -> Table:
    """What our conversions took."""
    rows = [
        ["/".join(_number(_fact(row, name, fact)) for fact in ("converter_cpu_s", "conversion_cpu_s")) for name in OURS]
        for row in results["rows"]
    ]
    return _by_row(results, "CPU seconds of the converter / of the whole conversion, imports aside", OURS, rows)


def errors(results: Mapping) -> Table:
    """How far each is from Keras."""
    names = [*OURS, *_peers(results)]
    rows = [[_small(_fact(row, name, "error")) for name in names] for row in results["rows"]]
    return _by_row(results, "Largest error, as a share of the output's scale", names, rows)


def _by_row(results: Mapping, title: str, names: Sequence[str], cells: Sequence[Sequence[str]]) -> Table:
    rows = [(row["name"], *those) for row, those in zip(results["rows"], cells, strict=True)]
    return Table(title, ("model", *(LABELS.get(name, name) for name in names)), rows)


def _fact(row: Row, name: str, fact: str) -> float | None:
    """What is known of a contestant even where its times are refused."""
    return row["contestants"].get(name, {}).get(fact)


def _refused(results: Mapping) -> Iterator[str]:
    """Who has no figures in which row, and why."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for row in results["rows"]:
        for name, contestant in row["contestants"].items():
            if "refused" in contestant:
                reasons.setdefault((row["name"], contestant["refused"]), []).append(LABELS.get(name, name))
    if not reasons:
        yield "No figure was refused, and nothing is missing."
        return
    yield from ("## Without figures", "")
    for (row, reason), names in reasons.items():
        yield f"- {row}, {', '.join(names)}: {reason}"


def _peers(results: Mapping) -> Sequence[str]:
    """The peers that took part."""
    return [name for name in PEERS if any(name in row["contestants"] for row in results["rows"])]


def _form(row: Row) -> str:
    forms = row["contestants"].get("auto", {}).get("forms", [])
    return " + ".join(dict.fromkeys(forms)) or "-"


def _winner(row: Row) -> str:
    known = {form: time for form in ("unrolled", "blocked") if (time := figure(row, form)) is not None}
    return min(known, key=known.get) if len(known) == 2 else "-"


def _number(value: float | None) -> str:
    """Three digits or more, without a tail of zeros."""
    if value is None:
        return "-"
    if isinstance(value, int) or abs(value) >= 100:
        return f"{value:,.0f}"
    if 0 < abs(value) < 0.01:
        return f"{value:.1e}"
    return f"{value:.1f}" if abs(value) >= 20 else f"{value:.2f}"


def _small(value: float | None) -> str:
    return "-" if value is None else f"{value:.0e}" if value else "0"
