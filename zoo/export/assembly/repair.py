"""Two repairs that a file needs before it can be trusted.  Each is a fault of the tools that was measured.

`align`: the converter may give an operator that only moves numbers (seen: REVERSE_V2, so every Bidirectional with
sequences) an output on another grid than its input.  The kernel copies bytes, so the numbers change their meaning.

`make_cache_safe`: XNNPACK's weight cache finds packed weights by their buffers.  What it packs depends on the weight's
shape and, in int8, on the grids as well: operators that share buffers and differ in those get each other's weights
(`zoo.runtime.engine.weight_cache` has the whole rule).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from ai_edge_litert.schema_py_generated import BuiltinOperator, TensorType

from zoo.export.assembly.graph import Graph, Operator, Quantization, Tensor
from zoo.export.assembly.operators import convert
from zoo.runtime.engine.weight_cache import PACKING

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


def make_cache_safe(*graphs: Graph) -> int:
    """Gives operators that share what the cache looks at, but not all that packing depends on, a copy of the former.

    Args:
        graphs: all of a file.

    Returns:
        How many copies that took: of biases, or of weights where the cache does not look at the bias.
    """
    packed: dict[tuple, list[tuple]] = {}
    copies: dict[tuple, Tensor] = {}
    packing = [found for graph in graphs for found in _packing_operators(graph)]
    before = max((tensor.copy or 0 for *_, weight, bias in packing for tensor in (weight, bias) if tensor), default=0)
    for operator, source, weight, bias in packing:
        dynamic = source.type == TensorType.FLOAT32 and weight.type == TensorType.INT8
        bias_data = (bias.data, bias.copy) if bias else None
        shared = (weight.data, weight.copy, None if dynamic else bias_data)
        what = (_what_is_packed(operator, source, weight), bias_data)
        known = packed.setdefault(shared, [])
        if what not in known:
            known.append(what)
        if known[0] == what:
            continue
        key = (shared, what)
        if key not in copies:
            original = weight if dynamic else _bias(operator.outputs[0], source, weight, bias)
            copies[key] = replace(original, copy=before + len(copies) + 1)
        _put(operator, 1 if dynamic else 2, copies[key])
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


def _packing_operators(graph: Graph) -> Iterator[tuple[Operator, Tensor, Tensor, Tensor | None]]:
    """(operator, input, weight, bias) of those that XNNPACK packs a constant weight for and that may have a bias."""
    for part in reachable(graph):
        stored = {  # float16 weights stand behind a DEQUANTIZE
            operator.outputs[0]: operator.inputs[0]
            for operator in part.operators
            if operator.code == BuiltinOperator.DEQUANTIZE and operator.inputs[0].constant
        }
        for operator in part.operators:
            places = PACKING.get(operator.code, (None, None, None))
            if places[2] is None:
                continue
            source, weight, bias = ((operator.inputs + [None] * 4)[place] for place in places)
            if weight in stored and stored[weight].type == TensorType.INT8:
                continue  # 8 bits that are float32 once they are loaded: where files share them, they use no cache
            weight, bias = stored.get(weight, weight), stored.get(bias, bias)
            if source.type in (TensorType.INT8, TensorType.FLOAT32) and weight.constant:
                yield operator, source, weight, bias


def _what_is_packed(operator: Operator, source: Tensor, weight: Tensor) -> tuple:
    grids = (source.quantization, operator.outputs[0].quantization) if source.type == TensorType.INT8 else ()
    strides = (getattr(operator.options, "strideH", 0), getattr(operator.options, "strideW", 0))
    return operator.code, weight.type, weight.shape, weight.quantization, source.shape[-1:], grids, strides


def _bias(result: Tensor, source: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """The bias as the operator reads it, zeros where there is none."""
    if bias is not None and bias.type == TensorType.FLOAT16:
        data = np.frombuffer(bias.data, np.float16).astype(np.float32).tobytes()
        return Tensor(bias.shape, TensorType.FLOAT32, None, data)
    if bias is not None:
        return bias
    channels = result.shape[-1]
    if source.type == TensorType.FLOAT32:
        return Tensor((channels,), TensorType.FLOAT32, None, bytes(4 * channels))
    scales = weight.quantization.scale
    grid = Quantization(tuple(source.quantization.scale[0] * scale for scale in scales), (0,) * len(scales))
    return Tensor((channels,), TensorType.INT32, grid, bytes(4 * channels))


def _put(operator: Operator, place: int, tensor: Tensor) -> None:
    """Sets what stands at a place of `PACKING`."""
    position = PACKING[operator.code][place]
    operator.inputs += [None] * (position + 1 - len(operator.inputs))
    operator.inputs[position] = tensor
