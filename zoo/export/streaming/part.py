"""Builds the part `stream` of a model: the same layers on a chunk of frames, their memory as inputs and outputs.

A value either runs in time, (batch, time, ...), one row a frame, or it does not: an input without a time axis, or what
is made of the last state of a recurrence, which is the answer after the frames so far.  In time a layer must act a step
at a time, go on from a state, or read a window of the past; outside of it, it may be any.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import keras
import numpy as np
from keras import layers

from zoo.errors import ConversionError, InputError
from zoo.export.recurrences.cells import cell_of
from zoo.export.recurrences.continued import Continued, Unpadded, Windowed
from zoo.export.streaming.flow import CONVOLUTIONS, POOLINGS, Flow, Reach, with_zeros
from zoo.export.streaming.streamable import mask_obstacle, obstacle, slice_obstacle, window_obstacle
from zoo.families import Part


@dataclass(frozen=True)
class StreamPart(Part):
    """The part `stream`.  Its `state` begins with zeros, and is in the order in which a run of the model meets it.

    Args:
        chunk: frames a call.
        timed_inputs: the inputs that bring frames, (batch, chunk, ...); the others are the same at every call.
        timed_outputs: the outputs with a row a frame; the others answer after the frames so far.
        after: where it is not 0, the frames before which a state must stay as it begins and an output means nothing:
            a convolution without padding has to be filled first, and one that looks ahead is late.
    """

    chunk: int = 1
    timed_inputs: tuple[str, ...] = ()
    timed_outputs: tuple[str, ...] = ()
    after: Mapping[str, int] = field(default_factory=dict)


def stream_of(model: keras.Model, chunk: int) -> StreamPart:
    """The part `stream` of a model.

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
    for name in timed:
        building.note(inputs[name], Flow(length))
    outputs = building.run(model, [inputs[name] for name in _in_order(model)])
    if not building.states:
        raise ConversionError(
            f"`stream` of `{model.name}`: no layer of it remembers frames, neither a recurrence nor a convolution",
            "export it for one frame: `predict` is its stream",
        )
    flows = {name: building.flow(tensor) for name, tensor in outputs.items()}
    timed_outputs = tuple(name for name, flow in flows.items() if flow is not None)
    if timed_outputs != tuple(outputs):
        _check_whole_chunks(length, chunk, next(name for name in outputs if name not in timed_outputs))
    building.after |= {name: building.after_of(tensor, flows[name]) for name, tensor in outputs.items()}
    return StreamPart(
        keras.Model(inputs | building.states, outputs | building.last, name=f"{model.name}_stream"),
        tuple(building.states),
        chunk,
        timed,
        timed_outputs,
        {name: frames for name, frames in building.after.items() if frames},
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
    after: dict[str, int] = field(default_factory=dict)
    """Frames before which each state stays as it begins."""
    flows: dict[int, Flow] = field(default_factory=dict)
    """How each value that runs in time does, by the tensor's number."""
    answers: dict[int, int] = field(default_factory=dict)
    """Of each value that does not, the frames before which it means nothing."""
    _kept: list[keras.KerasTensor] = field(default_factory=list)

    def run(self, model: keras.Model, inputs: list):
        """The outputs of a functional or Sequential model on a chunk."""
        return _graph_of(model)._run_through_graph(inputs, operation_fn=self._called)

    def flow(self, tensor) -> Flow | None:
        """How a value runs in time; None where it does not."""
        return self.flows.get(id(tensor))

    def note(self, outputs, flow: Flow):
        """Outputs that run in time."""
        for tensor in _tensors(outputs):
            self.flows[id(tensor)] = flow
            self._kept.append(tensor)  # so that no other tensor takes its number
        return outputs

    def after_of(self, tensor, flow: Flow | None = None) -> int:
        """Frames before which a value means nothing."""
        return self.answers.get(id(tensor), 0) if flow is None else flow.after

    def _called(self, operation) -> Callable:
        """What is called in the place of a layer or operation."""

        def call(*args, **kwargs):
            given = _tensors((args, kwargs))
            in_time = [tensor for tensor in given if self.flow(tensor)]
            if _graph_of(operation) is not None:
                return self.run(operation, keras.tree.flatten(args[0]))
            if not in_time:
                return self._outside(operation, args, kwargs)
            flow = self._one_flow(operation, in_time)
            if isinstance(operation, layers.ZeroPadding1D):
                return self.note(layers.Identity()(args[0]), with_zeros(operation, flow))
            if isinstance(operation, (*CONVOLUTIONS, *POOLINGS)):
                return self._windowed(operation, args[0], flow)
            if flow.front or flow.back:
                raise _looks_ahead(operation, "reads the zeros of a ZeroPadding1D, which only a convolution may")
            if isinstance(operation, layers.RNN):
                return self._continued(operation, *args, flow=flow, **kwargs)
            return self._by_step(operation, args, kwargs, flow if len(in_time) == len(given) else None)

        return call

    def _outside(self, operation, args: tuple, kwargs: dict):
        if isinstance(operation, layers.RNN | layers.Bidirectional):
            raise _looks_ahead(operation, "reads a sequence that is known only after the last frame")
        outputs = operation(*args, **kwargs)
        return self._answering(outputs, max(map(self.after_of, _tensors((args, kwargs))), default=0))

    def _answering(self, outputs, after: int):
        """Outputs that do not run in time."""
        for tensor in _tensors(outputs):
            self.answers[id(tensor)] = after
            self._kept.append(tensor)
        return outputs

    def _one_flow(self, operation, in_time: list) -> Flow:
        """How what an operation reads runs in time: all of it alike."""
        flows = {self.flow(tensor) for tensor in in_time}
        if len(flows) > 1:
            late = ", ".join(str(flow.after) for flow in sorted(flows, key=lambda flow: flow.after))
            raise _looks_ahead(operation, f"joins ways through time that are not equally late or long: {late} frames")
        return flows.pop()

    def _by_step(self, operation, args: tuple, kwargs: dict, flow: Flow | None):
        """`flow`: of all that it reads; None where some of that does not run in time."""
        first = next(tensor for tensor in _tensors((args, kwargs)) if self.flow(tensor))
        if isinstance(operation, layers.Reshape) and operation.target_shape[0] == self.flow(first).rows:
            operation = layers.Reshape((self._rows(self.flow(first)), *operation.target_shape[1:]))
        elif type(operation).__name__ == "GetItem":
            if reason := slice_obstacle(kwargs["key"] if "key" in kwargs else args[1], len(first.shape)):
                raise _looks_ahead(operation, reason)
        elif reason := obstacle(operation, len(first.shape)):
            raise _looks_ahead(operation, reason)
        if flow is None:
            raise _looks_ahead(operation, "joins every frame to what does not run in time")
        outputs = operation(*args, **kwargs)
        if isinstance(operation, layers.EinsumDense):  # which leaves open how many rows there are
            outputs = layers.Reshape((self._rows(flow), *outputs.shape[2:]))(outputs)
        return self.note(outputs, flow)

    def _rows(self, flow: Flow) -> int:
        """Rows of a chunk."""
        return self.chunk // flow.rate

    def _windowed(self, layer, frames, flow: Flow):
        """A convolution or a pooling over time, with the rows that it reads of before as a state."""
        if reason := window_obstacle(layer, flow, self._rows(flow)):
            raise _looks_ahead(layer, reason)
        reach = Reach.of(layer)
        if not (rows := reach.window(flow)):
            return self.note(Unpadded(layer)(frames), reach.out(flow))
        past = self._state(layer, ["window"], [(rows, frames.shape[-1])])
        if reach.padded(flow)[0]:  # the zeros in front are the state's own
            self._hold(layer, past, flow)
        outputs, last = Windowed(layer)(frames, *past.values())
        self.last |= dict(zip(past, [last], strict=True))
        return self.note(outputs, reach.out(flow))

    def _hold(self, layer, states, flow: Flow) -> None:
        """Keeps states as they begin until the first row of the whole has come."""
        if flow.late % self._rows(flow):
            raise _looks_ahead(
                layer,
                f"begins after {flow.after} frames, which are no whole number of chunks: `--chunk` must divide them",
            )
        self.after |= dict.fromkeys(states, flow.after)

    def _continued(self, layer: layers.RNN, sequence, initial_state=None, mask=None, *, flow: Flow, **_):
        if layer.go_backwards:
            raise _looks_ahead(layer, "goes backwards, from a frame that has not come yet")
        if initial_state is not None:
            raise _looks_ahead(layer, "begins with a state that it is given, and a stream begins with zeros")
        cell = cell_of(layer, tuple(sequence.shape[2:]))
        if any(np.any(start) for start in cell.initial):
            raise _looks_ahead(layer, "begins with a state of its own, and a stream begins with zeros")
        hands_out_its_end = layer.return_state or not layer.return_sequences
        if hands_out_its_end and self.length % self.chunk == 0 and (rows := flow.missing(self.length)):
            raise _looks_ahead(
                layer, f"answers after the last frame, but its input is late: {rows * flow.rate} frames never come"
            )
        states = self._state(layer, cell.states, [start.shape for start in cell.initial])
        self._hold(layer, states, flow)
        output, *last = Continued(layer)(sequence, *states.values())
        self.last |= dict(zip(states, last, strict=True))
        self._answering(last, flow.after)
        if layer.return_sequences:
            self.note(output, flow)
        else:
            self._answering(output, flow.after)
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
            f"`stream` of inputs of different lengths: found {found}, expected frames that come together",
            "leave `--stream` out",
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
        f"`stream` of a model that looks ahead: layer `{operation.name}` ({kind}) {reason}",
        "leave `--stream` out, or build the model of forward recurrences, convolutions over time and layers that act a "
        "step at a time",
    )
