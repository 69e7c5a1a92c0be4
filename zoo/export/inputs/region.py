"""The region of a trace that a front takes: cheap operations that follow from inputs which keep their numbers.

It begins with what must have the numbers as they are, and goes on until the first products: what lies between costs
little in float, and what is behind is quantised as any layer's input is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import tensorflow as tf

from zoo.export.inputs.traced import (
    COMPARISONS,
    MOVES,
    SHAPES,
    Operation,
    casts,
    downstream,
    looks_up,
    operations,
    readers,
    source_of,
    upstream,
)

_ARITHMETIC = operations(
    "Abs Add AddV2 BiasAdd Ceil Cos Div DivNoNan Erf Exp Floor FloorDiv FloorMod IsFinite IsNan Log Log1p Maximum "
    "Minimum Mod Mul Neg Pow RealDiv Reciprocal Relu Relu6 Rint Round Rsqrt Sigmoid Sign Sin Softplus Sqrt Square "
    "SquaredDifference Sub Tanh"
)
_LOGIC = COMPARISONS | operations("All Any Cast LogicalAnd LogicalNot LogicalOr Select SelectV2")
_REDUCTIONS = operations("Max Mean Min Prod Sum Cumsum")
CHEAP = ((MOVES - {"BroadcastTo"}) | _ARITHMETIC | _LOGIC | _REDUCTIONS | {"Bucketize", "Pad", "PadV2"}) - SHAPES
"""What a front computes; `BroadcastTo` is not in it, since a recurrence sees through it to the row that it repeats."""
PRODUCTS = operations("BatchMatMulV2 Conv2D DepthwiseConv2dNative Einsum MatMul")
_POOLS = frozenset({"AvgPool", "MaxPool"})
_WHOLE = operations("Bucketize Ceil Floor FloorDiv FloorMod Mod Rint Round")

LOOKED_UP = "its numbers are looked up or counted"
MASK = "a mask is found by its numbers"
WHOLE = "whole numbers that the model casts"


class Region:
    """What the front takes of a trace.

    Args:
        graph: the trace.
        inputs: the placeholder of each input by name.
        fed: all placeholders: of inputs, and of what recurrences give.

    Attributes:
        inside: the operations that are taken.
        kept: the names of the inputs that they read.
        marks: of an input, the values that it is compared with.
    """

    def __init__(self, graph, inputs: Mapping[str, tf.Tensor], fed: Sequence[tf.Tensor]):
        self.inputs = dict(inputs)
        self.operations = graph.get_operations()
        self.live = downstream(self.operations, fed)
        self.inside: set[Operation] = set()
        self.kept: set[str] = set()
        self.marks: dict[str, tuple[float, ...]] = {}
        self._readers = readers(self.operations)
        self._names = {tensor.op: name for name, tensor in inputs.items()}
        self._open = {tensor.op for tensor in fed} - set(self._names)
        self._must: set[Operation] = set()
        self._batch = next(iter(self.inputs.values())).shape[0]

    def needs(self, integers: Collection[str]) -> dict[str, str]:
        """The inputs whose numbers are needed as they are, and what for.

        Args:
            integers: inputs that are to be quantised where that can be.
        """
        found = {}
        for name, tensor in self.inputs.items():
            behind = self._grown([tensor], set())
            if tensor.dtype.is_floating:
                reason = self._of_floats(name, tensor, behind, name in integers)
            else:
                to_float = any((kinds := casts(one)) and kinds[1].is_floating for one in behind)
                reason = WHOLE if to_float or tensor.dtype not in (tf.int32, tf.int64, tf.bool) else None
            if reason:
                found[name] = reason
        return self._behind_products(found)

    def _of_floats(self, name: str, tensor: tf.Tensor, behind: set[Operation], integer: bool) -> str | None:
        for operation in behind:
            if operation.type in _WHOLE or (
                (kinds := casts(operation)) and kinds[0].is_floating and kinds[1].is_integer
            ):
                return LOOKED_UP
        compared = [one for one in behind if one.type in COMPARISONS and one.inputs[0].dtype.is_floating]
        values = [value for one in compared for value in _constants(one)]
        self.marks[name] = tuple(value for value in values if value)
        if integer and all(value == 0 for value in values) and len(values) == len(compared):
            return None  # zero has a number of its own on every grid
        to_bool = any((kinds := casts(one)) and kinds[0].is_floating and kinds[1].is_bool for one in behind)
        return MASK if compared or to_bool else None

    def _behind_products(self, found: dict[str, str]) -> dict[str, str]:
        """Adds the inputs of masks that are found among computed numbers: all that these depend on stays float."""
        for operation in self.operations:
            if operation.type not in ("Equal", "NotEqual") or not operation.inputs[0].dtype.is_floating:
                continue
            before = upstream(tensor for tensor in operation.inputs if tensor.op in self.live) & self.live
            cheaply = all(one in self._names or one.type in CHEAP for one in before)
            if cheaply or before & self._open or any(looks_up(one) for one in before & self.live):
                continue
            self._must |= {operation, *before} - self._names.keys()
            found |= {self._names[one]: MASK for one in before if one in self._names and self._names[one] not in found}
        return found

    def grow(self, names: Collection[str]) -> None:
        """Takes what follows cheaply from inputs."""
        self.kept |= set(names)
        self.inside = self._grown([self.inputs[name] for name in self.kept], self._must)

    def extend(self, spoilt: Collection[object]) -> None:
        """Takes the products that read what no grid holds, by reference, and what follows from them cheaply."""
        hot, known = set(spoilt), {tensor.ref() for one in self.inside for tensor in one.outputs}
        for operation in self.operations:
            reads = [tensor for tensor in operation.inputs if tensor.op in self.live]
            if operation in self.inside or not any(tensor.ref() in hot for tensor in reads):
                continue
            given = all(tensor.ref() in known or tensor.op in self._names for tensor in reads)
            if given and operation.type in CHEAP | PRODUCTS | _POOLS:
                self._must.add(operation)
                self.kept |= {self._names[tensor.op] for tensor in reads if tensor.op in self._names}
                known |= {tensor.ref() for tensor in operation.outputs}
                hot |= {tensor.ref() for tensor in operation.outputs} if operation.type not in PRODUCTS else set()
        self._must |= self.inside
        self.grow(self.kept)

    def is_read_outside(self, tensor: tf.Tensor, wanted: Collection[object]) -> bool:
        """Whether something that is not taken reads a tensor, or a copy of it; `wanted` are references."""
        if tensor.ref() in wanted:
            return True
        return any(
            any(self.is_read_outside(copy, wanted) for copy in one.outputs)
            if source_of(one.outputs[0]) is not one.outputs[0]
            else one not in self.inside
            for one in self._readers.get(tensor.ref(), ())
            if one.outputs
        )

    def _grown(self, sources: Sequence[tf.Tensor], must: Collection[Operation]) -> set[Operation]:
        taken, known = set(), {tensor.ref() for tensor in sources}
        for operation in self.operations:
            if operation not in self.live or operation.type == "Placeholder":
                continue
            reads = [tensor for tensor in operation.inputs if tensor.op in self.live]
            if operation in must or (
                self._is_cheap(operation, reads) and all(tensor.ref() in known for tensor in reads)
            ):
                taken.add(operation)
                known.update(tensor.ref() for tensor in operation.outputs)
        return taken

    def _is_cheap(self, operation: Operation, reads: Sequence[tf.Tensor]) -> bool:
        if any(not tensor.shape.rank or tensor.shape[0] % self._batch for tensor in operation.outputs):
            return False  # of all examples together, or without any
        if operation.type == "GatherV2":  # numbers that are picked by fixed indices, not a table that is looked up
            return [tensor.ref() for tensor in reads] == [operation.inputs[0].ref()]
        return operation.type in CHEAP


def boundary(region: Region, wanted: Collection[object]) -> list[tf.Tensor]:
    """What the region gives to others, in the order of the trace; copies are looked through."""
    return [
        tensor
        for operation in region.operations
        if operation in region.inside
        for tensor in operation.outputs
        if source_of(tensor) is tensor and region.is_read_outside(tensor, wanted)
    ]


def _constants(comparison: Operation) -> list[float]:
    """The one number that a comparison compares with, if it is one."""
    sides = [np.ravel(side) for tensor in comparison.inputs if (side := tf.get_static_value(tensor)) is not None]
    return [float(side[0]) for side in sides if side.size and (side == side[0]).all()]
