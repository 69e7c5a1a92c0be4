"""A run on the disk: its figures as JSON, and the page of the docs with its plot."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from zoo.bench.rnn.bars import verdicts
from zoo.errors import InputError


def write_figures(found: Mapping, path: Path) -> None:
    """Writes the figures of a run."""
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")


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

    path.write_text(page(found, path.as_posix()), "utf-8")
    draw(found, path.with_suffix(".png"))
    write_figures(found, path.with_suffix(".json"))
