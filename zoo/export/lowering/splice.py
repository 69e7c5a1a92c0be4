"""Joins the rest of a model and its recurrences into one graph, each operator after those that it depends on."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from graphlib import TopologicalSorter

from zoo.export.assembly.graph import Graph, Operator, Piece, Tensor
from zoo.export.assembly.operators import convert
from zoo.export.recurrences.holes import Hole, WindowHole

AnyHole = Hole | WindowHole
Emit = Callable[[Graph, AnyHole, "dict[str, Tensor]"], "list[Tensor]"]
"""Appends what fills a hole to a graph: (graph, hole, the tensor on each wire it reads) -> its outputs."""


def splice(graph: Graph, rest: Piece | None, holes: tuple[AnyHole, ...], wires: dict[str, Tensor], emit: Emit) -> None:
    """Appends the rest of a model, with a recurrence in each hole, to a graph.

    Args:
        graph: the one to append to; it may hold operators that make the user's inputs what the rest wants.
        rest: the model without its recurrences, its ends named by wires.
        holes: where the recurrences go, and the windows of a streaming part.
        wires: the user's inputs; gains the tensor of every other wire.
        emit: appends what fills a hole.
    """
    stands_for: dict[Tensor, Tensor] = {}

    def connect(wire: str, tensor: Tensor) -> None:
        """Puts a tensor on a wire, and where the rest reads that wire."""
        wires[wire] = tensor
        if rest is not None and wire in rest.inputs:
            stands_for[rest.inputs[wire]] = convert(graph, tensor, rest.inputs[wire])

    for wire, tensor in list(wires.items()):
        connect(wire, tensor)
    for node in in_order(rest, holes):
        if isinstance(node, Operator):
            graph.copy_in(node, stands_for)
            continue
        found = {wire: _on(wire, wires, rest, stands_for) for wire in node.needs}
        for wire, tensor in zip(node.outputs, emit(graph, node, found), strict=True):
            connect(wire, tensor)
    if rest is not None:
        wires.update({wire: _on(wire, {}, rest, stands_for) for wire in rest.outputs})


def _on(wire: str, wires: Mapping[str, Tensor], rest: Piece | None, stands_for: Mapping[Tensor, Tensor]) -> Tensor:
    """The tensor on a wire that a recurrence reads: a known one, or one that the rest has computed."""
    if wire in wires:
        return wires[wire]
    return stands_for.get(rest.outputs[wire], rest.outputs[wire])


def in_order(rest: Piece | None, holes: tuple[AnyHole, ...]):
    """Operators of the rest and holes, each after what it reads; where there is a choice, in the converter's order."""
    nodes = [*holes, *(rest.graph.operators if rest else ())]
    makers: dict[object, object] = {tensor: node for node in nodes[len(holes) :] for tensor in node.outputs}
    makers |= {wire: hole for hole in holes for wire in hole.outputs}
    if rest is not None:
        makers |= {rest.inputs[wire]: maker for wire, maker in list(makers.items()) if wire in rest.inputs}
        makers |= {wire: makers[tensor] for wire, tensor in rest.outputs.items() if tensor in makers}
    sorter = TopologicalSorter()
    for node in nodes:
        needs = node.inputs if isinstance(node, Operator) else node.needs
        sorter.add(node, *(makers[need] for need in needs if need in makers))
    sorter.prepare()
    place = {node: position for position, node in enumerate(nodes)}
    ready: list[int] = []
    while sorter.is_active():
        for node in sorter.get_ready():
            heapq.heappush(ready, place[node])
        node = nodes[heapq.heappop(ready)]
        yield node
        sorter.done(node)
