"""A run on the disk: its figures as JSON, and the page of the docs with its plot."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from zoo._system.durable import write_text, writing
from zoo.bench.rnn.bars import verdicts
from zoo.errors import InputError


def write_figures(found: Mapping, path: Path) -> None:
    """Writes the figures of a run.

    Raises:
        InputError: they cannot be written; what stood there stays.
    """
    write_text(path, json.dumps(found, indent=1, ensure_ascii=False) + "\n")


def read_figures(path: Path) -> dict:
    """The figures of an earlier run, judged by the bars of today.

    Raises:
        InputError: the file is not there, or is no such file.
    """
    try:
        found = json.loads(path.read_text("utf-8"))
        return {**found, "bars": verdicts(found)}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"`{path}` cannot be read: {error}", "`zoo bench rnn -o` writes such a file") from error


def write_page(found: Mapping, path: Path) -> None:
    """Writes a page in Markdown, and beside it, under the same name, its plot and its figures."""
    from zoo.bench.rnn.plot import draw
    from zoo.bench.rnn.report import page

    write_text(path, page(found, path.as_posix()))
    with writing(path.with_suffix(".png")):
        draw(found, path.with_suffix(".png"))
    write_figures(found, path.with_suffix(".json"))
