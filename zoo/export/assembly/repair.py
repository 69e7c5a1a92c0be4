"""Two repairs that an int8 file needs before it can be trusted.  Each is a fault of the tools that was measured.

`align`: the converter may give an operator that only moves numbers (seen: REVERSE_V2, so every Bidirectional with
sequences) an output on another grid than its input.  The kernel copies bytes, so the numbers change their meaning.

`uncollide`: XNNPACK's weight cache finds packed weights by the buffers of weight and bias.  What it packs holds the
input's zero point and the scales as well: operators that share both buffers and differ in those get each other's.
"""

from __future__ import annotations

from collections.abc import Iterator

from ai_edge_litert.schema_py_generated import BuiltinOperator, TensorType

from zoo.export.assembly.graph import Graph, Operator, Quantization, Tensor
from zoo.export.assembly.operators import convert

MOVING = {
    BuiltinOperator.BROADCAST_TO,
    BuiltinOperator.CONCATENATION,
    BuiltinOperator.DEPTH_TO_SPACE,
    BuiltinOperator.EXPAND_DIMS,
    BuiltinOperator.GATHER,
    BuiltinOperator.GATHER_ND,
    BuiltinOperator.MAX_POOL_2D,
    BuiltinOperator.PACK,
    BuiltinOperator.PAD,
    BuiltinOperator.RESHAPE,
    BuiltinOperator.RESIZE_NEAREST_NEIGHBOR,
    BuiltinOperator.REVERSE_V2,
    BuiltinOperator.SLICE,
    BuiltinOperator.SPACE_TO_DEPTH,
    BuiltinOperator.SPLIT,
    BuiltinOperator.SPLIT_V,
    BuiltinOperator.SQUEEZE,
    BuiltinOperator.STRIDED_SLICE,
    BuiltinOperator.TILE,
    BuiltinOperator.TRANSPOSE,
    BuiltinOperator.UNPACK,
}
"""Operators whose int8 kernels copy bytes."""

_PACKING = {  # operators that pack weights -> where their input, weight and bias stand
    BuiltinOperator.FULLY_CONNECTED: (0, 1, 2),
    BuiltinOperator.CONV_2D: (0, 1, 2),
    BuiltinOperator.DEPTHWISE_CONV_2D: (0, 1, 2),
    BuiltinOperator.TRANSPOSE_CONV: (2, 1, 3),
}


def align(graph: Graph) -> int:
    """Lets operators that move numbers keep the input's grid, and requantises after them.

    Returns:
        For how many outputs.
    """
    repaired = 0
    for part in reachable(graph):
        operators, part.operators = part.operators, []
        for operator in operators:
            part.operators.append(operator)
            grids = {tensor.quantization for tensor in _quantised(operator.inputs)}
            if operator.code not in MOVING or len(grids) != 1:
                continue
            for position, tensor in enumerate(operator.outputs):
                if tensor.type == TensorType.INT8 and tensor.quantization not in grids:
                    moved = Tensor(tensor.shape, tensor.type, *grids)
                    operator.outputs[position] = moved
                    _requantise(part, moved, tensor)
                    repaired += 1
    return repaired


def uncollide(*graphs: Graph) -> int:
    """Gives operators that share weight and bias, but not their grids, biases of their own; for all graphs of a file.

    Returns:
        How many copies of biases that took.
    """
    grids_of: dict[tuple, list[tuple]] = {}
    copies: dict[tuple, Tensor] = {}
    for operator in (operator for graph in graphs for operator in _packing_operators(graph)):
        source, weight, bias = _ends_of(operator)
        shared = (weight.data, weight.copy, bias.data if bias else None, bias.copy if bias else None)
        grids = (source.quantization, operator.outputs[0].quantization, weight.quantization)
        known = grids_of.setdefault(shared, [])
        if grids not in known:
            known.append(grids)
        if known[0] == grids:
            continue
        key = (shared, grids)
        if key not in copies:
            copies[key] = _own_bias(source, weight, bias, copy=len(copies) + 1)
        _set_bias(operator, copies[key])
    return len(copies)


def reachable(graph: Graph) -> Iterator[Graph]:
    """A graph and all that its operators call, each once."""
    found, pending = set(), [graph]
    while pending:
        part = pending.pop()
        if part not in found:
            found.add(part)
            pending += [called for operator in part.operators for called in operator.subgraphs]
            yield part


def _quantised(tensors: list[Tensor | None]) -> list[Tensor]:
    return [
        tensor for tensor in tensors if tensor is not None and tensor.type == TensorType.INT8 and tensor.quantization
    ]


def _requantise(graph: Graph, source: Tensor, target: Tensor) -> None:
    made = convert(graph, source, target)
    graph.operators[-1].outputs[graph.operators[-1].outputs.index(made)] = target


def _packing_operators(graph: Graph) -> Iterator[Operator]:
    """Those that multiply int8 by constant int8 weights."""
    for part in reachable(graph):
        for operator in part.operators:
            if operator.code in _PACKING:
                source, weight, _ = _ends_of(operator)
                if source.type == weight.type == TensorType.INT8 and weight.constant:
                    yield operator


def _ends_of(operator: Operator) -> tuple[Tensor, Tensor, Tensor | None]:
    source, weight, bias = _PACKING[operator.code]
    return operator.inputs[source], operator.inputs[weight], (operator.inputs + [None] * 4)[bias]


def _own_bias(source: Tensor, weight: Tensor, bias: Tensor | None, copy: int) -> Tensor:
    """A bias in a buffer of its own, zeros where there was none."""
    if bias is not None:
        return Tensor(bias.shape, bias.type, bias.quantization, bias.data, copy)
    scales, channels = weight.quantization.scale, weight.shape[weight.quantization.axis]
    grid = Quantization(tuple(source.quantization.scale[0] * scale for scale in scales), (0,) * len(scales))
    return Tensor((channels,), TensorType.INT32, grid, bytes(4 * channels), copy)


def _set_bias(operator: Operator, bias: Tensor) -> None:
    position = _PACKING[operator.code][2]
    operator.inputs += [None] * (position + 1 - len(operator.inputs))
    operator.inputs[position] = bias
