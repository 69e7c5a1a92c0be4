"""The steps in a file of one recurrence: their operators, and the same file with fewer of them."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from ai_edge_litert.schema_py_generated import BuiltinOperator

from zoo.errors import ConversionError
from zoo.export.assembly.ends import drop_unread
from zoo.export.assembly.graph import Graph, Operator, Piece, Tensor
from zoo.export.assembly.operators import constant


def products(graph: Graph) -> list[int]:
    """Where the recurrent products stand among the operators: those FULLY_CONNECTED that share a weight."""
    weights = {
        position: operator.inputs[1]
        for position, operator in enumerate(graph.operators)
        if operator.code == BuiltinOperator.FULLY_CONNECTED
    }
    ((shared, _),) = Counter(weights.values()).most_common(1) or [(None, 0)]
    return [position for position, weight in weights.items() if weight is shared]


def middle_step(graph: Graph) -> list[Operator]:
    """The operators of one step, from its recurrent product to the one before the next.

    It is taken from the middle: of the first steps some is computed once and for all when the file is made.

    Raises:
        ConversionError: the steps around it are not alike.
    """
    positions = products(graph)
    middle = len(positions) // 2
    around = positions[max(0, middle - 1) : middle + 3]
    steps = [graph.operators[begin:end] for begin, end in pairwise(around)]
    names = {tuple(operator.name for operator in step) for step in steps}
    if len(steps) < 3 or len(names) > 1:
        raise ConversionError(
            f"no step can be told from the next: {len(positions)} recurrent products, between them {len(names)} kinds "
            "of operators; expected a file of one recurrence, unrolled, of four steps at least"
        )
    return steps[1]


def over_time(graph: Graph, length: int) -> list[Operator]:
    """The operators that read or write all steps at once, a tensor (batch, length, values)."""
    return [
        operator
        for operator in graph.operators
        if any(_is_sequence(tensor, length) for tensor in (*operator.inputs, *operator.outputs))
    ]


def shorten(piece: Piece, length: int, steps: int) -> None:
    """Leaves the first steps of an unrolled recurrence, of `length` of them, and of what they read and write.

    A file that is converted for fewer steps may compute something else: its int8 recipe is chosen anew.
    """
    graph = piece.graph
    for operator in over_time(graph, length):
        if operator.code == BuiltinOperator.UNPACK:
            operator.outputs, operator.options.num = operator.outputs[:steps], steps
        elif operator.code == BuiltinOperator.PACK:
            operator.inputs, operator.options.valuesCount = operator.inputs[:steps], steps
    ends = [*piece.inputs.values(), *piece.outputs.values()]
    inside = [tensor for operator in graph.operators for tensor in (*operator.inputs, *operator.outputs)]
    for tensor in {tensor for tensor in (*ends, *inside) if _is_sequence(tensor, length)}:
        tensor.shape, tensor.shape_signature = (tensor.shape[0], steps, *tensor.shape[2:]), None
    drop_unread(graph, set(piece.outputs.values()))


def body(graph: Graph) -> Graph:
    """What the WHILE of a blocked recurrence repeats."""
    return _loop(graph).subgraphs[1]


def stop_after(graph: Graph, steps: int) -> None:
    """Ends the loop of a blocked recurrence early; what it has not written stays zero."""
    condition = _loop(graph).subgraphs[0]
    (less,) = condition.operators  # of the steps that are done and their number
    less.inputs[1] = constant(steps)


def _loop(graph: Graph) -> Operator:
    (loop,) = (operator for operator in graph.operators if operator.code == BuiltinOperator.WHILE)
    return loop


def _is_sequence(tensor: Tensor | None, length: int) -> bool:
    return tensor is not None and not tensor.constant and len(tensor.shape) == 3 and tensor.shape[1] == length
