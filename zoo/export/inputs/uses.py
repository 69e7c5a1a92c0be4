"""What the numbers of an input are, by what a model does with them: ids of a table, a length, or any numbers.

The walk follows an input through whatever leaves its numbers as they are - casts, reshapes, slices, concatenations -
into nested models, wrappers and layers of anybody, to what reads them there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import tensorflow as tf

from zoo.export.inputs.traced import COMPARISONS, MOVES, SHAPES, Operation, casts, counted_from_the_end, readers


@dataclass(frozen=True)
class Uses:
    """What reads the numbers of an input, unchanged.

    Attributes:
        tables: of each table that they are looked up in, how many rows it has; of each one-hot code, how long it is.
        positions: of each row of positions 0, 1, 2, ... that they are compared with, how long it is.
        values: whether anything computes with them.
    """

    tables: frozenset[int] = frozenset()
    positions: frozenset[int] = frozenset()
    values: bool = False

    def facts(self) -> dict:
        """The kind and the range of the input in a manifest.

        What holds ids and other numbers side by side has no range of its own, and neither has what no table reads.
        """
        if self.values or not (self.tables or self.positions):
            return {"kind": "array"}
        if not self.tables:
            return {"kind": "length"}
        return {"kind": "tokens", "range": [0, min(self.tables) - 1]}


def uses_of(graph, inputs: Mapping[str, tf.Tensor], read: Mapping[object, object]) -> dict[str, Uses]:
    """The uses of each input.

    Args:
        graph: the traced model.
        inputs: the placeholder of each input, by name.
        read: by reference, the tensors that something outside the graph computes with: recurrences.
    """
    reading = readers(graph.get_operations())
    return {name: _uses(tensor, reading, read) for name, tensor in inputs.items()}


def _uses(tensor: tf.Tensor, reading: Mapping, read: Mapping) -> Uses:
    tables, positions, values = set(), set(), False
    pending, seen = [tensor], set()
    while pending:
        tensor = pending.pop()
        if tensor.ref() in seen:
            continue
        seen.add(tensor.ref())
        values |= tensor.ref() in read
        for operation in reading.get(tensor.ref(), ()):
            if rows := _rows(operation, tensor):
                tables.add(rows)
            elif operation.type in COMPARISONS:
                positions |= set() if "Equal" in (operation.type, operation.type[3:]) else _positions(operation)
            elif _leaves_as_is(operation, tensor):
                pending += operation.outputs
            else:
                values |= operation.type not in SHAPES and tensor.dtype.is_floating
    return Uses(frozenset(tables), frozenset(positions), values)


def _rows(operation: Operation, tensor: tf.Tensor) -> int | None:
    """How many things an operation tells apart by a tensor that it looks up; None where it looks nothing up by it."""
    if operation.type == "OneHot" and operation.inputs[0] is tensor:
        depth = tf.get_static_value(operation.inputs[1])
        return None if depth is None else int(depth)
    if operation.type == "GatherV2" and operation.inputs[1] is tensor:
        axis = tf.get_static_value(operation.inputs[2])
        return None if axis is None else operation.inputs[0].shape[int(axis)]
    return None


def _positions(operation: Operation) -> set[int]:
    """The length of the row 0, 1, 2, ... that a comparison has on one side."""
    sides = [tf.get_static_value(tensor) for tensor in operation.inputs]
    return {side.size for side in sides if side is not None and side.size > 1 and _counts(side.ravel())}


def _counts(values) -> bool:
    return bool((values[1:] - values[:-1] == 1).all()) and values[0] in (0, 1)


def _leaves_as_is(operation: Operation, tensor: tf.Tensor) -> bool:
    if (indices := counted_from_the_end(operation)) is not None:
        return indices is tensor
    if kinds := casts(operation):
        return not kinds[1].is_bool
    return operation.type in MOVES or (operation.type == "GatherV2" and operation.inputs[0] is tensor)
