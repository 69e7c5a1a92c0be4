"""The blocked form: a WHILE over blocks of steps.  The file does not grow with the length.

    body(done, sequence, [valid,] [outputs,] states):
        x = sequence[:, done : done + block]          SLICE; of the mask `valid` likewise
        ... the block's projection and steps, as in the unrolled form ...
        outputs[:, done : done + block] = ...         DYNAMIC_UPDATE_SLICE, only where all outputs are wanted
        return done + block, sequence, [valid,] [outputs,] states

Steps that are left after the last whole block follow the loop, unrolled.  A layer that goes backwards takes its blocks
from the end; its outputs are in the order in which it read, as Keras has them.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from zoo.export.assembly import operators
from zoo.export.assembly.graph import Graph, Tensor
from zoo.export.recurrences import unrolled
from zoo.export.recurrences.recurrence import Recurrence


@dataclass(frozen=True)
class _Variables:
    """What the loop hands from one block to the next.

    Attributes:
        done: how many steps are behind it, ().
        read: the sequence, (batch, length, values), and its mask if it has one, (batch, length, 1).
        written: all outputs, (batch, length, values), or the last one, (batch, ...); empty where that is carried.
        carried: what a step hands on to the next, by name.
    """

    done: Tensor
    read: list[Tensor]
    written: list[Tensor]
    carried: dict[str, Tensor]

    @property
    def tensors(self) -> list[Tensor]:
        return [self.done, *self.read, *self.written, *self.carried.values()]

    def of(self, tensors: list[Tensor]) -> _Variables:
        """The same variables, held by other tensors."""
        done, *others = tensors
        read, others = others[: len(self.read)], others[len(self.read) :]
        written, others = others[: len(self.written)], others[len(self.written) :]
        return _Variables(done, read, written, dict(zip(self.carried, others, strict=True)))


def emit(
    graph: Graph, recurrence: Recurrence, sequence: Tensor, valid: Tensor | None, states: list | None
) -> list[Tensor]:
    """Appends a recurrence to a graph as one loop; arguments and results as `unrolled.emit`."""
    length = recurrence.hole.length - recurrence.tail
    sequence = _flat(graph, operators.convert(graph, sequence, recurrence.input))
    initial = _Variables(
        operators.constant(0),
        [sequence] if valid is None else [sequence, valid],
        _unwritten(graph, recurrence, length),
        unrolled.start(graph, recurrence, states),
    )
    body = _body(recurrence, initial.of([tensor.like() for tensor in initial.tensors]))
    final = initial.of(operators.repeat_while(graph, _condition(body, length), body, initial.tensors))
    if recurrence.tail:
        output, carried = _tail(graph, recurrence, initial.read, final)
    else:
        carried = final.carried
        output = final.written[0] if final.written else carried[recurrence.step.output]
    if recurrence.hole.layer.return_sequences:
        output = _unflat(graph, output, recurrence.cell.output_shape)
    return [output, *(carried[name] for name in recurrence.cell.states)]


def _unwritten(graph: Graph, recurrence: Recurrence, length: int) -> list[Tensor]:
    """The outputs before the first block: every row is written before it is read; FILL costs nothing in the file."""
    output = recurrence.step_piece.outputs[recurrence.step.output]
    if recurrence.hole.layer.return_sequences:
        return [operators.fill(graph, output, (recurrence.hole.batch, length, prod(recurrence.cell.output_shape)))]
    return [] if recurrence.step.output in recurrence.step.carried else [operators.zeros(output, output.shape)]


def _condition(body: Graph, length: int) -> Graph:
    """done < length"""
    condition = Graph(inputs=[tensor.like() for tensor in body.inputs])
    condition.outputs = [operators.less(condition, condition.inputs[0], operators.constant(length))]
    return condition


def _body(recurrence: Recurrence, before: _Variables) -> Graph:
    graph, block = Graph(inputs=before.tensors), recurrence.block
    first = before.done
    if recurrence.backwards:
        first = operators.subtract(graph, operators.constant(recurrence.hole.length - block), first)
    steps, carried = _steps(graph, recurrence, before.read, _row(graph, first), block, before.carried)
    written = before.written
    if recurrence.hole.layer.return_sequences:
        rows = _flat(graph, operators.pack(graph, steps, axis=1))
        written = [operators.put(graph, written[0], rows, _row(graph, before.done))]
    elif written:
        written = [steps[-1]]
    done = operators.add(graph, before.done, operators.constant(block))
    graph.outputs = _Variables(done, before.read, written, carried).tensors
    return graph


def _tail(
    graph: Graph, recurrence: Recurrence, read: list[Tensor], final: _Variables
) -> tuple[Tensor, dict[str, Tensor]]:
    """The steps after the last whole block: the output of the layer, and what its last step hands on."""
    tail = recurrence.tail
    first = operators.constant([0, 0 if recurrence.backwards else recurrence.hole.length - tail, 0])
    steps, carried = _steps(graph, recurrence, read, first, tail, final.carried)
    if not recurrence.hole.layer.return_sequences:
        return steps[-1], carried
    rows = _flat(graph, operators.pack(graph, steps, axis=1))
    return operators.concatenate(graph, [final.written[0], rows], axis=1), carried


def _steps(
    graph: Graph, recurrence: Recurrence, read: list[Tensor], first: Tensor, rows: int, carried: dict[str, Tensor]
) -> tuple[list[Tensor], dict[str, Tensor]]:
    """The steps of some rows, from the position `first` on; as `unrolled.run`."""
    sequence, *valid = (operators.take(graph, all_, first, (all_.shape[0], rows, all_.shape[2])) for all_ in read)
    sequence = _unflat(graph, sequence, recurrence.hole.row)
    return unrolled.run(graph, recurrence, sequence, valid[0] if valid else None, carried)


def _flat(graph: Graph, rows: Tensor) -> Tensor:
    """(batch, rows, ...) -> (batch, rows, values): SLICE takes five axes at most, frames of ConvLSTM3D have six."""
    return rows if len(rows.shape) == 3 else operators.reshape(graph, rows, (*rows.shape[:2], prod(rows.shape[2:])))


def _unflat(graph: Graph, rows: Tensor, shape: tuple[int, ...]) -> Tensor:
    """(batch, rows, values) -> (batch, rows, *shape)."""
    return rows if len(shape) == 1 else operators.reshape(graph, rows, (*rows.shape[:2], *shape))


def _row(graph: Graph, number: Tensor) -> Tensor:
    """The position (0, number, 0)."""
    return operators.pack(graph, [operators.constant(0), number, operators.constant(0)], axis=0)
