"""Builds the part `step` of a model: the same layers on a chunk of frames, their memory as inputs and outputs.

A value either runs in time, (batch, time, ...), one row a frame, or it does not: an input without a time axis, or what
is made of the last state of a recurrence, which is the answer after the frames so far.  In time a layer must act a step
at a time, go on from a state, or read a window of the past; outside of it, it may be any.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import keras
import numpy as np
from keras import layers

from zoo.errors import ConversionError, InputError
from zoo.export.recurrences.cells import cell_of
from zoo.export.streaming.acts_by_step import conv1d_obstacle, mask_obstacle, obstacle
from zoo.export.streaming.layers import CausalStep, Continued, rows_of_past
from zoo.families import Part


@dataclass(frozen=True)
class Step(Part):
    """The part `step`.  Its `state` begins with zeros, and is in the order in which a run of the model meets it.

    Args:
        chunk: frames a call.
        timed_inputs: the inputs that bring frames, (batch, chunk, ...); the others are the same at every call.
        timed_outputs: the outputs with a row a frame; the others answer after the frames so far.
    """

    chunk: int = 1
    timed_inputs: tuple[str, ...] = ()
    timed_outputs: tuple[str, ...] = ()


def step_of(model: keras.Model, chunk: int) -> Step:
    """The part `step` of a model.

    Args:
        model: functional, from a dict of named inputs to a dict of named outputs; its layers are shared.
        chunk: frames a call.

    Raises:
        ConversionError: a layer needs frames that have not come yet, or nothing in the model remembers frames.
        InputError: `chunk` does not suit the length of the inputs.
    """
    for layer in model._flatten_layers(include_self=False):
        if reason := mask_obstacle(layer):
            raise _looks_ahead(layer, reason)
    timed = tuple(name for name, tensor in model.input.items() if _runs_in_time(tensor))
    length = _length(model, timed, chunk)
    inputs = {name: _input(name, tensor, chunk if name in timed else None) for name, tensor in model.input.items()}
    building = _Building(length, chunk, taken={*model.input, *model.output})
    building.in_time.extend(inputs[name] for name in timed)
    outputs = building.run(model, [inputs[name] for name in _in_order(model)])
    if not building.states:
        raise ConversionError(
            f"`step` of `{model.name}`: no layer of it remembers frames, neither a recurrence nor a causal Conv1D",
            "export it for one frame: `predict` is its step",
        )
    timed_outputs = tuple(name for name, tensor in outputs.items() if building.is_in_time(tensor))
    if timed_outputs != tuple(outputs):
        _check_whole_chunks(length, chunk, next(name for name in outputs if name not in timed_outputs))
    return Step(
        keras.Model(inputs | building.states, outputs | building.last, name=f"{model.name}_step"),
        tuple(building.states),
        chunk,
        timed,
        timed_outputs,
    )


@dataclass
class _Building:
    """A walk through a model and the models in it, that calls each layer on a chunk."""

    length: int | None
    """Frames of the whole."""
    chunk: int
    taken: set[str]
    """Names that no state may have."""
    states: dict[str, keras.KerasTensor] = field(default_factory=dict)
    last: dict[str, keras.KerasTensor] = field(default_factory=dict)
    """What each state is after the chunk."""
    in_time: list[keras.KerasTensor] = field(default_factory=list)

    def run(self, model: keras.Model, inputs: list):
        """The outputs of a functional or Sequential model on a chunk."""
        return _graph_of(model)._run_through_graph(inputs, operation_fn=self._called)

    def is_in_time(self, tensor) -> bool:
        return any(tensor is each for each in self.in_time)

    def _called(self, operation) -> Callable:
        """What is called in the place of a layer or operation."""

        def call(*args, **kwargs):
            given = _tensors((args, kwargs))
            in_time = [tensor for tensor in given if self.is_in_time(tensor)]
            if _graph_of(operation) is not None:
                return self.run(operation, keras.tree.flatten(args[0]))
            if not in_time:
                return self._outside(operation, args, kwargs)
            if isinstance(operation, layers.RNN):
                return self._continued(operation, *args, **kwargs)
            if isinstance(operation, layers.Conv1D):
                return self._convolved(operation, args[0])
            return self._by_step(operation, args, kwargs, len(in_time) == len(given))

        return call

    def _outside(self, operation, args: tuple, kwargs: dict):
        if isinstance(operation, layers.RNN | layers.Bidirectional):
            raise _looks_ahead(operation, "reads a sequence that is known only after the last frame")
        return operation(*args, **kwargs)

    def _by_step(self, operation, args: tuple, kwargs: dict, all_in_time: bool):
        first = next(tensor for tensor in _tensors((args, kwargs)) if self.is_in_time(tensor))
        if isinstance(operation, layers.Reshape) and operation.target_shape[0] == self.length:
            operation = layers.Reshape((self.chunk, *operation.target_shape[1:]))
        elif reason := obstacle(operation, len(first.shape)):
            raise _looks_ahead(operation, reason)
        elif not all_in_time:
            raise _looks_ahead(operation, "joins every frame to what does not run in time")
        return self._noted(operation(*args, **kwargs))

    def _convolved(self, layer: layers.Conv1D, frames):
        if reason := conv1d_obstacle(layer):
            raise _looks_ahead(layer, reason)
        if not rows_of_past(layer):
            return self._noted(layer(frames))
        past = self._state(layer, ["window"], [(rows_of_past(layer), frames.shape[-1])])
        outputs, last = CausalStep(layer)(frames, *past.values())
        self.last |= dict(zip(past, [last], strict=True))
        return self._noted(outputs)

    def _continued(self, layer: layers.RNN, sequence, initial_state=None, mask=None, **_):
        if layer.go_backwards:
            raise _looks_ahead(layer, "goes backwards, from a frame that has not come yet")
        if initial_state is not None:
            raise _looks_ahead(layer, "begins with a state that it is given, and a stream begins with zeros")
        cell = cell_of(layer, tuple(sequence.shape[2:]))
        if any(np.any(start) for start in cell.initial):
            raise _looks_ahead(layer, "begins with a state of its own, and a stream begins with zeros")
        states = self._state(layer, cell.states, [start.shape for start in cell.initial])
        output, *last = Continued(layer)(sequence, *states.values())
        self.last |= dict(zip(states, last, strict=True))
        if layer.return_sequences:
            self._noted(output)
        return (output, *last) if layer.return_state else output

    def _state(self, layer, names, shapes) -> dict[str, keras.KerasTensor]:
        """New inputs for what a call of a layer remembers; a layer that is called again remembers anew."""
        number, prefix = 1, layer.name
        while {f"{prefix}_{name}" for name in names} & {*self.states, *self.taken}:
            number += 1
            prefix = f"{layer.name}_{number}"
        made = {
            f"{prefix}_{name}": keras.Input(shape, name=f"{prefix}_{name}")
            for name, shape in zip(names, shapes, strict=True)
        }
        self.states |= made
        return made

    def _noted(self, outputs):
        """Outputs that run in time."""
        self.in_time.extend(_tensors(outputs))
        return outputs


def _graph_of(operation):
    """The graph of layers that a functional or Sequential model is; None of anything else."""
    graph = operation._functional if isinstance(operation, keras.Sequential) else operation
    return graph if hasattr(graph, "_run_through_graph") else None


def _tensors(nested) -> list[keras.KerasTensor]:
    return [each for each in keras.tree.flatten(nested) if isinstance(each, keras.KerasTensor)]


def _in_order(model: keras.Model) -> list[str]:
    return [tensor.name for tensor in model.inputs]


def _runs_in_time(tensor) -> bool:
    """Whether an input brings frames: (batch, time, values...), or (batch, time) of whole numbers, which are tokens."""
    return len(tensor.shape) > 2 or (len(tensor.shape) == 2 and "int" in tensor.dtype)


def _input(name: str, tensor, chunk: int | None) -> keras.KerasTensor:
    """An input like `tensor`; of a chunk where it brings frames."""
    shape = tensor.shape[1:] if chunk is None else (chunk, *tensor.shape[2:])
    return keras.Input(shape, name=name, dtype=tensor.dtype)


def _length(model: keras.Model, timed: tuple[str, ...], chunk: int) -> int | None:
    """The frames that the inputs bring, all the same number; None where none brings any."""
    lengths = {name: model.input[name].shape[1] for name in timed}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"`{name}` {length}" for name, length in lengths.items())
        raise ConversionError(
            f"`step` of inputs of different lengths: found {found}, expected frames that come together",
            "leave `--step` out",
        )
    length = max(lengths.values(), default=None)
    if length is not None and chunk > length:
        raise InputError(f"wrong value of `chunk`: found {chunk}, expected at most the {length} frames of the whole")
    return length


def _check_whole_chunks(length: int, chunk: int, output: str) -> None:
    if length % chunk:
        fitting = ", ".join(str(each) for each in range(1, length + 1) if length % each == 0)
        raise InputError(
            f"wrong value of `chunk`: found {chunk}; `{output}` answers after the last frame, and {length} frames are "
            "no whole number of chunks, so nothing could be compared",
            f"give one of {fitting}",
        )


def _looks_ahead(operation, reason: str) -> ConversionError:
    kind = type(operation).__name__
    return ConversionError(
        f"`step` of a model that looks ahead: layer `{operation.name}` ({kind}) {reason}",
        "leave `--step` out, or build the model of forward recurrences, causal Conv1D and layers that act a step at a "
        "time",
    )
