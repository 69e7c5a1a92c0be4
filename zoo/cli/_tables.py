"""Tables on stdout, which are readable however wide the terminal is: nothing is cut, nothing broken into slivers."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from zoo.cli import _output

ROOM = 40
"""Characters that the last column needs if it is to be broken into lines."""
GAP = 2


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None) -> None:
    """A table on stdout; columns of numbers are set right.

    In a pipe it is as wide as it needs to be.  In a terminal that is too narrow, the last column is broken into lines
    where it is text and has room, else the widest columns go below their row, one line each.
    """
    from rich.measure import Measurement

    rows = [[str(cell) for cell in row] for row in rows]
    console = _output.console()
    widths = [max(map(len, (column, *(row[index] for row in rows)))) for index, column in enumerate(columns)]
    fits = not console.is_terminal or sum(widths) + GAP * (len(widths) - 1) <= console.width
    last_has_room = console.width - sum(width + GAP for width in widths[:-1]) >= ROOM
    if fits or (last_has_room and not _numeric(rows, len(columns) - 1)):
        table = _grid(columns, rows, title)
        if not console.is_terminal:
            console.width = Measurement.get(console, console.options.update(max_width=10_000), table).maximum
        console.print(table)
    else:
        _print_stacked(console, columns, rows, widths, title)


def _grid(columns: Sequence[str], rows: list[list[str]], title: str | None):
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for index, column in enumerate(columns):
        justify = "right" if _numeric(rows, index) else "left"
        table.add_column(column, justify=justify, no_wrap=index < len(columns) - 1)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def _print_stacked(console, columns: Sequence[str], rows: list[list[str]], widths: list[int], title) -> None:
    """Each row as a line of what fits, and below it a line for each column that does not."""
    beside = list(range(len(columns)))
    while len(beside) > 1 and sum(widths[index] + GAP for index in beside) - GAP > console.width:
        beside.remove(max(beside[1:], key=lambda index: widths[index]))
    if title:
        console.out(textwrap.fill(title, console.width), style="italic", highlight=False)
    console.out(_line([columns[index] for index in beside], beside, rows, widths), style="bold", highlight=False)
    console.out("─" * min(console.width, sum(widths[index] + GAP for index in beside) - GAP), highlight=False)
    for row in rows:
        console.out(_line([row[index] for index in beside], beside, rows, widths), highlight=False)
        for index in range(len(columns)):
            if index not in beside and row[index] not in ("", "-"):
                words = f"{columns[index]}: {row[index]}" if columns[index] else row[index]
                console.out(
                    textwrap.fill(words, console.width, initial_indent="  ", subsequent_indent="    "), highlight=False
                )


def _line(cells: list[str], indices: list[int], rows: list[list[str]], widths: list[int]) -> str:
    padded = [
        cell.rjust(widths[index]) if _numeric(rows, index) else cell.ljust(widths[index])
        for cell, index in zip(cells, indices, strict=True)
    ]
    return (GAP * " ").join(padded).rstrip()


def _numeric(rows: list[list[str]], index: int) -> bool:
    return all(_is_number(row[index]) for row in rows)


def _is_number(cell: str) -> bool:
    return cell in ("", "-") or cell.lstrip("+-").replace(",", "").replace(".", "", 1).rstrip(" %kMGBs").isdigit()
