"""The blocked form: a WHILE over blocks of steps.  The file hardly grows with the length.

    body(done, sequence, [valid,] [outputs, outputs,] states):
        x = sequence[:, done : done + block]          SLICE; of the mask `valid` likewise
        ... the block's projection and steps, as in the unrolled form ...
        outputs[:, done : done + block] = ...         DYNAMIC_UPDATE_SLICE, only where all outputs are wanted
        return done + block, sequence, [valid,] [outputs, outputs,] states

TFLite's WHILE hands its body the memory of its own outputs, and DYNAMIC_UPDATE_SLICE writes nothing but the update
where its operand and its result lie in one place.  So the outputs are two variables of the loop that are one tensor
outside of it, and the body writes the one into the other: nothing is copied (LSTM of 64 units, T=512: 691 µs, not 776).
A runtime that gives each its own memory computes the same, and copies.  There, and where a system copies memory onto
itself, the time of a step grows with the steps of a loop: a long sequence is read by several loops, one after another,
which share their condition and their body.

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

STEPS_OF_A_LOOP = 512
"""At most so many steps write their outputs in one loop.  Copied at each block, those of 2048 steps would make a step
1.34 times as long as those of 512 do; not copied, a loop more costs 20 µs."""

_UNPACKED = 3
"""From so many loops on, one UNPACK of what they read is smaller than a SLICE for each: 344 bytes a loop, not 512."""


@dataclass(frozen=True)
class _Variables:
    """What the loop hands from one block to the next.

    Attributes:
        done: number of steps computed so far, ().
        read: the sequence, (batch, length, values), and its mask if it has one, (batch, length, 1).
        written: all outputs, (batch, length, values), twice, or the last one, (batch, ...); none where that is carried.
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
    """Appends a recurrence to a graph as loops; arguments and results as `unrolled.emit`."""
    sequence = _flat(graph, operators.convert(graph, sequence, recurrence.input))
    read = [sequence] if valid is None else [sequence, valid]
    last, rows = _loops(graph, recurrence, read, unrolled.start(graph, recurrence, states))
    carried = last.carried
    output = last.written[0] if last.written else carried[recurrence.step.output]
    if recurrence.tail:
        steps, carried = _tail(graph, recurrence, read, carried)
        output = unrolled.last_output(recurrence, steps, carried)
        if recurrence.hole.layer.return_sequences:
            rows.append(_flat(graph, operators.pack(graph, steps, axis=1)))
    if recurrence.hole.layer.return_sequences:
        joined = rows[0] if len(rows) == 1 else operators.concatenate(graph, rows, axis=1)
        output = _unflat(graph, joined, recurrence.cell.output_shape)
    return [output, *(carried[name] for name in recurrence.cell.states)]


def _loops(
    graph: Graph, recurrence: Recurrence, read: list[Tensor], carried: dict[str, Tensor]
) -> tuple[_Variables, list[Tensor]]:
    """All whole blocks, by one loop or several that share their condition and their body.

    All loops are of one length, so the last may begin among steps that are computed already: it starts with so many
    done, and the rows of its outputs that it does not write are cut off.

    Returns:
        What the last loop ends with, and the outputs of each where all are wanted, (batch, steps, values).
    """
    length = recurrence.hole.length - recurrence.tail
    steps = _steps_of_a_loop(recurrence, length)
    unwritten, none_done = _unwritten(graph, recurrence, steps), operators.constant(0)
    read_by_loop = zip(*(_parts(graph, recurrence, all_, length, steps) for all_ in read), strict=True)
    body, rows = None, []
    for number, part in enumerate(read_by_loop):
        behind = max(0, (number + 1) * steps - length)
        done = operators.constant(behind) if behind else none_done
        variables = _Variables(done, list(part), unwritten, carried)
        if body is None:
            body = _body(graph.scope, recurrence, variables.of([tensor.like() for tensor in variables.tensors]))
            condition = _condition(body, steps)
        variables = variables.of(operators.repeat_while(graph, condition, body, variables.tensors))
        carried = variables.carried
        if recurrence.hole.layer.return_sequences:
            rows.append(_rows(graph, variables.written[0], behind, steps - behind))
    return variables, rows


def _steps_of_a_loop(recurrence: Recurrence, length: int) -> int:
    """The whole length where nothing is written in the loop: what a loop only reads costs it nothing."""
    if not recurrence.hole.layer.return_sequences:
        return length
    return min(length, STEPS_OF_A_LOOP // recurrence.block * recurrence.block)


def _parts(graph: Graph, recurrence: Recurrence, all_: Tensor, length: int, steps: int) -> list[Tensor]:
    """What each loop reads, (batch, steps, values), in the order in which the layer reads."""
    batch, total, values = all_.shape
    loops = -(-length // steps)
    if loops == 1 or total == 1:
        return [all_] * loops
    firsts = [min(number * steps, length - steps) for number in range(loops)]
    firsts = [total - steps - first for first in firsts] if recurrence.backwards else firsts
    whole, parts = length // steps, []
    if whole >= _UNPACKED:
        among = _rows(graph, all_, min(firsts[:whole]), whole * steps)
        parts = operators.unpack(graph, operators.reshape(graph, among, (batch, whole, steps, values)), axis=1)
        parts = parts[::-1] if recurrence.backwards else parts
    return parts + [_rows(graph, all_, first, steps) for first in firsts[len(parts) :]]


def _rows(graph: Graph, all_: Tensor, first: int, number: int) -> Tensor:
    """So many rows from one on."""
    batch, length, values = all_.shape
    if number == length:
        return all_
    return operators.take(graph, all_, operators.constant([0, first, 0]), (batch, number, values))


def _unwritten(graph: Graph, recurrence: Recurrence, steps: int) -> list[Tensor]:
    """The outputs before the first block: every row is written before it is read; FILL costs nothing in the file."""
    output = recurrence.step_piece.outputs[recurrence.step.output]
    if recurrence.hole.layer.return_sequences:
        return [operators.fill(graph, output, (recurrence.hole.batch, steps, prod(recurrence.cell.output_shape)))] * 2
    return [] if recurrence.step.output in recurrence.step.carried else [operators.zeros(output, output.shape)]


def _condition(body: Graph, length: int) -> Graph:
    """done < length"""
    condition = Graph(inputs=[tensor.like() for tensor in body.inputs])
    condition.outputs = [operators.less(condition, condition.inputs[0], operators.constant(length))]
    return condition


def _body(scope: str, recurrence: Recurrence, before: _Variables) -> Graph:
    graph, block = Graph(inputs=before.tensors, scope=scope), recurrence.block
    first = _first(graph, recurrence, before)
    steps, carried = _steps(graph, recurrence, before.read, first, block, before.carried)
    written = before.written
    if recurrence.hole.layer.return_sequences:
        rows = _flat(graph, operators.pack(graph, steps, axis=1))
        old, new = before.written
        operators.put(graph, old, rows, _row(graph, before.done), new)
        written = [new, new]
    elif written:
        written = [steps[-1]]
    done = operators.add(graph, before.done, operators.constant(block))
    graph.outputs = _Variables(done, before.read, written, carried).tensors
    return graph


def _first(graph: Graph, recurrence: Recurrence, before: _Variables) -> Tensor | None:
    """The position from which on a block reads; None where all steps read one row."""
    length = max(all_.shape[1] for all_ in before.read)
    if length == 1:
        return None
    if not recurrence.backwards:
        return _row(graph, before.done)
    return _row(graph, operators.subtract(graph, operators.constant(length - recurrence.block), before.done))


def _tail(
    graph: Graph, recurrence: Recurrence, read: list[Tensor], carried: dict[str, Tensor]
) -> tuple[list[Tensor], dict[str, Tensor]]:
    """The steps after the last whole block: their outputs, and what the last of them hands on."""
    tail = recurrence.tail
    first = operators.constant([0, 0 if recurrence.backwards else recurrence.hole.length - tail, 0])
    return _steps(graph, recurrence, read, first, tail, carried)


def _steps(
    graph: Graph,
    recurrence: Recurrence,
    read: list[Tensor],
    first: Tensor | None,
    steps: int,
    carried: dict[str, Tensor],
) -> tuple[list[Tensor], dict[str, Tensor]]:
    """So many steps, from the position `first` on; as `unrolled.run`."""
    sequence, *valid = (_taken(graph, all_, first, steps) for all_ in read)
    sequence = _unflat(graph, sequence, recurrence.hole.row)
    return unrolled.run(graph, recurrence, steps, sequence, valid[0] if valid else None, carried)


def _taken(graph: Graph, all_: Tensor, first: Tensor | None, rows: int) -> Tensor:
    """So many rows of what a loop reads; of a single one, that."""
    batch, length, values = all_.shape
    return all_ if length == 1 else operators.take(graph, all_, first, (batch, rows, values))


def _flat(graph: Graph, rows: Tensor) -> Tensor:
    """(batch, rows, ...) -> (batch, rows, values): SLICE takes five axes at most, frames of ConvLSTM3D have six."""
    return rows if len(rows.shape) == 3 else operators.reshape(graph, rows, (*rows.shape[:2], prod(rows.shape[2:])))


def _unflat(graph: Graph, rows: Tensor, shape: tuple[int, ...]) -> Tensor:
    """(batch, rows, values) -> (batch, rows, *shape)."""
    return rows if len(shape) == 1 else operators.reshape(graph, rows, (*rows.shape[:2], *shape))


def _row(graph: Graph, number: Tensor) -> Tensor:
    """The position (0, number, 0)."""
    return operators.pack(graph, [operators.constant(0), number, operators.constant(0)], axis=0)
