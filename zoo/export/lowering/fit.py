"""Fits recurrences to the grids of what they are joined to, so that few numbers are requantised between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ai_edge_litert.schema_py_generated import TensorType

from zoo.export.assembly.graph import Piece, Tensor
from zoo.export.lowering.observe import Observation
from zoo.export.recurrences.ranges import FakeQuant, Range, Recipe
from zoo.export.recurrences.recurrence import Recurrence

_COVERS, _WASTES = 0.98, 1.25
"""A grid of the rest serves h as well if it holds so much of the range that was seen, and is no wider than so many."""


def fit(
    recurrences: list[Recurrence], recipe: Recipe, seen: Observation, rest: Piece | None, inputs: Mapping[str, Tensor]
) -> list[Recurrence]:
    """The recurrences with the grids that a recipe gives their quantities.

    A recurrence reads its sequence on the grid that the sequence is on, and writes h on the one on which the rest reads
    it, if that serves: what is joined to h there may have put it on a grid so coarse that all steps would suffer.  A
    traced cell has no ranges here: the converter gives it some, the same for every recipe.

    Args:
        recurrences: in the order of their calls: what one reads of another comes from one before it.
        recipe: which quantities are int8, and how wide their ranges are.
        seen: the ranges that were observed.
        rest: the calibrated rest, its ends peeled.
        inputs: the user's input on each wire, as an int8 tensor where it is quantised.
    """
    ends, known = (rest.inputs, {**rest.outputs, **inputs}) if rest else ({}, inputs)
    limits = {wire: found for wire, tensor in known.items() if (found := _limits(tensor)) is not None}
    fitted = []
    for recurrence, observer in zip(recurrences, seen.observers, strict=True):
        hole, cell = recurrence.hole, recurrence.cell
        if not cell.has_equations:
            fitted.append(replace(recurrence, q=observer))
            continue
        ranges = observer.ranges(recipe)
        ranges[cell.input] = limits.get(hole.sequence, ranges[cell.input])
        wanted = _limits(ends[hole.outputs[0]]) if hole.outputs[0] in ends else None
        if wanted is not None and _serves(wanted, ranges[cell.output]):
            ranges[cell.output] = wanted
        ranges |= {name: fixed for name, fixed in cell.fixed.items() if name in ranges}
        names = (cell.output, *cell.states)
        limits |= {wire: ranges[name] for wire, name in zip(hole.outputs, names, strict=False) if name in ranges}
        fitted.append(replace(recurrence, q=FakeQuant(tuple(sorted(ranges.items())))))
    return fitted


def _limits(tensor: Tensor) -> Range | None:
    return tensor.quantization.bounds(tensor.dtype) if tensor.type == TensorType.INT8 else None


def _serves(grid: Range, seen: Range) -> bool:
    covers = grid[0] <= _COVERS * seen[0] and grid[1] >= _COVERS * seen[1]
    return covers and grid[1] - grid[0] <= _WASTES * (seen[1] - seen[0])
