"""Any other cell, a user's own: one step of it is what its `call` does.

No equation stands here, so nothing is known of its inside: the inputs are not projected ahead, and int8 takes its
ranges from the converter's calibration of that one step, on what the step was given over the calibration examples.
"""

from __future__ import annotations

import math
import re

import keras
import numpy as np
import tensorflow as tf
from keras.layers import RNN

from zoo.errors import ConversionError
from zoo.export.device_forms import device_forms
from zoo.export.recurrences.cells.cell import Cell, Hook


class Traced(Cell):
    """A cell by its `call(inputs, states)`, at inference.

    Its states are `state_0`, `state_1`, ...: those of `get_initial_state`, flattened.

    Args:
        layer: the recurrent layer that repeats it, built.
        row: the shape of what a step reads, without the batch.

    Raises:
        ConversionError: `call` cannot be traced, keeps something between calls, or changes the shape of a state.
    """

    has_equations = False

    def __init__(self, layer: RNN, row: tuple[int, ...]):
        self.layer = layer
        self._structure = layer.get_initial_state(batch_size=1)
        self.initial = tuple(np.asarray(state, np.float32)[0] for state in keras.tree.flatten(self._structure))
        self.states = tuple(f"state_{number}" for number in range(len(self.initial)))
        self.projected = {"x": row}
        self.output = "output"
        self.fixed = {}
        graph = self._trace()
        self.operators = sum(_is_an_operator(operation) for operation in graph.get_operations())
        self.products = sum(operation.type in _PRODUCTS for operation in graph.get_operations())
        self.weights = sum(math.prod(weight.shape) for weight in layer.cell.weights) if self.products else 0

    def project(self, q: Hook, x: tf.Tensor) -> tuple[tf.Tensor, ...]:
        return (x,)

    def step(self, q: Hook, rows: tuple[tf.Tensor, ...], *states: tf.Tensor) -> tuple[tf.Tensor, ...]:
        output, new = self._call(*rows, states)
        return (*new, output)[: len(self.results)]

    def _call(self, x: tf.Tensor, states: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, list[tf.Tensor]]:
        cell = self.layer.cell
        options = {"training": False} if getattr(cell, "_call_has_training_arg", False) else {}
        with device_forms():
            output, new = cell(x, keras.tree.pack_sequence_as(self._structure, states), **options)
        return output, keras.tree.flatten(new)

    def _trace(self) -> tf.Graph:
        """Runs `call` once in a graph, to learn which state the output is, and what may not be."""
        found = []

        def once(x, *states):
            output, new = self._call(x, states)
            found.extend([output, *new])
            return found

        expected = tuple(start.shape for start in self.initial)
        specs = [tf.TensorSpec((1, *shape)) for shape in (*self.projected.values(), *expected)]
        try:
            graph = tf.function(once, autograph=False).get_concrete_function(*specs).graph
        except Exception as error:  # whatever a user's code raises
            raise self._refusal(f"cannot be traced: {_first_line(error)}") from error
        kept = [operation.type for operation in graph.get_operations() if "Assign" in operation.type]
        if kept:
            raise self._refusal(f"writes to a variable ({kept[0]}), which would last from one call to the next")
        output, *new = found
        shapes = tuple(tuple(state.shape[1:]) for state in new)
        if shapes != expected:
            raise self._refusal(f"gives states of other shapes than it is given: found {shapes}, expected {expected}")
        self.output_shape = tuple(output.shape[1:])
        same = [name for name, state in zip(self.states, new, strict=True) if _origin(state) is _origin(output)]
        self.output = same[0] if same else "output"
        return graph

    def _refusal(self, why: str) -> ConversionError:
        return ConversionError(
            f"{repeats(self.layer)}, whose `call` {why}",
            "write `call(inputs, states)` of `keras.ops` on tensors of fixed shapes, without Python `if` on their "
            "values and without `assign`; the target `saved_model` takes it as it is",
        )


def repeats(layer: RNN) -> str:
    """Which layer repeats which cell, as messages begin."""
    return f"layer `{layer.name}` repeats the cell `{type(layer.cell).__name__}`"


_FREE = {"Const", "Identity", "NoOp", "Placeholder", "ReadVariableOp"}
"""What a trace holds and a file does not."""


_PRODUCTS = {"MatMul", "BatchMatMulV2", "Einsum", "Conv2D", "Conv3D", "DepthwiseConv2dNative"}

_FUSED, _FUSING = {"Relu", "Relu6"}, {"Add", "AddV2", "BiasAdd", "MatMul", "Mul", "Sub"}
"""Activations that are a part of the operator before them, and the operators that take them in."""


def _is_an_operator(operation: tf.Operation) -> bool:
    """Whether an operation of a trace is one of a file."""
    if operation.type in _FUSED:
        return _origin(operation.inputs[0]).op.type not in _FUSING
    return operation.type not in _FREE


def _origin(tensor: tf.Tensor) -> tf.Tensor:
    while tensor.op.type == "Identity":
        tensor = tensor.op.inputs[0]
    return tensor


def _first_line(error: Exception) -> str:
    """What went wrong, without what Keras puts before it: `Exception encountered when calling MyCell.call().`"""
    said = re.sub(r"\x1b\[\d+m", "", str(error)).splitlines()
    telling = [line.strip() for line in said if line.strip() and not line.startswith("Exception encountered when")]
    return next(iter(telling), type(error).__name__)[:300]
