"""What a cell is to the rest of the lowering: states, shapes, the projection of the inputs, and one step.

Equations call the hook `q(name, value)` on each quantity that a kernel would write.  Converting float, it returns the
value; observing, it notes the value's range; for int8 it puts the value on the grid of that range (see `ranges`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf

Hook = Callable[[str, tf.Tensor], tf.Tensor]


class Cell(ABC):
    """What a recurrence repeats: states, the shapes of what comes and goes, and one step.

    Attributes:
        states: the names of its states.
        initial: of each state what it begins with, without the batch.
        output: which of its results is the output: a state, or `output` where it is none of them.
        output_shape: without the batch.
        projected: of each quantity that the projection gives, the shape of a row, which a step is given; without the
            batch.
        operators: how many TFLite operators one float step takes, for the choice of the form,
        products: and how many of them are matrix products or convolutions,
        weights: which read so many numbers that the file holds.
        has_equations: whether its equations stand here; else its inputs are not projected and no quantity has a name.
        input: the quantity that is read from the sequence.
        floating: quantities that stay float in an int8 file, whatever its recipe.
        fixed: ranges that a kernel dictates, by quantity.
    """

    states: tuple[str, ...]
    initial: tuple[np.ndarray, ...]
    output: str = "h"
    output_shape: tuple[int, ...]
    projected: Mapping[str, tuple[int, ...]]
    operators: int
    products: int = 1
    weights: int
    has_equations: bool = True
    input: str = "x"
    floating: frozenset[str] = frozenset()
    fixed: Mapping[str, tuple[float, float]]

    @property
    def results(self) -> tuple[str, ...]:
        """What a step gives: the states, and the output where it is none of them."""
        return self.states if self.output in self.states else (*self.states, self.output)

    @property
    def holds_its_output(self) -> bool:
        """Whether the state of a step that has not begun yet is the zeros that Keras gives out before the first."""
        return self.output in self.states and not self.initial[self.states.index(self.output)].any()

    @abstractmethod
    def project(self, q: Hook, x: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """All rows of a sequence, (batch, length, features...) -> (batch, length, ...) for each of `projected`."""

    @abstractmethod
    def step(self, q: Hook, rows: tuple[tf.Tensor, ...], *states: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """One step: a row of each of `projected` and each state, (batch, ...) -> `results`."""
