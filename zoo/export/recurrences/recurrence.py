"""A recurrence on its way into a file: a hole of the model, its cell, its form, and the pieces converted for it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import tensorflow as tf

from zoo.export.assembly.graph import Piece, Tensor
from zoo.export.recurrences.blocks import block_of
from zoo.export.recurrences.cells import Cell, Hook
from zoo.export.recurrences.forms import Chooser, Kind
from zoo.export.recurrences.holes import Hole
from zoo.export.recurrences.masking import Policy, Step, policy_of
from zoo.export.recurrences.ranges import FakeQuant


def as_is(name: str, value: tf.Tensor) -> tf.Tensor:
    """The hook that leaves every quantity as it is: for float targets."""
    return value


@dataclass(eq=False)
class Recurrence:
    """One hole and all that its emission needs.

    Attributes:
        block: steps of one block; the whole length where the form is unrolled.
        q: what the equations call on each quantity; equal hooks make equal pieces.
        step_piece: converted `step`.
        projections: converted `cell.project` for each number of rows that the form projects at once.
    """

    hole: Hole
    step: Step
    form: str
    block: int
    q: Hook = as_is
    step_piece: Piece | None = None
    projections: dict[int, Piece] = field(default_factory=dict)
    _ordered: dict[int | None, str] = field(default_factory=dict, init=False)
    """Names of the pieces asked for: of the projections by their rows, of the step under None."""

    @property
    def cell(self) -> Cell:
        return self.hole.cell

    @property
    def input(self) -> Tensor:
        """A tensor as the converted pieces want the sequence."""
        if self.cell.has_equations:
            return self.projections[self.rows(self.block)].inputs["x"]
        return self.step_piece.inputs[self.cell.input]

    def rows(self, steps: int) -> int:
        """How many rows of the sequence so many steps read."""
        return 1 if self.hole.repeats else steps

    @property
    def tail(self) -> int:
        """The steps after the last whole block."""
        return self.hole.length % self.block

    @property
    def backwards(self) -> bool:
        return self.hole.layer.go_backwards

    def order(self, order: Order) -> None:
        """Asks for the pieces that this recurrence is made of."""
        key = (id(self.cell), self.hole.batch, self.q)
        step = order.add((*key, self.step.policy), self.q, self._step_function)
        self._ordered = {None: step}
        if not self.cell.has_equations:
            order.traced[step] = self
        if isinstance(self.q, FakeQuant):  # recipes differ in what the projection has no part in
            key = (*key[:2], self.q.of(self.cell.input, *self.cell.projected))
        for rows in {self.rows(steps) for steps in (self.block, self.tail) if steps and self.cell.has_equations}:
            make = partial(self._projection_function, rows)
            self._ordered[rows] = order.add((*key, rows), self.q, make)

    def receive(self, pieces: dict[str, Piece]) -> None:
        """Takes the pieces that were converted."""
        self.projections = {rows: pieces[name] for rows, name in self._ordered.items()}
        self.step_piece = self.projections.pop(None)
        for piece in (self.step_piece, *self.projections.values()):
            for name, tensor in piece.outputs.items():
                tensor.name = name

    def _step_function(self):
        batch = self.hole.batch
        starts = self.step.starts(batch)
        shapes = {name: (batch, *shape) for name, shape in self.cell.projected.items()}
        shapes |= {name: start.shape for name, start in starts.items()}
        specs = {name: tf.TensorSpec(shape, tf.float32, name) for name, shape in shapes.items()}
        if self.step.policy is not Policy.NONE:
            specs["valid"] = tf.TensorSpec((batch, 1), self.hole.mask_dtype, "valid")
        return _function(lambda **values: self.step(self.q, **values), specs)

    def _projection_function(self, rows: int):
        spec = tf.TensorSpec((self.hole.batch, rows, *self.hole.row), tf.float32, "x")
        return _function(
            lambda x: dict(zip(self.cell.projected, self.cell.project(self.q, x), strict=True)), {"x": spec}
        )


@dataclass
class Order:
    """Functions to convert, by name; what is asked for again under the same key is converted once."""

    functions: dict[str, object] = field(default_factory=dict)
    hooks: dict[str, Hook] = field(default_factory=dict)
    """What the equations in each of them call."""
    traced: dict[str, Recurrence] = field(default_factory=dict)
    """Those of them that are a step of somebody's own cell, and of which recurrence."""
    _names: dict[tuple, str] = field(default_factory=dict)

    def add(self, key: tuple, hook: Hook, make: Callable[[], object]) -> str:
        """The name of the function of this key, which `make` builds when it is first asked for."""
        if key not in self._names:
            self._names[key] = f"piece_{len(self._names)}"
            self.functions[self._names[key]] = make()
            self.hooks[self._names[key]] = hook
        return self._names[key]


def recurrences_of(holes: Sequence[Hole], choose: Chooser) -> list[Recurrence]:
    """The recurrences of a model, each in the form that is chosen for it."""
    found = []
    for hole in holes:
        kind = kind_of(hole, len(holes))
        form = choose(kind, hole.length, hole.cell.weights)
        block = hole.length if form == "unrolled" else block_of(hole.length, kind.operators)
        found.append(Recurrence(hole, Step(hole.cell, policy_of(hole)), form, block))
    return found


def kind_of(hole: Hole, recurrences: int) -> Kind:
    """What decides the form of one of so many recurrences of a model."""
    step = Step(hole.cell, policy_of(hole))
    return Kind(step.operators, hole.cell.products, math.prod(hole.cell.output_shape), recurrences)


def _function(function: Callable, specs: dict[str, tf.TensorSpec]):
    return tf.function(function, autograph=False).get_concrete_function(**specs)
