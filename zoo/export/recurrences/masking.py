"""One step under a mask, with Keras's meaning: a masked step changes no state, and what comes out of it is a policy.

| the layer                                  | its output at a masked step                   | policy   |
|--------------------------------------------|-----------------------------------------------|----------|
| no mask                                    |                                               | NONE     |
| its output is a state, which starts from   | the last output, which is the state it held   | HOLD     |
| zeros                                      |                                               |          |
| any other start, or an output of its own   | the last output, zeros before the first       | REPEAT   |
| `zero_output_for_mask`; Bidirectional with | zeros                                         | ZERO     |
| `return_sequences` sets it                 |                                               |          |
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
import tensorflow as tf

from zoo.export.recurrences.cells import Cell, Hook
from zoo.export.recurrences.holes import Hole

_HOLDING = 3
"""The operators that hold one float value under a mask: old + valid * (new - old)."""


class Policy(Enum):
    """What comes out of a masked step."""

    NONE = "none"
    HOLD = "hold"
    REPEAT = "repeat"
    ZERO = "zero"


def policy_of(hole: Hole) -> Policy:
    """The policy of one call of a layer."""
    if hole.mask is None:
        return Policy.NONE
    if hole.layer.zero_output_for_mask:
        return Policy.ZERO
    return Policy.HOLD if hole.cell.holds_its_output and not hole.initial_state else Policy.REPEAT


@dataclass(frozen=True)
class Step:
    """One step of a recurrence: named values in, named values out.

    In:  what is `projected` of a row, what is `carried` from the step before, `valid` (batch, 1) if there is a mask.
    Out: what is carried to the next step, and `output` if that is not one of the states.
    """

    cell: Cell
    policy: Policy

    @property
    def carried(self) -> tuple[str, ...]:
        """The cell's states; where outputs repeat, the last output too."""
        return (*self.cell.states, "output") if self.policy is Policy.REPEAT else self.cell.states

    def starts(self, batch: int) -> dict[str, np.ndarray]:
        """What the first step is given of what is carried: (batch, ...) each."""
        starts = dict(zip(self.cell.states, self.cell.initial, strict=True))
        starts["output"] = np.zeros(self.cell.output_shape, np.float32)
        return {name: np.repeat(starts[name][None], batch, axis=0) for name in self.carried}

    @property
    def operators(self) -> int:
        """How many TFLite operators one float step takes, for the choice of the form."""
        if self.policy is Policy.NONE:
            return self.cell.operators
        zeroing = self.output not in self.carried  # valid * output
        return self.cell.operators + _HOLDING * len(self.carried) + zeroing

    @property
    def output(self) -> str:
        """The name under which the step's output comes out."""
        return "output" if self.policy in (Policy.REPEAT, Policy.ZERO) else self.cell.output

    def __call__(self, q: Hook, **values: tf.Tensor) -> dict[str, tf.Tensor]:
        old = {name: q(self._range_of(name), values[name]) for name in self.carried}
        rows = tuple(values[name] for name in self.cell.projected)
        states = [old[name] for name in self.cell.states]
        new = dict(zip(self.cell.results, self.cell.step(q, rows, *states), strict=True))
        if self.policy is Policy.NONE:
            return new
        valid, output = values["valid"], new[self.cell.output]
        held = {name: self._held(q, name, valid, new[name], old[name]) for name in self.cell.states}
        if self.policy is Policy.REPEAT:
            held["output"] = self._held(q, "output", valid, output, old["output"])
        if self.policy is Policy.ZERO:
            zeros = q(self.cell.output, tf.zeros_like(output))
            held["output"] = self._held(q, "output", valid, output, zeros)
        return held

    def _range_of(self, name: str) -> str:
        """The quantity whose range a named value has."""
        return self.cell.output if name == "output" else name

    def _held(self, q: Hook, name: str, valid: tf.Tensor, new: tf.Tensor, old: tf.Tensor) -> tf.Tensor:
        if len(new.shape) > 2:
            valid = tf.reshape(valid, (-1, *[1] * (len(new.shape) - 1)))
        return _held(q, self._range_of(name), valid, new, old)


def _held(q: Hook, quantity: str, valid: tf.Tensor, new: tf.Tensor, old: tf.Tensor) -> tf.Tensor:
    """`new` where the step is valid, else `old`.

    A mask of floats, 1 or 0, is arithmetic that XNNPACK takes (37 against 46 microseconds a sequence); in int8 that
    would round twice, so there the mask is a bool and SELECT_V2 chooses.
    """
    if valid.dtype == tf.bool:
        return q(quantity, tf.where(valid, new, old))
    return old + valid * (new - old)
