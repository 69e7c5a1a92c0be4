"""A `.csv` with a header: files or numbers, what they are to be answered by, and optionally the split and the group.

    file,class                 a.wav,yes
    image,length [cm],group    fish/1.jpg,12.5,pond_3
    width,height,class         1.5,2.5,setosa

What a column is, its name says (`MEANINGS`); its case does not matter.  Other columns are values of which a unit may
stand in brackets, if there are files and no other target; features, if there are no files; else nothing.
"""

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from zoo.data.own.files import File, LeftOut, file_hash, look_at, of_one_kind
from zoo.data.own.folder import sizes_of
from zoo.data.own.found import Found, digest_of
from zoo.data.own.inputs import ArrayInput, FileInput, Input
from zoo.data.own.splits import NAMES, SPLITS, together
from zoo.data.own.targets import LOGITS, TEXT, VALUE, Answers, of_classes, of_texts, of_values
from zoo.errors import DataError

MEANINGS = {
    **dict.fromkeys(("file", "path", "image", "picture", "sound", "wave", "clip"), "file"),
    **dict.fromkeys(("class", "label"), "class"),
    **{name: name for name in ("value", "text", "split", "group")},
}
"""Names of columns, and what they mean."""
NAMED_BY_KIND = ("file", "path", "picture", "sound")
LIMIT = 2**28
"""Bytes of the largest table: it is read whole."""
_HOW = "such as `file,class` or `width,height,value [cm]`"
_UNIT = re.compile(r"(.*?)\s*[\[(](.+)[\])]")


@dataclass(frozen=True)
class _Column:
    """One column of the table."""

    title: str
    """As the header has it."""
    meaning: str
    """`file`, `class`, `value`, `text`, `split`, `group`, or nothing."""
    name: str
    unit: str | None
    cells: Sequence[str]


def find_in_table(path: Path) -> Found:
    """Reads a table, and looks at every file that it lists.

    Raises:
        DataError: there is no header, no target or nothing to answer; a cell is not what its column has; a file is
            missing.
    """
    table = _Table(path)
    files = table.of("file")
    targets = [each for meaning in ("class", "value", "text") for each in table.of(meaning)]
    rest = table.of("")
    if files and not targets:
        targets = [each for each in rest if table.is_numeric(each)]
        rest = [each for each in rest if each not in targets]
    if not targets:
        raise DataError(
            f"`{path}` has no column to answer: found {_listed(table.columns)}, expected `class`, `value` or `text`",
            _HOW,
        )
    numbers = [each for each in rest if table.is_numeric(each)] if not files else []
    unused = tuple(each.title for each in rest if each not in numbers)
    if not files and not numbers:
        raise DataError(
            f"`{path}` has nothing to learn from: found {_listed(table.columns)}, expected files or numbers"
        )
    rows, inputs, left_out, hashes = _inputs(table, files, numbers)
    answers = _answers(table, targets, rows)
    groups = [table.groups[row] for row in rows] if table.groups else None
    splits = [table.splits[row] for row in rows] if table.splits else None
    if groups and splits:
        _check_groups(path, groups, splits)
    return Found(
        "csv",
        inputs,
        answers,
        together(*hashes, *([groups] if groups else [])) if hashes or groups else np.arange(len(rows)),
        digest_of([file_hash(path), *(digest for column in hashes for digest in column)]),
        given=splits,
        groups=np.unique(groups, return_inverse=True)[1].astype(np.int32) if groups else None,
        left_out=tuple(left_out),
        unused=unused,
        sizes=sizes_of(next(iter(inputs.values())).files) if files else None,
    )


class _Table:
    """The cells of a file by column."""

    def __init__(self, path: Path):
        self.path = path
        self.lines, rows = _read(path)
        header = rows.pop(0)
        self.lines.pop(0)
        self.columns = [_column(title, [row[place] for row in rows]) for place, title in enumerate(header)]
        self._check_header(header)
        if not rows:
            raise DataError(f"`{path}` has a header and no rows: expected an example a row")
        self.splits = self._splits()
        self.groups = self._texts("group")

    def __len__(self) -> int:
        return len(self.lines)

    def of(self, meaning: str) -> list[_Column]:
        """The columns of one meaning."""
        return [column for column in self.columns if column.meaning == meaning]

    def where(self, row: int, column: _Column) -> str:
        """A cell, as an editor counts lines."""
        return f"`{self.path}`: row {self.lines[row]}, column `{column.title}`"

    def is_numeric(self, column: _Column) -> bool:
        """Whether a column holds numbers; one that holds other cells too is refused."""
        if not any(map(_is_number, column.cells)):
            return False
        self.numbers(column)
        return True

    def numbers(self, column: _Column) -> np.ndarray:
        """(n,) float64, finite."""
        for row, cell in enumerate(column.cells):
            if not _is_number(cell):
                found = f"`{cell[:40]}`" if cell else "an empty cell"
                raise DataError(f"{self.where(row, column)} is no number: found {found}", "decimals have a point")
        return np.array(column.cells, np.float64)

    def texts(self, column: _Column) -> Sequence[str]:
        """The cells, of which none may be empty."""
        for row, cell in enumerate(column.cells):
            if not cell:
                raise DataError(f"{self.where(row, column)} is empty: expected a {column.meaning}")
        return column.cells

    def _texts(self, meaning: str) -> Sequence[str] | None:
        return self.texts(self.of(meaning)[0]) if self.of(meaning) else None

    def _splits(self) -> list[str] | None:
        if not self.of("split"):
            return None
        [column] = self.of("split")
        for row, cell in enumerate(column.cells):
            if cell not in NAMES:
                raise DataError(
                    f"{self.where(row, column)} is no split: found `{cell[:40]}`, expected {', '.join(SPLITS)}"
                )
        return [NAMES[cell] for cell in column.cells]

    def _check_header(self, header: Sequence[str]) -> None:
        if any(map(_is_number, header)) or not all(header):
            raise DataError(
                f"`{self.path}` has no header: found `{','.join(header)[:80]}`, expected names of columns", _HOW
            )
        if len(header) == 1:
            raise DataError(
                f"`{self.path}` has one column, `{header[0][:80]}`: expected cells that are parted by commas"
            )
        names = [title.lower() for title in header]
        if twice := [name for name in names if names.count(name) > 1]:
            raise DataError(f"`{self.path}` has two columns of the name `{twice[0]}`")
        for meaning in ("class", "text", "split", "group"):
            if len(found := self.of(meaning)) > 1:
                raise DataError(f"`{self.path}` has {len(found)} columns of one meaning: found {_listed(found)}")


def _read(path: Path) -> tuple[list[int], list[list[str]]]:
    """(number of each line, its cells); blank lines are left out."""
    if (size := path.stat().st_size) > LIMIT:
        raise DataError(
            f"`{path}` is too large: found {size:,} bytes, expected at most {LIMIT:,}", "`numpy.savez` has no limit"
        )
    lines, rows = [], []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, skipinitialspace=True)
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    lines.append(reader.line_num)
                    rows.append([cell.strip() for cell in cells])
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"`{path}` is not a CSV file: {error}") from None
    except OSError as error:
        raise DataError(f"`{path}` cannot be read: {error.strerror}") from None
    if not rows:
        raise DataError(f"`{path}` is empty: expected a header and an example a row", _HOW)
    for line, cells in zip(lines, rows, strict=True):
        if len(cells) != len(rows[0]):
            hint = "cells are parted by commas" if len(rows[0]) == 1 else "a cell with a comma stands in quotes"
            raise DataError(
                f"`{path}`: row {line} has {len(cells)} cells, expected {len(rows[0])} as in the header", hint
            )
    return lines, rows


def _column(title: str, cells: Sequence[str]) -> _Column:
    found = _UNIT.fullmatch(title)
    name, unit = (found[1], found[2]) if found else (title, None)
    key = name.lower()
    if re.fullmatch(r"value([ _:].*)?", key):
        return _Column(title, "value", key.removeprefix("value").strip(" _:") or key, unit, cells)
    return _Column(title, MEANINGS.get(key, ""), key, unit, cells)


def _inputs(
    table: _Table, files: Sequence[_Column], numbers: Sequence[_Column]
) -> tuple[list[int], dict[str, Input], list[LeftOut], list[list[str]]]:
    """(rows that can be read, inputs of them, what is left out, a column of hashes for each of files)."""
    if not files:
        features = np.stack([table.numbers(each) for each in numbers], axis=1).astype(np.float32)
        if not np.isfinite(features).all():
            raise DataError(f"`{table.path}` holds a number that float32 cannot")
        return list(range(len(table))), {"features": ArrayInput(features, "features")}, [], []
    root, left_out = table.path.parent, []
    readable = []
    for column in files:
        names = [_inside(table, row, column) for row in range(len(table))]
        there, broken = look_at(root, list(dict.fromkeys(names)))
        if not there:
            raise DataError(f"`{table.path}` lists no file that can be read: `{broken[0].name}` {broken[0].reason}")
        kept, strange = of_one_kind(there.values())
        left_out += [*broken, *strange]
        readable.append([kept.get(name) for name in names])
    rows = [row for row in range(len(table)) if all(column[row] for column in readable)]
    if not rows:
        raise DataError(
            f"`{table.path}` has no row whose files can all be read", f"`zoo data show {table.path}` says why"
        )
    inputs: dict[str, Input] = {}
    for column, found in zip(files, readable, strict=True):
        kept: list[File] = [found[row] for row in rows]
        inputs[kept[0].facts.kind if column.name in NAMED_BY_KIND else column.name] = FileInput.of(kept)
    if len(inputs) < len(files):
        raise DataError(
            f"`{table.path}` has columns of files that are one input: found {_listed(files)}, expected names such as "
            "`image`, `clip` and `wave`"
        )
    return rows, inputs, left_out, [[found[row].sha256 for row in rows] for found in readable]


def _inside(table: _Table, row: int, column: _Column) -> str:
    """The name of a listed file, which must be there, in the folder of the table or below it."""
    cell, root = column.cells[row], table.path.parent
    name = PurePosixPath(cell.replace("\\", "/") if "\\" in cell and not (root / cell).exists() else cell)
    if not cell:
        raise DataError(f"{table.where(row, column)} is empty: expected a file")
    if name.is_absolute() or ".." in name.parts or not (root / name).resolve().is_relative_to(root.resolve()):
        raise DataError(
            f"{table.where(row, column)} leaves the folder of the table: found `{cell[:80]}`",
            "files are named relative to the table",
        )
    if not (root / name).exists():
        raise DataError(f"{table.where(row, column)}: the file `{cell[:80]}` does not exist")
    return name.as_posix()


def _answers(table: _Table, targets: Sequence[_Column], rows: Sequence[int]) -> dict[str, Answers]:
    answers, where = {}, f"`{table.path}`"
    for column in targets:
        if column.meaning == "class":
            labels = table.texts(column)
            answers[LOGITS] = of_classes([labels[row] for row in rows], where)
            _check_classes(labels, rows, where)
        elif column.meaning == "text":
            texts = table.texts(column)
            answers[TEXT] = of_texts([texts[row] for row in rows])
    if values := [each for each in targets if each.meaning in ("value", "")]:
        table_of_values = np.stack([table.numbers(each)[list(rows)] for each in values], axis=1)
        units = {each.unit for each in values}
        several = len(values) > 1
        answers[VALUE] = of_values(
            table_of_values if several else table_of_values[:, 0],
            units.pop() if len(units) == 1 else None,
            [each.name for each in values] if several else (),
        )
    return answers


def _check_classes(labels: Sequence[str], rows: Sequence[int], where: str) -> None:
    """Refuses a class of which no row can be read: it would be forgotten in silence."""
    if lost := sorted(set(labels) - {labels[row] for row in rows}):
        raise DataError(f"{where}: no file of the class `{lost[0]}` can be read")


def _check_groups(path: Path, groups: Sequence[str], splits: Sequence[str]) -> None:
    of: dict[str, str] = {}
    for group, name in zip(groups, splits, strict=True):
        if of.setdefault(group, name) != name:
            raise DataError(f"`{path}`: the group `{group}` stands in {of[group]} and in {name}: expected one split")


def _is_number(cell: str) -> bool:
    try:
        return math.isfinite(float(cell)) and "_" not in cell
    except ValueError:
        return False


def _listed(columns: Sequence[_Column]) -> str:
    return ", ".join(f"`{column.title}`" for column in columns)
