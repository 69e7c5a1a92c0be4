"""The blocked form: a WHILE over blocks of steps.  The file does not grow with the length; batch 1, no masks for now.

    body(done, sequence, [outputs,] states):
        x = sequence[done : done + block]          SLICE
        ... the block's projection and steps, as in the unrolled form ...
        outputs[done : done + block] = ...         DYNAMIC_UPDATE_SLICE, only where all outputs are wanted
        return done + block, sequence, [outputs,] states

Steps that are left after the last whole block follow the loop, unrolled.  A layer that goes backwards takes its blocks
from the end; its outputs are in the order in which it read, as Keras has them.
"""

from __future__ import annotations

from zoo.export.assembly import operators
from zoo.export.assembly.graph import Graph, Tensor
from zoo.export.recurrences import unrolled
from zoo.export.recurrences.recurrence import Recurrence


def emit(graph: Graph, recurrence: Recurrence, sequence: Tensor, valid: None, states: list | None) -> list[Tensor]:
    """Appends a recurrence to a graph as one loop; arguments and results as `unrolled.emit`."""
    cell, length = recurrence.cell, recurrence.hole.length - recurrence.tail
    state = recurrence.step_piece.inputs["h"]
    sequence = operators.convert(graph, sequence, recurrence.projections[recurrence.block].inputs["x"])
    carried = unrolled.start(graph, recurrence, states)
    # Every row is written before it is read; zeros by FILL cost nothing in the file.
    outputs = [operators.fill(graph, state, (1, length, cell.units))] if recurrence.hole.layer.return_sequences else []

    initial = [operators.constant(0), sequence, *outputs, *carried.values()]
    body = _body(recurrence, [tensor.like() for tensor in initial])
    _, _, *results = operators.repeat_while(graph, _condition(body, length), body, initial)
    outputs, results = results[: len(outputs)], results[len(outputs) :]
    carried = dict(zip(carried, results, strict=True))
    if recurrence.tail:
        return _tail(graph, recurrence, sequence, outputs, carried)
    return [*(outputs or [carried["h"]]), *carried.values()]


def _condition(body: Graph, length: int) -> Graph:
    """done < length"""
    condition = Graph(inputs=[tensor.like() for tensor in body.inputs])
    condition.outputs = [operators.less(condition, condition.inputs[0], operators.constant(length))]
    return condition


def _body(recurrence: Recurrence, inputs: list[Tensor]) -> Graph:
    graph, block, names = Graph(inputs=inputs), recurrence.block, recurrence.step.carried
    done, sequence, *outputs = inputs[: -len(names)]
    carried = dict(zip(names, inputs[-len(names) :], strict=True))
    first = done
    if recurrence.backwards:
        first = operators.subtract(graph, operators.constant(recurrence.hole.length - block), done)
    x = operators.take(graph, sequence, _row(graph, first), (1, block, recurrence.hole.features))
    steps, carried = unrolled.run(graph, recurrence, x, None, carried)
    if outputs:
        outputs = [operators.put(graph, outputs[0], operators.pack(graph, steps, axis=1), _row(graph, done))]
    graph.outputs = [operators.add(graph, done, operators.constant(block)), sequence, *outputs, *carried.values()]
    return graph


def _tail(
    graph: Graph, recurrence: Recurrence, sequence: Tensor, outputs: list[Tensor], carried: dict[str, Tensor]
) -> list[Tensor]:
    """The steps after the last whole block."""
    hole, tail = recurrence.hole, recurrence.tail
    first = 0 if recurrence.backwards else hole.length - tail
    x = operators.take(graph, sequence, operators.constant([0, first, 0]), (1, tail, hole.features))
    steps, carried = unrolled.run(graph, recurrence, x, None, carried)
    if not outputs:
        return [steps[-1], *carried.values()]
    packed = operators.pack(graph, steps, axis=1)
    return [operators.concatenate(graph, [outputs[0], packed], axis=1), *carried.values()]


def _row(graph: Graph, number: Tensor) -> Tensor:
    """The position (0, number, 0)."""
    return operators.pack(graph, [operators.constant(0), number, operators.constant(0)], axis=0)
