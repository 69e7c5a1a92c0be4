"""What commands share in printing: tables and JSON on stdout, progress on stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from zoo._system.stderr import held_back
from zoo.errors import InputError, needs

if TYPE_CHECKING:
    from rich.console import Console

CUSTOM = typer.Option(
    "--custom",
    metavar="MODULE:CLASS",
    help="A class or function of your own in the model; may be given again.  Its module is imported, and nothing else.",
)
"""The option of the commands that read a user's Keras file."""


def print_json(data: object) -> None:
    """The one thing that a command with `--json` prints on stdout."""
    print(as_json(data, indent=2))


def as_json(data: object, indent: int | None = None) -> str:
    """JSON, on one line unless it is indented, in characters that standard output can show."""
    shows_all = (sys.stdout.encoding or "").lower().startswith("utf")
    return json.dumps(data, indent=indent, ensure_ascii=not shows_all)


def speak_any_encoding() -> None:
    """What a pipe of Windows or an old terminal cannot show is written as `\\u...`; nothing fails for a character."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def no_colour() -> bool:
    """Whether the user wants no colour, nor bold or dim text: `NO_COLOR` is set (https://no-color.org)."""
    return bool(os.environ.get("NO_COLOR"))


def console(*, stderr: bool = False) -> Console:
    """Where tables and progress are drawn."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, color_system=None if no_colour() else "auto")


def check_writable(path: Path) -> None:
    """Refuses, before the work, a file that its results could not be written to; leaves nothing there.

    Raises:
        InputError: with the system's reason.
    """
    is_new = not path.exists()
    try:
        path.open("a").close()
    except OSError as error:
        raise InputError(f"`{path}` cannot be written: {error.strerror}", "choose another place") from error
    if is_new:
        path.unlink()


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None]]:
    """A function `report(stage, done, total)` that draws a bar a stage on stderr, or nothing if that is no terminal."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    drawn_on = console(stderr=True)
    with Progress(*columns, console=drawn_on, disable=not drawn_on.is_terminal) as progress:
        tasks = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=total)
            progress.update(tasks[stage], completed=done, total=total)

        yield report


def import_tensorflow() -> None:
    """Imports TensorFlow without its talk: it greets on stderr with lines about absent GPUs, whatever its log level.

    What it says is shown if the import fails.

    Raises:
        MissingExtraError: it is not installed, or what Keras is told to run on.
        InputError: Keras is told to run on something else.
    """
    from zoo._keras import check_backend

    with held_back(unless_it_fails=True), needs("train"):
        import tensorflow

        tensorflow.config.list_physical_devices()
    check_backend("this command")
