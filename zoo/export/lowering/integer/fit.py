"""Fits recurrences to the grids of what they are joined to, so that few numbers are requantised between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ai_edge_litert.schema_py_generated import TensorType

from zoo.export.assembly.graph import Piece, Tensor
from zoo.export.lowering.integer.observe import Observation
from zoo.export.recurrences.cells import Cell
from zoo.export.recurrences.holes import Hole
from zoo.export.recurrences.ranges import WEIGHTS_ALONE, FakeQuant, Int8Scheme, Range
from zoo.export.recurrences.recurrence import Recurrence

_COVERS, _WASTES = 0.98, 1.25
"""A grid of the rest serves h as well if it holds so much of the range that was seen, and is no wider than so many."""


def fit(
    recurrences: list[Recurrence],
    scheme: Int8Scheme,
    seen: Observation,
    rest: Piece | None,
    inputs: Mapping[str, Tensor],
) -> list[Recurrence]:
    """The recurrences with the grids that a scheme gives their quantities.

    A recurrence reads its sequence on the grid that the sequence is on, and writes h on the one on which the rest reads
    it, if that serves: what is joined to h there may have put it on a grid so coarse that all steps would suffer.  All
    calls of a layer compute on the same grids, which the sequences of unlike grids are requantised to.  A
    traced cell has no ranges here: the converter gives it some.

    Args:
        recurrences: in the order of their calls: what one reads of another comes from one before it.
        scheme: which quantities are int8, and how wide their ranges are.
        seen: the ranges that were observed.
        rest: the calibrated rest, its ends peeled.
        inputs: the user's input on each wire, as an int8 tensor where it is quantised.
    """
    ends, known = (rest.inputs, {**rest.outputs, **inputs}) if rest else ({}, inputs)
    limits = {wire: found for wire, tensor in known.items() if (found := _limits(tensor)) is not None}
    hooks: dict[Cell, FakeQuant] = {}
    fitted = []
    for recurrence, observer in zip(recurrences, seen.observers, strict=True):
        cell = recurrence.cell
        if not cell.has_equations or scheme is WEIGHTS_ALONE:
            fitted.append(replace(recurrence, q=scheme.step_of(observer)))
            continue
        if cell not in hooks:
            calls = [other.hole for other in recurrences if other.cell is cell]
            hooks[cell] = FakeQuant(tuple(sorted(_grids(calls, observer.ranges(scheme), limits, ends).items())))
        ranges, names = dict(hooks[cell].ranges), (cell.output, *cell.states)
        limits |= {
            wire: ranges[name] for wire, name in zip(recurrence.hole.outputs, names, strict=False) if name in ranges
        }
        fitted.append(replace(recurrence, q=hooks[cell]))
    return fitted


def _grids(calls: list[Hole], seen: dict[str, Range], limits: Mapping[str, Range], ends: Mapping) -> dict[str, Range]:
    """The ranges of a cell for all calls of its layer, of what was seen over all of them.

    Args:
        calls: the holes that it fills.
        seen: the ranges that the scheme makes of what was seen.
        limits: the range of each wire whose grid is known.
        ends: what the rest reads, by wire.
    """
    cell = calls[0].cell
    ranges = {name: found for name, found in seen.items() if name not in cell.floating}
    if any(hole.rows_in_float for hole in calls):
        ranges.pop(cell.input, None)
    read = {limits.get(hole.sequence) for hole in calls if not hole.rows_in_float}
    if cell.input in ranges and len(read) == 1 and None not in read:
        ranges[cell.input] = read.pop()
    wanted = {_limits(ends[hole.outputs[0]]) for hole in calls if hole.outputs[0] in ends}
    if len(wanted) == 1 and None not in wanted and cell.output in ranges and _serves(*wanted, ranges[cell.output]):
        ranges[cell.output] = wanted.pop()
    return ranges | {name: fixed for name, fixed in cell.fixed.items() if name in ranges}


def _limits(tensor: Tensor) -> Range | None:
    return tensor.quantization.bounds(tensor.dtype) if tensor.type == TensorType.INT8 else None


def _serves(grid: Range, seen: Range) -> bool:
    covers = grid[0] <= _COVERS * seen[0] and grid[1] >= _COVERS * seen[1]
    return covers and grid[1] - grid[0] <= _WASTES * (seen[1] - seen[0])
