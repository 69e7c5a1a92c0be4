"""The unrolled form: every step stands in the graph.  Fast, and served by every delegate; grows with the length."""

from __future__ import annotations

from zoo.export.assembly.graph import Graph, Tensor
from zoo.export.assembly.operators import constant, convert, pack, unpack, zeros
from zoo.export.recurrences.recurrence import Recurrence


def emit(
    graph: Graph, recurrence: Recurrence, sequence: Tensor, valid: Tensor | None, states: list | None
) -> list[Tensor]:
    """Appends a recurrence to a graph, all steps after another.

    Args:
        graph: the one to append to.
        recurrence: what to append.
        sequence: (batch, length, features...).
        valid: (batch, length, 1), the mask, or None.
        states: the initial states, (batch, ...) each, or None for the cell's own.

    Returns:
        Its output, (batch, length, ...) or (batch, ...), and its last states.
    """
    carried = start(graph, recurrence, states)
    outputs, carried = run(graph, recurrence, recurrence.hole.length, sequence, valid, carried)
    sequences = recurrence.hole.layer.return_sequences
    output = pack(graph, outputs, axis=1) if sequences else last_output(recurrence, outputs, carried)
    return [output, *(carried[name] for name in recurrence.cell.states)]


def last_output(recurrence: Recurrence, outputs: list[Tensor], carried: dict[str, Tensor]) -> Tensor:
    """What is left of a sequence that is not wanted; where a loop carries it, on the grid on which it does."""
    return carried.get(recurrence.step.output, outputs[-1])


def start(graph: Graph, recurrence: Recurrence, states: list[Tensor] | None) -> dict[str, Tensor]:
    """What the first step is given in place of the step before it."""
    ends = recurrence.step_piece.inputs
    given = dict(zip(recurrence.cell.states, states or (), strict=False))
    carried = {}
    for name, start in recurrence.step.starts(recurrence.hole.batch).items():
        if name not in given and not start.any():
            carried[name] = zeros(ends[name], ends[name].shape)
        else:
            carried[name] = convert(graph, given.get(name) or constant(start), ends[name])
    return carried


def run(
    graph: Graph,
    recurrence: Recurrence,
    steps: int,
    sequence: Tensor,
    valid: Tensor | None,
    carried: dict[str, Tensor],
) -> tuple[list[Tensor], dict[str, Tensor]]:
    """Appends the projection of some rows and a step for each, in the order in which the layer reads them.

    One row that all steps read is projected once.

    Args:
        graph: the one to append to.
        recurrence: whose steps.
        steps: how many.
        sequence: (batch, steps, features...), all of a sequence or some of it; (batch, 1, features...) if it repeats.
        valid: (batch, steps, 1) or None.
        carried: what the step before these hands on.

    Returns:
        The output of each step, (batch, ...), in that order, and what the last one hands on.
    """
    step = recurrence.step_piece
    projected = _projected(graph, recurrence, sequence)
    rows = [unpack(graph, convert(graph, all_, step.inputs[name]), axis=1) for name, all_ in projected.items()]
    arguments = [dict(zip(projected, of_one_step, strict=True)) for of_one_step in zip(*rows, strict=True)]
    arguments *= steps // sequence.shape[1]
    if valid is not None:
        arguments = [
            {**these, "valid": row} for these, row in zip(arguments, unpack(graph, valid, axis=1), strict=True)
        ]
    outputs, in_time = [], list(enumerate(arguments))
    for number, these in reversed(in_time) if recurrence.backwards else in_time:
        with graph.within(f"t{number}"):
            graph.label(these)
            results = step.inline(graph, {**these, **carried})
            outputs.append(results[recurrence.step.output])
            carried = {name: convert(graph, results[name], step.inputs[name]) for name in carried}
    return outputs, carried


def _projected(graph: Graph, recurrence: Recurrence, sequence: Tensor) -> dict[str, Tensor]:
    """What the steps read, by name: where the cell has no projection of the sequence, that itself."""
    if not recurrence.cell.has_equations:
        return {recurrence.cell.input: sequence}
    projection = recurrence.projections[sequence.shape[1]]
    with graph.within("x"):
        return projection.inline(graph, {"x": convert(graph, sequence, projection.inputs["x"])})
