"""Cuts a Keras model open at its recurrences: what is left, the rest, has a hole where each recurrent layer was called.

Every recurrent layer of Keras ends in `RNN.call(sequences, initial_state, mask)`.  That one method is replaced while
the model runs, so nesting, sharing, Sequential, Bidirectional and the propagation of masks need no code here: what the
method is given leaves the rest, what it would return enters it.

    cut = cut_open(model, {"signal": ((1, 64, 4), "float32")}, "float32")
    cut.holes[0].sequence          the wire that this recurrence reads
    cut.rest                       a TensorFlow function from wires to wires, or None where nothing is left

The windows of a streaming part's causal convolutions are cut out likewise, for the states to lie in the assembly's own
hands.

A wire is a value that crosses between the user, the rest and the holes, by name: `input_I`, `rest_I`, `hole_K_J` for
output J of hole K, `window_K_J`, and `constant_I`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import keras
import numpy as np
import tensorflow as tf
from keras.layers import RNN, Bidirectional

from zoo._system.replaced import replaced
from zoo.errors import ConversionError, ZooError
from zoo.export.blame import blaming, marking
from zoo.export.device_forms import device_forms, repeated_row
from zoo.export.inputs.front import Front, Keep, front_of, with_names
from zoo.export.inputs.traced import source_of, upstream
from zoo.export.inputs.uses import Uses, uses_of
from zoo.export.recurrences.cells import FLOAT_WEIGHTS, Cell, Kinds, cell_of
from zoo.export.recurrences.continued import Window
from zoo.export.refusal import OTHERWISE

Inputs = Mapping[str, tuple[tuple[int, ...], str]]
"""The shape, batch and lengths fixed, and the dtype of each input of a model."""

Handler = Callable[[RNN, tf.Tensor, "Sequence[tf.Tensor] | None", "tf.Tensor | None"], "Sequence[tf.Tensor]"]
"""Stands in for a recurrent layer: (layer, sequence, initial state, mask (batch, length)) -> output, any states."""


@dataclass(frozen=True, eq=False)
class Hole:
    """One call of a recurrent layer, by its wires.

    `sequence` is (batch, length, row...) float32, or (batch, 1, row...) where it `repeats` one row, `mask` (batch,
    length, 1), each initial state (batch, ...); the first output is (batch, length, ...) or (batch, ...), the states
    after it are there if the layer returns them.
    """

    layer: RNN
    cell: Cell
    batch: int
    length: int
    row: tuple[int, ...]
    sequence: str
    initial_state: tuple[str, ...] | None
    mask: str | None
    mask_dtype: str
    outputs: tuple[str, ...]
    repeats: bool = False
    rows_in_float: bool = False
    """Whether what it reads has features of so unlike magnitude that no one grid holds them all."""

    @property
    def needs(self) -> tuple[str, ...]:
        """The wires that it reads."""
        return (self.sequence, *(self.initial_state or ()), *((self.mask,) if self.mask else ()))


@dataclass(frozen=True, eq=False)
class WindowHole:
    """One call of a `Window`, by its wires: `frames` and `past` go in, both `joined` and the next `past` come out."""

    frames: str
    past: str
    outputs: tuple[str, str]

    @property
    def needs(self) -> tuple[str, ...]:
        """The wires that it reads."""
        return (self.frames, self.past)


@dataclass(frozen=True, eq=False)
class Cut:
    """A model cut open: `inputs` and `outputs` give the wire behind each name of the user."""

    inputs: dict[str, str]
    outputs: dict[str, str]
    holes: tuple[Hole, ...]
    rest: object | None
    """A TensorFlow function whose arguments and results are named by wires; None where nothing is left."""
    rest_reads: dict[str, tuple[int, ...]]
    """The wires that are its arguments, and their shapes."""
    constants: dict[str, np.ndarray]
    """What is on wires that depend on nothing: initial states that the model was built with."""
    windows: tuple[WindowHole, ...] = ()
    """What the convolutions of a streaming part read."""
    front: Front | None = None
    """What of a model in integers stays float, between the user's inputs and the first products."""
    origins: Mapping[str, keras.Operation] = field(default_factory=dict)
    """The layer, or operation of `keras.ops`, that made each node of the rest, by the node's name."""


def cut_open(
    model: keras.Model, inputs: Inputs, mask_dtype: str, kinds: Kinds = FLOAT_WEIGHTS, keep: Keep | None = None
) -> Cut:
    """Traces a model with a hole in place of every recurrence.

    Args:
        model: functional, from a dict of named inputs to a dict of named outputs, all float32 inside, as
            `zoo.sources.deployed.deployed` makes one of any model; it is left as it is.
        inputs: what to trace it for.
        mask_dtype: `float32` or `bool`, the dtype of the masks that holes are given.
        kinds: the equations that cells take; see `cells.cell_of`.
        keep: which numbers of the inputs must stay as they are in a file that computes in integers.
    """
    function, tracing, results = _traced(model, inputs, mask_dtype, kinds)
    wires = {name: f"input_{number}" for number, name in enumerate(inputs)}
    front = None if keep is None else tracing.cut_front(function, wires, results.values(), keep)
    holes = tuple(tracing.hole(number) for number in range(len(tracing.calls)))
    windows = tuple(tracing.window_hole(number) for number in range(len(tracing.windows)))
    outputs = {name: tracing.wire(tensor) for name, tensor in results.items()}
    feeds = tracing.rest_reads()
    shapes = {wire: tuple(tensor.shape) for wire, tensor in feeds.items()}
    rest = tracing.rest(function, feeds)
    return Cut(wires, outputs, holes, rest, shapes, tracing.constants, windows, front, tracing.origins)


def uses_of_inputs(model: keras.Model, inputs: Inputs) -> dict[str, Uses]:
    """What a model does with the numbers of its inputs, by name; see `cut_open`."""
    function, tracing, _ = _traced(model, inputs, "bool", FLOAT_WEIGHTS)
    tensors = {name: function.graph.get_tensor_by_name(f"input_{number}:0") for number, name in enumerate(inputs)}
    return uses_of(function.graph, tensors, {tensor.ref() for tensor in tracing.read()})


def _traced(model: keras.Model, inputs: Inputs, mask_dtype: str, kinds: Kinds):
    """The trace of a model as a function, what was collected on the way, and the tensors of its outputs by name."""
    tracing = _Tracing(mask_dtype, kinds)
    results: dict[str, tf.Tensor] = {}

    def run(*tensors: tf.Tensor) -> list[tf.Tensor]:
        with intercepted(tracing.open_hole), replaced(Window, "call", tracing.open_window), marking(tracing.origins):
            results.update(model(dict(zip(inputs, tensors, strict=True)), training=False))
        return list(results.values())

    wires = {name: f"input_{number}" for number, name in enumerate(inputs)}
    specs = [tf.TensorSpec(shape, dtype, wires[name]) for name, (shape, dtype) in inputs.items()]
    # Unlike tf.function, wrap_function adds no control dependencies (the state that a stateful layer would assign stays
    # as it is), and what it traced can be pruned to any part of it.
    try:
        with blaming() as blame:
            function = tf.compat.v1.wrap_function(run, specs)
    except ZooError as error:
        raise tracing.refusal or error from None
    except Exception as error:  # whatever a layer stumbled over that was traced for a device
        if blame.operation is None:
            raise tracing.refusal or error from None
        raise tracing.refusal or ConversionError(blame.said(error), OTHERWISE) from error
    for wire in wires.values():
        tracing.feeds[function.graph.get_tensor_by_name(f"{wire}:0").ref()] = wire
    tracing.check_all_in(function.graph)
    return function, tracing, results


@contextmanager
def intercepted(handler: Handler) -> Iterator[None]:
    """While it lasts, recurrent layers call `handler`, and others take the forms of `device_forms`."""

    def handled(layer, sequences, initial_state=None, mask=None, training=False):
        state = None if initial_state is None else keras.tree.flatten(initial_state)
        output, *states = handler(layer, sequences, state, None if mask is None else _as_bool(mask))
        if not layer.return_state:
            return output
        return (output, *keras.tree.pack_sequence_as(layer.get_initial_state(batch_size=1), states))

    with ExitStack() as stack:
        stack.enter_context(device_forms())
        stack.enter_context(replaced(RNN, "call", handled))
        for both_in_one in ("_can_attempt_fused_lstm", "_can_attempt_fused_gru"):  # since Keras 3.15
            if hasattr(Bidirectional, both_in_one):
                stack.enter_context(replaced(Bidirectional, both_in_one, lambda *_, **__: False))
        yield


def _as_bool(mask: tf.Tensor) -> tf.Tensor:
    """A mask as Keras may hand it on, (batch, length) or (batch, length, 1) of any dtype, as (batch, length) bool."""
    mask = tf.cast(mask, tf.bool)
    return mask if len(mask.shape) == 2 else mask[..., 0]


@dataclass(frozen=True, eq=False)
class _Call:
    """What a recurrent layer was given while tracing, and the placeholders for what it would return."""

    layer: RNN
    cell: Cell
    sequence: tf.Tensor
    initial_state: Sequence[tf.Tensor] | None
    mask: tf.Tensor | None
    outputs: list[tf.Tensor]


class _Tracing:
    """Collects calls while a model is traced, and names the wires between them afterwards."""

    def __init__(self, mask_dtype: str, kinds: Kinds):
        self.calls: list[_Call] = []
        self.windows: list[tuple[tf.Tensor, ...]] = []
        self.feeds: dict[object, str] = {}
        self._cells: dict[tuple, Cell] = {}
        self.front: Front | None = None
        self.refusal: ConversionError | None = None
        """What ended the tracing, as it was before Keras told it in words of its own."""
        self._mask_dtype, self._kinds = mask_dtype, kinds
        self._masks: dict[object, tf.Tensor] = {}
        self._fetches: dict[object, str] = {}
        self.constants: dict[str, np.ndarray] = {}
        self.origins: dict[str, keras.Operation] = {}

    def open_hole(self, layer: RNN, sequence, initial_state, mask) -> list[tf.Tensor]:
        """The handler of `intercepted`."""
        number, cell = len(self.calls), self._cell(layer, tuple(sequence.shape[2:]))
        rows = sequence.shape[:2] if layer.return_sequences else sequence.shape[:1]
        shapes = [(*rows, *cell.output_shape), *((*rows[:1], *start.shape) for start in cell.initial)]
        outputs = []
        for position, shape in enumerate(shapes if layer.return_state else shapes[:1]):
            outputs.append(self._placeholder(sequence.graph, shape, f"hole_{number}_{position}"))
        self.calls.append(
            _Call(
                layer,
                cell,
                sequence,
                None if initial_state is None else [tf.convert_to_tensor(state) for state in initial_state],
                None if mask is None else self._mask(mask),
                outputs,
            )
        )
        return outputs

    @property
    def open_window(self) -> Callable:
        """Stands in for `Window.call`."""

        def call(_, frames, past):
            number, (batch, rows, channels) = len(self.windows), past.shape
            shapes = ((batch, rows + frames.shape[1], channels), past.shape)
            outputs = [
                self._placeholder(frames.graph, shape, f"window_{number}_{position}")
                for position, shape in enumerate(shapes)
            ]
            self.windows.append((frames, past, *outputs))
            return tuple(outputs)

        return call

    def _placeholder(self, graph, shape: tuple[int, ...], wire: str) -> tf.Tensor:
        with graph.name_scope(None):
            placeholder = tf.compat.v1.placeholder(tf.float32, shape, wire)
        self.feeds[placeholder.ref()] = wire
        return placeholder

    def _cell(self, layer: RNN, row: tuple[int, ...]) -> Cell:
        """One for all calls of a layer, with the weights that it has now."""
        if (layer, row) not in self._cells:
            try:
                with tf.init_scope():
                    self._cells[layer, row] = cell_of(layer, row, self._kinds)
            except ConversionError as error:
                self.refusal = error
                raise
        return self._cells[layer, row]

    def check_all_in(self, graph) -> None:
        """A hole must lie in the graph that is cut open, not in one that this one calls."""
        for call in self.calls:
            if call.sequence.graph is not graph:
                raise ConversionError(
                    f"layer `{call.layer.name}` is called in a loop or a branch that another layer makes",
                    "call it by itself, on the whole sequence",
                )

    def _mask(self, mask: tf.Tensor) -> tf.Tensor:
        """(batch, length, 1) of the dtype wanted; layers under one mask get one tensor."""
        if mask.ref() not in self._masks:
            self._masks[mask.ref()] = tf.cast(mask[..., None], self._mask_dtype)
        return self._masks[mask.ref()]

    def read(self) -> Iterator[tf.Tensor]:
        """What recurrences and windows are given of the rest."""
        for call in self.calls:
            yield from filter(
                lambda tensor: tensor is not None, (call.sequence, call.mask, *(call.initial_state or ()))
            )
        for frames, past, *_ in self.windows:
            yield from (frames, past)

    def cut_front(self, function, wires: Mapping[str, str], results, keep: Keep) -> Front | None:
        """Cuts off what stays float between the inputs and the rest; its results become wires."""
        sequences = [source_of(call.sequence) for call in self.calls if call.cell.has_equations]
        fed = {wire: reference.deref() for reference, wire in self.feeds.items()}
        named = {name: (wire, fed[wire]) for name, wire in wires.items()}
        front = front_of(function, named, list(fed.values()), [*self.read(), *results], sequences, keep)
        if front is not None:
            self.front = front
            self.feeds |= {tensor.ref(): wire for wire, tensor in front.tensors.items()}
        return front

    def hole(self, number: int) -> Hole:
        found = self.calls[number]
        batch, length, *row = found.sequence.shape
        repeated = repeated_row(found.sequence)
        return Hole(
            found.layer,
            found.cell,
            batch,
            length,
            tuple(row),
            self.wire(found.sequence if repeated is None else repeated),
            None if found.initial_state is None else tuple(map(self.wire, found.initial_state)),
            None if found.mask is None else self.wire(found.mask),
            self._mask_dtype,
            tuple(map(self.wire, found.outputs)),
            repeated is not None,
            self.front is not None and source_of(found.sequence).ref() in self.front.unlike,
        )

    def window_hole(self, number: int) -> WindowHole:
        frames, past, *outputs = map(self.wire, self.windows[number])
        return WindowHole(frames, past, tuple(outputs))

    def wire(self, tensor: tf.Tensor) -> str:
        """The wire that carries a tensor: one that is fed, if the tensor is but a copy of it, else one of its own."""
        tensor = source_of(tensor)
        if tensor.ref() in self.feeds:
            return self.feeds[tensor.ref()]
        value = tf.get_static_value(tensor)
        if value is not None:
            wire = f"constant_{len(self.constants)}"
            self.constants[wire] = value
            return wire
        return self._fetches.setdefault(tensor.ref(), f"rest_{len(self._fetches)}")

    def rest_reads(self) -> dict[str, tf.Tensor]:
        """The wires on which what the rest computes depends."""
        fetches = [reference.deref() for reference in self._fetches]
        reached = upstream(fetches, self.feeds)
        read = {tensor.ref() for operation in reached for tensor in operation.inputs} | {*self._fetches}
        return {wire: reference.deref() for reference, wire in self.feeds.items() if reference in read}

    def rest(self, function, feeds: dict[str, tf.Tensor]):
        """The part of the trace between the wires that are fed and those that the rest computes."""
        fetches = {wire: reference.deref() for reference, wire in self._fetches.items()}
        if not fetches:
            return None
        pruned = function.prune(list(feeds.values()), fetches)
        return pruned if self.front is None else with_names(pruned, feeds)
