"""`zoo bench`: how fast artifacts are, beside each other."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from zoo._system.durable import write_text
from zoo.bundle import load_bundle
from zoo.cli import _names
from zoo.cli._output import check_writable, import_tensorflow, print_json, progress_bar
from zoo.cli._tables import print_table
from zoo.errors import InputError

Patience = Annotated[
    float,
    typer.Option(metavar="SECONDS", min=0, help="Wait so long in all while others slow the machine down."),
]

app = typer.Typer(help="Compares speeds: contestants take turns in one process.", no_args_is_help=True)


@app.command("latency")
def latency(
    bundles: _names.BUNDLES,
    targets: Annotated[
        list[str] | None,
        typer.Option("--target", help="Only this target; may be given again.  All that ship unless given."),
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Threads of the CPU kernels.")] = 1,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="JSON", help="Keep the figures in this file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Times one inference of each artifact: `zoo bench latency resnet_tiny.digits --target float32 --target int8`."""
    from zoo.bench.latency import compare
    from zoo.bench.storage import write_figures

    _check_writable(out)
    with progress_bar() as report:
        results = compare([load_bundle(name) for name in bundles], targets or (), threads=threads, report=report)
    _show_latency(results, threads, as_json)  # before it is kept: a full disk takes no figures away
    if out is not None:
        write_figures(results, out)


def _show_latency(results: dict, threads: int, as_json: bool) -> None:
    if as_json:
        print_json(results)
        return
    count = f"{threads} thread{'s' if threads > 1 else ''}"
    columns = ("bundle", "target", "us", "p10", "p90", "ratio")
    rows = [
        (row["bundle"], row["target"], *(f"{row[key]:,.1f}" for key in ("median", "p10", "p90")), f"{row['ratio']:.2f}")
        for row in results["rows"]
    ]
    print_table(columns, rows, title=f"{results['clock']} of one inference, {count}, {results['machine']['cpu']}")


@app.command("rnn")
def rnn(
    peers: Annotated[
        bool, typer.Option("--peers", help="Beside the stock conversions, PyTorch and ONNX Runtime.")
    ] = False,
    cells: Annotated[
        str, typer.Option(help="Cells; the last six are models of a size of their own.")
    ] = "LSTM,GRU,SimpleRNN,IRNN,Bidirectional,ConvLSTM,Video,CRNN,IndRNN,Dilated",
    lengths: Annotated[str, typer.Option(help="Steps of a sequence.")] = "50,128,512",
    units: Annotated[str, typer.Option(help="Units of a layer.")] = "64,128",
    layers: Annotated[str, typer.Option(help="Layers of a model.")] = "1,2",
    long: Annotated[
        bool, typer.Option("--long", help="Also an LSTM of 64 units over 2000, 2048 and 8192 steps, alone.")
    ] = False,
    rounds: Annotated[int, typer.Option(min=1, help="Bursts of each contestant.")] = 15,
    patience: Patience = 0.0,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="JSON", help="Keep the figures in this file, row by row.")
    ] = None,
    write: Annotated[
        Path | None, typer.Option(metavar="PAGE.md", help="Write a page, and beside it its pictures and its JSON.")
    ] = None,
    figures: Annotated[
        Path | None, typer.Option("--from", metavar="JSON", help="Measure nothing: show the figures of this file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Times recurrent models as we lower them: `zoo bench rnn --cells LSTM,GRU --lengths 50 --units 64 --layers 1`.

    With `--peers`, beside what a user could pick instead, and with a verdict on each bar.  The whole grid takes about
    half an hour; stock conversions are kept in the user's cache.
    """
    from zoo.bench.rnn.report import for_screen, read_figures, write_report
    from zoo.bench.storage import write_figures

    _check_writable(out, write)
    kept = [path for path in (out, write and write.with_suffix(".json")) if path is not None]

    unkept: list[InputError] = []

    def keep(results: dict) -> None:
        """A disk that is full ends no comparison: what was measured is still shown."""
        unkept.clear()
        for path in kept:
            try:
                write_figures(results, path)
            except InputError as error:
                unkept.append(error)

    axes, timing = (cells, lengths, units, layers), {"rounds": rounds, "patience": patience}
    results = read_figures(figures) if figures else _compare(axes, long, peers, timing, keep)
    keep(results)
    _show(results, for_screen, as_json)
    if unkept:
        raise unkept[0]
    if write is not None:
        write_report(results, write)


@app.command("profile")
def profile(
    cells: Annotated[str, typer.Option(help="Cells.")] = "LSTM,GRU,SimpleRNN",
    units: Annotated[str, typer.Option(help="Units of a layer.")] = "64,128",
    targets: Annotated[str, typer.Option(help="What the files compute in.")] = "float32,dynamic_int8,int8",
    rounds: Annotated[int, typer.Option(min=1, help="How often each operator has its turn.")] = 6,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="JSON", help="Keep the figures in this file.")
    ] = None,
    write: Annotated[
        Path | None, typer.Option(metavar="PAGE.md", help="Write a page, and beside it its figures as JSON.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Says where the time of a recurrent step goes, operator by operator: `zoo bench profile --cells LSTM --units 64`.

    Beside them, the step as it runs, and what a loop costs.  All of it takes about three minutes;
    `zoo bench profile --write docs/bench_rnn_profile.md` keeps it.
    """
    from zoo.bench.rnn.cases import cases_to_profile

    _check_writable(out, write)
    wanted = targets.split(",")
    cases = cases_to_profile(cells.split(","), _numbers("units", units), wanted)
    import_tensorflow()
    from zoo.bench.rnn.profile.measurement import profile
    from zoo.bench.rnn.profile.report import for_screen, page
    from zoo.bench.storage import write_figures, write_page

    with progress_bar() as report:
        results = profile(cases, wanted, rounds=rounds, report=report)
    _show(results, for_screen, as_json)
    if out is not None:
        write_figures(results, out)
    if write is not None:
        write_page(page(results, write.as_posix()), results, write)


@app.command("runtimes")
def runtimes(
    cells: Annotated[str | None, typer.Option(help="Cells; as below unless given.")] = None,
    lengths: Annotated[str, typer.Option(help="Steps of a sequence, for these cells.")] = "100",
    units: Annotated[str, typer.Option(help="Units of a layer, for these cells.")] = "64",
    layers: Annotated[str, typer.Option(help="Layers of a model, for these cells.")] = "1",
    rounds: Annotated[int, typer.Option(min=1, help="Bursts of each file.")] = 15,
    patience: Patience = 0.0,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="JSON", help="Keep the figures in this file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Time and memory of recurrent files on CompiledModel and on the plain Interpreter: `zoo bench runtimes`.

    What `auto` picks, both forms, and the loop of the stock conversion; of LSTM T=100 4x128, GRU T=50 2x64 and LSTM
    T=512 1x64 unless told otherwise.
    """
    from zoo.bench.rnn.cases import grid

    _check_writable(out)
    sizes = [_numbers(*size) for size in (("lengths", lengths), ("units", units), ("layers", layers))]
    cases = grid(cells.split(","), *sizes) if cells else None
    import_tensorflow()
    from zoo.bench.rnn.runtimes import CASES, compare_runtimes, table
    from zoo.bench.storage import write_figures

    with progress_bar() as report:
        results = compare_runtimes(cases or CASES, rounds=rounds, patience=patience, report=report)
    if out is not None:
        write_figures(results, out)
    _show(results, lambda results: [table(results)], as_json)


@app.command("forms")
def forms(
    rounds: Annotated[int, typer.Option(min=1, help="Bursts of each contestant in a process.")] = 3,
    processes: Annotated[
        int, typer.Option(min=1, help="Fresh processes where the forms are close; the middle one counts.")
    ] = 3,
    patience: Patience = 0.0,
    write: Annotated[bool, typer.Option("--write", help="Make this the table that the form `auto` goes by.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Finds the lengths up to which an unrolled recurrence is faster than a blocked one: `zoo bench forms --write`.

    On LiteRT's `CompiledModel` with its weight cache and on its `Interpreter` without; takes about half an hour on a
    machine that does nothing else.
    """
    import_tensorflow()
    from zoo.bench.rnn.forms import measure_forms
    from zoo.export.recurrences.forms import TABLE

    if write:
        check_writable(TABLE)
    with progress_bar() as report:
        results = measure_forms(rounds=rounds, processes=processes, patience=patience, report=report)
    _show_forms(results, as_json)
    if write:
        write_text(TABLE, json.dumps(results, indent=1) + "\n")


def _show_forms(results: dict, as_json: bool) -> None:
    if as_json:
        print_json(results)
        return
    columns = (
        "cell",
        "units",
        "recurrences",
        "target",
        "runtime",
        "unrolled up to",
        "unrolled over blocked, by length",
    )
    rows = [
        (
            row["cell"],
            *(str(row[key]) for key in ("units", "recurrences", "target", "runtime", "unrolled_to")),
            ", ".join(f"{length}: {ratio:.2f}" for length, ratio in row["ratios"].items()),
        )
        for row in results["rows"]
    ]
    print_table(
        columns, rows, title=f"Time of the unrolled form over that of the blocked one, {results['machine']['cpu']}"
    )


def _check_writable(*paths: Path | None) -> None:
    for path in paths:
        if path is not None:
            check_writable(path)


def _show(results: dict, for_screen: Callable, as_json: bool) -> None:
    if as_json:
        print_json(results)
        return
    for table in for_screen(results):
        print_table(table.columns, table.rows, title=table.title)


def _compare(axes: tuple[str, ...], long: bool, peers: bool, timing: dict, keep: Callable[[dict], None]) -> dict:
    from zoo.bench.rnn.cases import LONG, grid

    sizes = [_numbers(what, text) for what, text in zip(("lengths", "units", "layers"), axes[1:], strict=True)]
    cases = grid(axes[0].split(","), *sizes)
    cases += [case for case in LONG if long and case not in cases]
    import_tensorflow()
    from zoo.bench.rnn.comparison import compare

    with progress_bar() as report:
        return compare(cases, peers=peers, **timing, keep=keep, report=report)


def _numbers(what: str, text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError as error:
        raise InputError(
            f"`--{what} {text}` cannot be read: expected whole numbers with commas between them"
        ) from error
