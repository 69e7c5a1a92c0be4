"""What a graph computes of constants alone, computed once, here.

The first step of an unrolled recurrence multiplies a state of zeros.  The GPU delegate refuses a product of a constant,
and on any processor what is always the same is a waste.
"""

from __future__ import annotations

from math import prod

import numpy as np
from ai_edge_litert.schema_py_generated import BuiltinOperator

from zoo._system.stderr import held_back
from zoo.export.assembly.file import write
from zoo.export.assembly.graph import Graph, Operator, Piece
from zoo.runtime.engine.engines import InterpretedEngine

KEPT = {BuiltinOperator.DEQUANTIZE, BuiltinOperator.FILL}
"""Operators of constants that save room: they make float32 of float16, and many zeros of one."""

SMALL = 1024
"""Elements that a result may have however few it was made of; a larger one has a quarter of those it was made of."""


def fold(piece: Piece) -> int:
    """Puts small constants in the place of operators that read nothing else; LiteRT's own kernels compute them.

    Returns:
        How many operators that took away.
    """
    graph, ends = piece.graph, {*piece.outputs.values()}
    fixed, alone, rest = set(), Graph(), []
    for operator in graph.operators:
        of_constants = all(tensor is None or tensor.constant or tensor in fixed for tensor in operator.inputs)
        if not of_constants or operator.subgraphs or ends.intersection(operator.outputs) or _swells(operator):
            rest.append(operator)
            continue
        fixed.update(operator.outputs)
        alone.operators.append(operator)
        if operator.code in KEPT:
            rest.append(operator)
    folded = len(graph.operators) - len(rest)
    if folded:
        read = {tensor for operator in rest for tensor in operator.inputs}
        made = {tensor for operator in alone.operators if operator.code not in KEPT for tensor in operator.outputs}
        _compute(alone, {str(number): tensor for number, tensor in enumerate(made & read)})
        graph.operators = rest
    return folded


def _swells(operator: Operator) -> bool:
    """Whether the result takes more room than the operator: a picture of zeros, convolved, is as large as a picture."""
    if operator.code in KEPT:
        return False
    made, read = (
        sum(prod(tensor.shape) for tensor in tensors if tensor is not None)
        for tensors in (operator.outputs, operator.inputs)
    )
    return made > max(SMALL, read // 4)


def _compute(graph: Graph, tensors: dict) -> None:
    """Fills tensors of a graph without inputs with what it computes."""
    with held_back(unless_it_fails=True):  # XNNPACK greets, in the first run
        engine = InterpretedEngine(write({"fold": Piece(graph, {}, tensors)}))
        engine.place("fold", {})
        engine.compute("fold")
        results = engine.results("fold")
    for name, tensor in tensors.items():
        tensor.data = np.ascontiguousarray(results[name]).tobytes()
