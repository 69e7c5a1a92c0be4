"""The front: what of a model in integers stays float, between the user's inputs and the first products.

An id, a length or a mask's value that is rounded to one of 256 steps is another id, length or mask; so are the numbers
of a feature beside one that is a thousand times larger.  The front computes with such an input in float: casts,
comparisons, slices, normalisation, until what it gives can be quantised by itself.  It is cut off the trace, and its
results are wires, as those of recurrences are.

    front.names          {"tokens": "its numbers are looked up or counted"}: the inputs that stay as they are, and why
    front.function       from the wires of these inputs to the front's own wires
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import tensorflow as tf

from zoo.export.assembly.graph import Piece
from zoo.export.inputs.region import Region, boundary
from zoo.export.inputs.traced import upstream
from zoo.export.inputs.unlike import unlike

UNLIKE = "its features are of unlike magnitude"


@dataclass(frozen=True)
class Keep:
    """Which inputs keep their numbers in a file that computes in integers, beside those that have to.

    Attributes:
        spoilt: of inputs by name, says which rounding spoils: each on a grid of its own, or all on one from the lowest
            to the highest number that is given.
        integers: names of inputs that are to be int8 or uint8 where that can be: a mask of zeros is found there too.
        examples: (n, ...) of each input, on which it is seen whether features are alike.
    """

    spoilt: Callable[..., Collection[str]] = lambda names, limits=None: ()
    integers: frozenset[str] = frozenset()
    examples: Mapping[str, np.ndarray] = field(default_factory=dict)


@dataclass(eq=False)
class Front:
    """What stays float.

    Attributes:
        names: of each input that stays as it is, why.
        reads: the wires of these inputs, and their shapes.
        tensors: of the trace, by the wire that each is put on.
        function: a TensorFlow function from the former to the latter; None where there are none.
        unlike: the references of tensors that no one grid holds.
        marks: of an input by its wire, the values that stand for `nothing here`.
        piece: the function, converted.
    """

    names: Mapping[str, str]
    reads: Mapping[str, tuple[int, ...]]
    tensors: Mapping[str, tf.Tensor]
    function: object | None
    unlike: frozenset = frozenset()
    marks: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    piece: Piece | None = None

    def __call__(self, given: Mapping[str, np.ndarray]) -> dict[str, tf.Tensor]:
        """What is on the front's wires for examples, (n, ...) of each wire that it reads; any n."""
        return {} if self.function is None else _in_batches(self.function, {wire: given[wire] for wire in self.reads})

    def unmarked(self, wire: str, values: tf.Tensor) -> tf.Tensor:
        """Values of an input, or of what is behind it, without marks far off: they would take most of a grid."""
        array = np.asarray(values)
        marks = self.marks.get(wire, ()) if wire in self.reads else itertools.chain(*self.marks.values())
        for mark in marks if values.dtype.is_floating else ():
            others = array[array != np.float32(mark)]
            if others.size and not _near(mark, float(others.min()), float(others.max())):
                nearest = others.min() if mark < others.min() else others.max()
                array = np.where(array == np.float32(mark), nearest, array)
        return tf.constant(array)


def _near(mark: float, low: float, high: float) -> bool:
    reach = (high - low) / 8
    return min(low, 0.0) - reach <= mark <= max(high, 0.0) + reach


def front_of(
    function,
    inputs: Mapping[str, tuple[str, tf.Tensor]],
    fed: Sequence[tf.Tensor],
    read: Sequence[tf.Tensor],
    sequences: Sequence[tf.Tensor],
    keep: Keep,
) -> Front | None:
    """The front of a traced model; None where every input may be quantised as it comes.

    Args:
        function: the trace.
        inputs: of each input by name, its wire and its placeholder.
        fed: all placeholders of the trace.
        read: the tensors that are wanted of it: outputs, and what recurrences are given.
        sequences: those of them that a recurrence projects.
        keep: what is to stay as it is beside what has to.
    """
    wanted = {tensor.ref() for tensor in read}
    region = _region(function, inputs, fed)
    names = region.needs(keep.integers)
    floats = [name for name, (_, tensor) in inputs.items() if tensor.dtype.is_floating and name not in names]
    spoilt = keep.spoilt(floats)
    joined = _spoilt_by_others(function, inputs, fed, wanted, [name for name in floats if name not in spoilt], keep)
    names |= dict.fromkeys([*spoilt, *joined], UNLIKE)
    if not names:
        return None
    region.grow(names)
    no_grid = _without_grid(function, region, inputs, wanted, spoilt, keep)
    region.extend(no_grid)
    bounds = boundary(region, wanted)
    tensors = {f"front_{number}": tensor for number, tensor in enumerate(bounds)}
    wires = {inputs[name][0]: inputs[name][1] for name in inputs if name in region.kept}
    return Front(
        names | {name: UNLIKE for name in region.kept if name not in names},
        {wire: tuple(tensor.shape) for wire, tensor in wires.items()},
        tensors,
        function.prune(list(wires.values()), tensors) if tensors else None,
        no_grid & {tensor.ref() for tensor in sequences},
        {inputs[name][0]: marks for name, marks in region.marks.items()},
    )


def _without_grid(
    function, region: Region, inputs, wanted: Collection[object], spoilt: Collection[str], keep: Keep
) -> frozenset:
    """The references of what is handed on by a front, and would be spoilt by any one grid."""
    bounds = boundary(region, wanted)
    raw = [region.inputs[name] for name in region.kept if region.is_read_outside(region.inputs[name], wanted)]
    values = _values(function, region, bounds, inputs, keep.examples) | {
        region.inputs[name].ref(): keep.examples[name] for name in region.kept if name in keep.examples
    }
    asked = {region.inputs[name].ref() for name in spoilt}
    return frozenset(
        tensor.ref()
        for tensor in (*bounds, *raw)
        if tensor.ref() in asked or (tensor.dtype.is_floating and unlike(values.get(tensor.ref())))
    )


def _region(function, inputs: Mapping[str, tuple[str, tf.Tensor]], fed: Sequence[tf.Tensor]) -> Region:
    return Region(function.graph, {name: tensor for name, (_, tensor) in inputs.items()}, fed)


def _spoilt_by_others(
    function, inputs, fed, wanted: Collection[object], names: Collection[str], keep: Keep
) -> list[str]:
    """The inputs that are joined with others of another magnitude, so that one grid of all would spoil them."""
    if len(names) < 2 or any(name not in keep.examples for name in names):
        return []
    region = _region(function, inputs, fed)
    region.grow(names)
    values, found = _values(function, region, boundary(region, wanted), inputs, keep.examples), []
    for tensor in boundary(region, wanted):
        if tensor.op.type == "ConcatV2" and unlike(values.get(tensor.ref())):
            limits = float(values[tensor.ref()].min()), float(values[tensor.ref()].max())
            together = [name for name in names if inputs[name][1].op in upstream([tensor])]
            found += together if keep.spoilt(together, limits) else []
    return list(dict.fromkeys(found))


def _values(function, region: Region, bounds, inputs, examples: Mapping[str, np.ndarray]) -> dict:
    """What examples become on the boundary, by the references of its tensors."""
    kept = {inputs[name][0]: (name, inputs[name][1]) for name in inputs if name in region.kept}
    if not bounds or any(name not in examples for name, _ in kept.values()):
        return {}
    tensors = {str(number): tensor for number, tensor in enumerate(bounds)}
    pruned = function.prune([tensor for _, tensor in kept.values()], tensors)
    found = _in_batches(pruned, {wire: examples[name] for wire, (name, _) in kept.items()})
    return {tensors[number].ref(): np.asarray(array) for number, array in found.items()}


def _in_batches(function, given: Mapping[str, np.ndarray]) -> dict[str, tf.Tensor]:
    """Runs a function of a fixed batch on any number of examples; the last batch is filled up."""
    specs = {tensor.op.name: tensor for tensor in function.inputs if tensor.op.name in given}
    batch = next(iter(specs.values())).shape[0]
    arrays = {wire: np.asarray(given[wire]).astype(tensor.dtype.as_numpy_dtype) for wire, tensor in specs.items()}
    count = len(next(iter(arrays.values())))
    parts = []
    for first in range(0, count, batch):
        rows = np.minimum(np.arange(first, first + batch), count - 1)
        parts.append(function(**{wire: tf.constant(array[rows]) for wire, array in arrays.items()}))
    rows_each = {wire: tensor.shape[0] // batch for wire, tensor in parts[0].items()}  # frames may lie in the batch
    return {wire: tf.concat([part[wire] for part in parts], 0)[: count * rows] for wire, rows in rows_each.items()}


def with_names(pruned, feeds: Mapping[str, tf.Tensor]):
    """A pruned function with its arguments named by wires, where some feed is no placeholder of that name."""
    specs = {wire: tf.TensorSpec(tensor.shape, tensor.dtype, wire) for wire, tensor in feeds.items()}
    return tf.function(
        lambda **values: pruned(*(values[wire] for wire in feeds)), autograph=False
    ).get_concrete_function(**specs)
