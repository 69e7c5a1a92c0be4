"""The file: the rest of a model, a recurrence in each hole, and the user's own ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from zoo.export.assembly.ends import as_signed, drop_unread
from zoo.export.assembly.fold import fold
from zoo.export.assembly.graph import Graph, Piece, Tensor
from zoo.export.assembly.names import LONGEST
from zoo.export.assembly.operators import constant, reshape
from zoo.export.lowering.splice import splice
from zoo.export.recurrences import blocked, unrolled, window
from zoo.export.recurrences.holes import Cut, Hole, WindowHole
from zoo.export.recurrences.recurrence import Recurrence

_EMITTERS = {"unrolled": unrolled.emit, "blocked": blocked.emit}

Finish = Callable[[Graph, str, Tensor], Tensor]
"""Makes of the tensor behind an output, by its name, the one that the user gets."""


def assemble(
    cut: Cut,
    rest: Piece | None,
    recurrences: list[Recurrence],
    inputs: Mapping[str, Tensor],
    finish: Finish = lambda graph, name, tensor: tensor,
) -> Piece:
    """Puts a model together.

    Args:
        cut: how the model was cut open.
        rest: the converted rest, if there is one.
        recurrences: one a hole, their pieces converted.
        inputs: the tensor that the user fills for each input.
        finish: makes the tensors that the user gets.
    """
    graph = Graph()
    wires = {cut.inputs[name]: as_signed(graph, tensor) for name, tensor in inputs.items()}
    wires |= {wire: constant(array) for wire, array in cut.constants.items()}
    if cut.front is not None and cut.front.piece is not None:
        wires |= cut.front.piece.inline(graph, {wire: wires[wire] for wire in cut.front.piece.inputs})
    of = dict(zip(cut.holes, recurrences, strict=True))

    def emit(graph: Graph, hole: Hole | WindowHole, found: dict[str, Tensor]) -> list[Tensor]:
        if isinstance(hole, WindowHole):
            with graph.within("window"):
                return window.emit(graph, found[hole.frames], found[hole.past])
        with graph.within(hole.layer.name[:LONGEST]):
            return recur(graph, hole, found)

    def recur(graph: Graph, hole: Hole, found: dict[str, Tensor]) -> list[Tensor]:
        states = None if hole.initial_state is None else [found[wire] for wire in hole.initial_state]
        valid = found[hole.mask] if hole.mask else None
        results = _EMITTERS[of[hole].form](graph, of[hole], found[hole.sequence], valid, states)
        return results[: len(hole.outputs)]

    splice(graph, rest, (*cut.holes, *cut.windows), wires, emit)
    outputs: dict[str, Tensor] = {}
    for name, wire in cut.outputs.items():
        tensor = finish(graph, name, wires[wire])
        if tensor.constant or tensor in (*inputs.values(), *outputs.values()):
            # CompiledModel returns wrong data for an output that is an input too, or another output.
            tensor = reshape(graph, tensor, tensor.shape)
        outputs[name] = tensor
    whole = Piece(graph, dict(inputs), outputs)
    fold(whole)
    drop_unread(graph, set(outputs.values()))  # what the last step hands on to no other
    return whole
