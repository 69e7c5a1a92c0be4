"""A traced model as a graph of operations: what depends on what, and which operations do what with numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import tensorflow as tf


def operations(names: str) -> frozenset[str]:
    """Kinds of operations, as TensorFlow spells them."""
    return frozenset(names.split())


COPIES = frozenset({"Identity", "StopGradient", "PreventGradient"})
"""Operations that give what they are given."""

MOVES = COPIES | operations(
    "BroadcastTo ConcatV2 ExpandDims Pack Reshape ReverseV2 Slice Split SplitV Squeeze StridedSlice Tile Transpose "
    "Unpack"
)
"""Operations that move numbers and change none."""

SHAPES = frozenset({"Shape", "ShapeN", "Size", "Rank", "ZerosLike", "OnesLike"})
"""Operations that look at the shape of what they are given alone."""

COMPARISONS = operations("Equal NotEqual Less LessEqual Greater GreaterEqual")

Operation = tf.Operation


def readers(operations: Iterable[Operation]) -> dict[object, list[Operation]]:
    """The operations that read each tensor, by its reference."""
    found = defaultdict(list)
    for operation in operations:
        for tensor in operation.inputs:
            found[tensor.ref()].append(operation)
    return found


def downstream(operations: Iterable[Operation], sources: Iterable[tf.Tensor]) -> set[Operation]:
    """The operations whose results depend on the numbers of `sources`, those that make the sources among them."""
    found = {tensor.op for tensor in sources}
    for operation in operations:
        if operation.type not in SHAPES and any(tensor.op in found for tensor in operation.inputs):
            found.add(operation)
    return found


def upstream(tensors: Iterable[tf.Tensor], stops: Iterable[object] = ()) -> set[Operation]:
    """Every operation that these tensors depend on; what lies before the tensors of the references `stops` is not."""
    reached, stops = set(), frozenset(stops)
    pending = [tensor.op for tensor in tensors]
    while pending:
        operation = pending.pop()
        if operation not in reached:
            reached.add(operation)
            pending += [tensor.op for tensor in operation.inputs if tensor.ref() not in stops]
            pending += operation.control_inputs
    return reached


def source_of(tensor: tf.Tensor) -> tf.Tensor:
    """The tensor that this one is but a copy of."""
    while tensor.op.type in COPIES:
        tensor = tensor.op.inputs[0]
    return tensor


def counted_from_the_end(operation: Operation) -> tf.Tensor | None:
    """The indices behind a SelectV2 that is but Keras's way to let negative ones count from the end of a table."""
    if operation.type != "SelectV2":
        return None
    negative, shifted, indices = (source_of(tensor) for tensor in operation.inputs)
    is_it = (
        negative.op.type == "Less"
        and shifted.op.type == "AddV2"
        and source_of(negative.op.inputs[0]) is indices
        and source_of(shifted.op.inputs[0]) is indices
    )
    return indices if is_it else None


def casts(operation: Operation) -> tuple[tf.DType, tf.DType] | None:
    """From what to what an operation casts, if it does."""
    return (operation.inputs[0].dtype, operation.outputs[0].dtype) if operation.type == "Cast" else None


def placeholders(operations: Iterable[Operation]) -> Iterator[tf.Tensor]:
    """What stands open in a graph."""
    return (operation.outputs[0] for operation in operations if operation.type == "Placeholder")


def looks_up(operation: Operation) -> bool:
    """Whether an operation picks rows of a table by what it is given."""
    return operation.type in ("GatherV2", "OneHot") and operation.inputs[0].op.type in ("ReadVariableOp", "Const")
