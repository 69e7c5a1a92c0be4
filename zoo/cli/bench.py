"""`zoo bench`: how fast artifacts are, beside each other."""

import json
from pathlib import Path
from typing import Annotated

import typer

from zoo.bundle import load_bundle
from zoo.cli._later import later
from zoo.cli._output import check_writable, print_json, print_table, progress_bar
from zoo.errors import InputError

app = typer.Typer(help="Compares speeds: contestants take turns in one process.", no_args_is_help=True)


@app.command("latency")
def latency(
    bundles: Annotated[list[str], typer.Argument(metavar="BUNDLE", help="Bundles by name or folder.")],
    targets: Annotated[
        list[str] | None,
        typer.Option("--target", help="Only this target; may be given again.  All that ship unless given."),
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Threads of the CPU kernels.")] = 1,
    peers: Annotated[bool, typer.Option("--peers", help="Beside other runtimes.")] = False,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="JSON", help="Keep the figures in this file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Times one inference of each artifact: `zoo bench latency resnet_tiny.digits --target float32 --target int8`."""
    if peers:
        raise InputError("`--peers` is not there yet: artifacts are compared with each other alone")
    from zoo.bench.latency import compare

    if out is not None:
        check_writable(out)
    with progress_bar() as report:
        found = compare([load_bundle(name) for name in bundles], targets or (), threads=threads, report=report)
    if out is not None:
        out.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
    if as_json:
        print_json(found)
        return
    count = f"{threads} thread{'s' if threads > 1 else ''}"
    columns = ("bundle", "target", "us", "p10", "p90", "ratio")
    rows = [
        (row["bundle"], row["target"], *(f"{row[key]:,.1f}" for key in ("median", "p10", "p90")), f"{row['ratio']:.2f}")
        for row in found["rows"]
    ]
    print_table(columns, rows, title=f"{found['clock']} of one inference, {count}, {found['machine']['cpu']}")


for comparison in ("rnn", "memory", "train"):
    later(app, comparison, path="zoo bench", hint="`zoo bench latency` is")
