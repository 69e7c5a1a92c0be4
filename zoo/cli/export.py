"""`zoo export`: from a model to a bundle of measured artifacts."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from zoo.bundle import Bundle
from zoo.cli import _names
from zoo.cli._output import CUSTOM, import_tensorflow, print_json, progress_bar
from zoo.cli._runtimes import print_runtimes
from zoo.cli._sizes import declared, lengths, shapes
from zoo.cli._tables import print_table
from zoo.targets import TARGETS


def export(
    model: Annotated[
        str,
        typer.Argument(
            metavar="NAME|RUN|FILE.keras",
            autocompletion=_names.models_and_trainings,
            help="A model by name, with or without a tag, a run or bundle, a Keras file (Keras 2: `.h5`), or a "
            "SavedModel without loops.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder that the bundle's folder is written in.")],
    targets: Annotated[
        list[str] | None,
        typer.Option(
            "--target",
            metavar="T",
            help=f"One of {', '.join(TARGETS)}; may be given again.  Unless given, all but the last, and without int8 "
            "where a model of yours has no `--calibrate`.",
        ),
    ] = None,
    calibration: Annotated[
        str | None,
        typer.Option(
            "--calibrate",
            metavar="DATA|FILE.npz|DIR",
            help="What int8 measures its ranges on: a data set's train split, an .npz keyed by input name, or a folder "
            "of examples.  The data set of the training unless given.",
        ),
    ] = None,
    examples: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.npz", help="Inputs on which a model of yours is compared with Keras; random unless given."
        ),
    ] = None,
    batch_size: Annotated[int, typer.Option(help="Rows of every input of the .tflite files.")] = 1,
    length: Annotated[
        list[str] | None,
        typer.Option(
            metavar="N|INPUT=N",
            help="Steps of inputs whose time axis is open: for all of them, or given again for each by its name.",
        ),
    ] = None,
    shape: Annotated[
        list[str] | None,
        typer.Option(
            metavar="INPUT=N,N,...", help="Shape of an input with open axes, without the batch; may be given again."
        ),
    ] = None,
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            metavar="INPUT=picture[:LOW..HIGH]",
            help="An input of a model of yours that takes pictures, of values 0..255 unless given; may be given again.",
        ),
    ] = None,
    form: Annotated[
        str, typer.Option(help="How recurrences are lowered: unrolled, blocked, or auto, as was measured to be better.")
    ] = "auto",
    runtime: Annotated[
        str,
        typer.Option(
            "--for",
            metavar="RUNTIME",
            help="What auto picks for: compiled, interpreter (no weight cache), any (either of them), or gpu.",
        ),
    ] = "any",
    size_budget: Annotated[
        int | None, typer.Option(metavar="BYTES", help="What a .tflite file may take; auto heeds it.")
    ] = None,
    int8_io: Annotated[
        str | None,
        typer.Option("--int8-io", help="int8, uint8 or float32 ends of int8; by the input unless given."),
    ] = None,
    stream: Annotated[
        bool, typer.Option("--stream", help="Also export the part `stream`, which takes frames as they come.")
    ] = False,
    chunk: Annotated[int, typer.Option(help="Frames a call of `stream`.")] = 1,
    name: Annotated[str | None, typer.Option(help="What to call the bundle of a model of yours.")] = None,
    builder: Annotated[
        str | None,
        typer.Option(
            "--model",
            metavar="NAME|MODULE:FUNCTION",
            help="The model of a file of weights alone: one of the zoo, or a function of yours that builds it.",
        ),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(help="What a model of yours is for: classification or regression; as its last layers say."),
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Names of the classes of a model of yours, one a line.")
    ] = None,
    keep_failed: Annotated[
        bool, typer.Option("--keep-failed", help="Write what fails its gates too, named so wherever it appears.")
    ] = False,
    custom: Annotated[list[str] | None, CUSTOM] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON: where the bundle is, and its card.")] = False,
) -> None:
    """Exports a model and measures it: `zoo export resnet_tiny --target float32 --target float16 --out exported`.

    Every file is run and held against its gates before the bundle is written.  Exits 3 if a target fails them: it is
    left out unless `--keep-failed` is given, and the bundle's card says why.
    """
    import_tensorflow()
    from zoo.export.api import export_model, gates_not_met
    from zoo.sources.custom_classes import import_classes

    import_classes(custom or ())
    with progress_bar() as report:
        bundle = export_model(
            model,
            targets,
            out=out,
            name=name,
            calibration=calibration,
            examples=examples,
            batch_size=batch_size,
            form=form,
            runtime=runtime,
            size_budget=size_budget,
            length=lengths(length),
            shapes=shapes(shape),
            inputs=declared(inputs),
            int8_io=int8_io,
            stream=stream,
            chunk=chunk,
            builder=builder,
            task=task,
            labels=labels,
            keep_failed=keep_failed,
            report=report,
        )
    if as_json:
        print_json({"path": str(bundle.path), "card": bundle.card})
    else:
        show(bundle)
    if targets is None and "int8" not in bundle.card["artifacts"]:
        print(
            "int8 needs examples to measure its ranges on: `--calibrate FILE.npz` (or a folder) adds it",
            file=sys.stderr,
        )
    if error := gates_not_met(bundle.card):
        raise error


def show(bundle: Bundle) -> None:
    """One row a target, and where the bundle is."""
    rows = [row(target, entry) for target, entry in bundle.card["artifacts"].items()]
    print_table(
        ("target", "gates", "bytes", "largest error", "same answer", "error / spread", "latency"),
        rows,
        title=bundle.name,
    )
    print_runtimes(bundle.card["artifacts"])
    print(f"\nwritten to {bundle.path}")


def row(target: str, entry: dict) -> tuple[str, ...]:
    parity, latency = entry["parity"], entry["latency_us"]
    return (
        target,
        entry["status"],
        f"{entry['bytes']:,}" if entry["bytes"] else "-",
        f"{parity['max_abs']:.2g}" if parity else "-",
        f"{100 * parity['agreement']:.2f} %" if parity else "-",
        _error(parity),
        f"{latency['median']:,.1f} us" if latency else "-",
    )


def _error(parity: dict | None) -> str:
    """The largest error of any output's values beside their spread."""
    errors = [output["typical_error"] for output in ((parity or {}).get("answers") or {}).values()]
    found = [error for error in errors if error is not None]
    return f"{max(found):.2g}" if found else "-"
