"""The cells of matrix products: LSTM, GRU and SimpleRNN by their equations.

No product of the inputs, x_t W + b, depends on the state: the projection makes them all at once.  What is left for a
step is one product with the state and elementwise operators.

Names of quantities: `x` input, `xW` its projection (of a GRU that of the gates, `xW_n` that of the candidate), `h`
output, `c` cell state, `hU` the product with the state, `sum` what the activations of the gates are given, and those
in the equations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

import keras
import numpy as np
import tensorflow as tf
from keras.layers import GRUCell, LSTMCell, SimpleRNNCell

from zoo.export.recurrences.cells.cell import Cell, Hook
from zoo.export.recurrences.cells.elementwise import is_elementwise

# The int8 kernels of LOGISTIC, SOFTMAX and TANH write on these grids and no others (TFLite's quantisation rules).
LOGISTIC_RANGE = (0.0, 255 / 256)
TANH_RANGE = (-1.0, 127 / 128)

KEEPING, DOMINATED = 0.8, 0.5
"""From this diagonal on, and up to this ratio of a column's largest other weight to it, a plain recurrence is split.

Measured on random kernels with relu: with diagonals up to 0.7 the int8 error stays below 0.04 standard deviations of h
however long the sequence; from 0.9 on it is 0.04 after 16 steps, 0.1 after 64, 1 after 200, and 4 to 40 times smaller
if split.
"""


class DenseCell(Cell):
    """A cell of matrix products, whose output is its first state and whose states have one width.

    Attributes:
        units: width of each state.
        input_kernel: (features, projected), W; `bias`: (projected,), b.
        recurrent_kernel: (units, ...), U.
    """

    def __init__(self, cell, input_kernel: np.ndarray, recurrent_kernel: np.ndarray, bias: np.ndarray):
        self.units = recurrent_kernel.shape[-2]
        self.output_shape = (self.units,)
        self.initial = (np.zeros(self.output_shape, np.float32),) * len(self.states)
        self.activation = cell.activation
        self.input_kernel = np.ascontiguousarray(input_kernel)
        self.recurrent_kernel = np.ascontiguousarray(recurrent_kernel)
        self.weights = recurrent_kernel.size
        self.bias = _not_all_equal(bias)
        self.projected = {name: bias[columns].shape for name, columns in self.columns.items()}
        self.fixed: dict[str, tuple[float, float]] = {}

    def project(self, q: Hook, x: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """x W + b: (..., features) -> (..., columns) for each of `projected`."""
        x = q("x", x)
        return tuple(
            q(name, tf.matmul(x, self.input_kernel[:, columns]) + _not_all_equal(self.bias[columns]))
            for name, columns in self.columns.items()
        )

    @property
    def columns(self) -> Mapping[str, slice]:
        """Of W and b, those of each quantity that the projection gives."""
        return {"xW": slice(None)}

    def _read(self, q: Hook, rows: tuple[tf.Tensor, ...]) -> list[tf.Tensor]:
        """What a step is given of the projection."""
        return [q(name, row) for name, row in zip(self.projected, rows, strict=True)]

    def _activated(self, q: Hook, total: tf.Tensor, gates: int) -> list[tf.Tensor]:
        """Each gate of (..., gates * units), by one operator for all of them where the activation allows it."""
        if self._joins_gates:
            return tf.split(q("gates", self.recurrent_activation(total)), gates, axis=-1)
        return [q("gates", self.recurrent_activation(gate)) for gate in tf.split(total, gates, axis=-1)]

    @cached_property
    def _joins_gates(self) -> bool:
        return is_elementwise(self.recurrent_activation)

    def _fix(self, name: str, activation: Callable) -> None:
        """Notes the range of a quantity that an activation with a grid of its own writes."""
        if activation in (keras.activations.sigmoid, keras.activations.softmax):
            self.fixed[name] = LOGISTIC_RANGE
        elif activation is keras.activations.tanh:
            self.fixed[name] = TANH_RANGE


class LSTM(DenseCell):
    """Long short-term memory (Hochreiter and Schmidhuber 1997; Gers et al. 2000), as `keras.layers.LSTMCell`.

        sum = x_t W + b + h_{t-1} U
        i, f, o = recurrent_activation(sum_i, sum_f, sum_o)        `gates`
        g = activation(sum_g)                                      `candidate`
        c_t = f c_{t-1} + i g                                      `kept` + `added`
        h_t = o activation(c_t)                                    o * `squashed`

    Keras orders the gates i, f, g, o; here g comes last, so that one operator serves the other three.
    """

    states = ("h", "c")

    def __init__(self, cell: LSTMCell):
        kernel, recurrent_kernel = array_of(cell.kernel), array_of(cell.recurrent_kernel)
        units = recurrent_kernel.shape[-2]
        order = np.r_[0 : 2 * units, 3 * units : 4 * units, 2 * units : 3 * units]
        bias = array_of(cell.bias) if cell.use_bias else np.zeros(4 * units, np.float32)
        super().__init__(cell, kernel[..., order], recurrent_kernel[..., order], bias[order])
        self.recurrent_activation = cell.recurrent_activation
        self._fix("gates", self.recurrent_activation)
        self._fix("candidate", self.activation)
        self._fix("squashed", self.activation)
        self.operators = 13 if "gates" in self.fixed else 12

    def step(self, q: Hook, rows: tuple[tf.Tensor], h: tf.Tensor, c: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        (xW,), h, c = self._read(q, rows), q("h", h), q("c", c)
        total = q("sum", xW + q("hU", self._product(h)))
        i, f, o = self._gates(q, total)
        candidate = q("candidate", self.activation(total[..., 3 * self.units :]))
        c = q("c", q("kept", f * c) + q("added", i * candidate))
        return q("h", o * q("squashed", self.activation(c))), c

    def _gates(self, q: Hook, total: tf.Tensor) -> list[tf.Tensor]:
        width = 3 * self.units
        if "gates" not in self.fixed or not self._joins_gates:
            return self._activated(q, total[..., :width], 3)
        # A sigmoid of g's part too, which nobody reads, takes less time than to copy the others out for it.  On its
        # fixed grid they lose nothing in int8.  SPLIT would have an output left over, with which GPU delegates fail.
        gates = q("gates", self.recurrent_activation(total))
        return [gates[..., start : start + self.units] for start in range(0, width, self.units)]

    def _product(self, h: tf.Tensor) -> tf.Tensor:
        """h U"""
        return tf.matmul(h, self.recurrent_kernel)


class GRU(DenseCell):
    """Gated recurrent unit, reset after the product (cuDNN's form), as `keras.layers.GRUCell(reset_after=True)`.

        z, r = recurrent_activation(x_t W_zr + h_{t-1} U_zr + b_zr)        `gates`
        n = activation(x_t W_n + b_n + r (h_{t-1} U_n + b'_n))             `candidate`; r (...) is `reset`
        h_t = n + z (h_{t-1} - n)                                          `change` = h - n, `carried` = z `change`

    Keras has two biases; those of z and r are one sum and go to the projection, where they cost nothing.  The gates and
    the candidate read projections of their own, which saves a step two slices.
    """

    states = ("h",)
    operators = 12

    def __init__(self, cell: GRUCell):
        units = cell.units
        bias = recurrent = np.zeros(3 * units, np.float32)
        if cell.use_bias:
            bias, recurrent = array_of(cell.bias) if cell.reset_after else (array_of(cell.bias), recurrent)
        for_gates, for_candidate = np.split(recurrent, [2 * units])
        bias = bias + np.pad(for_gates, (0, units))
        super().__init__(cell, array_of(cell.kernel), array_of(cell.recurrent_kernel), bias)
        self.recurrent_bias = np.pad(for_candidate, (2 * units, 0))
        self.recurrent_activation = cell.recurrent_activation
        self._fix("gates", self.recurrent_activation)
        self._fix("candidate", self.activation)

    def step(self, q: Hook, rows: tuple[tf.Tensor, tf.Tensor], h: tf.Tensor) -> tuple[tf.Tensor]:
        (xW, xW_n), h = self._read(q, rows), q("h", h)
        hU = tf.matmul(h, self.recurrent_kernel)
        hU = q("hU", hU + self.recurrent_bias if self.recurrent_bias.any() else hU)
        z, r = self._gates(q, xW, hU[:, : 2 * self.units])
        return self._blend(q, xW_n, h, z, q("reset", r * hU[:, 2 * self.units :]))

    @property
    def columns(self) -> Mapping[str, slice]:
        return {"xW": slice(0, 2 * self.units), "xW_n": slice(2 * self.units, None)}

    def _gates(self, q: Hook, xW: tf.Tensor, hU: tf.Tensor) -> list[tf.Tensor]:
        return self._activated(q, q("sum", xW + hU), 2)

    def _blend(self, q: Hook, xW_n: tf.Tensor, h: tf.Tensor, z: tf.Tensor, reset: tf.Tensor) -> tuple[tf.Tensor]:
        candidate = q("candidate", self.activation(q("candidate_sum", xW_n + reset)))
        return (q("h", candidate + q("carried", z * q("change", h - candidate))),)


class GRUResetBefore(GRU):
    """Gated recurrent unit as first published (Cho et al. 2014), `keras.layers.GRUCell(reset_after=False)`.

    As `GRU`, but for the candidate, whose product has to wait for the reset gate:

        n = activation(x_t W_n + b_n + (r h_{t-1}) U_n)                    `rh` = r h, `rhU` = `rh` U_n
    """

    operators = 11
    products = 2

    def step(self, q: Hook, rows: tuple[tf.Tensor, tf.Tensor], h: tf.Tensor) -> tuple[tf.Tensor]:
        (xW, xW_n), h = self._read(q, rows), q("h", h)
        for_gates, for_candidate = np.split(self.recurrent_kernel, [2 * self.units], axis=1)
        z, r = self._gates(q, xW, q("hU", tf.matmul(h, for_gates)))
        return self._blend(q, xW_n, h, z, q("rhU", tf.matmul(q("rh", r * h), for_candidate)))


class SimpleRNN(DenseCell):
    """The plain recurrence (Elman 1990), as `keras.layers.SimpleRNNCell`.

    h_t = activation(x_t W + b + h_{t-1} U)
    """

    states = ("h",)

    def __init__(self, cell: SimpleRNNCell):
        bias = array_of(cell.bias) if cell.use_bias else np.zeros(cell.units, np.float32)
        super().__init__(cell, array_of(cell.kernel), array_of(cell.recurrent_kernel), bias)
        self.operators = 2 if self.activation is keras.activations.relu else 3  # ADD has a RELU of its own
        self._fix("h", self.activation)

    def step(self, q: Hook, rows: tuple[tf.Tensor], h: tf.Tensor) -> tuple[tf.Tensor]:
        (xW,) = self._read(q, rows)
        total = q("sum", xW + q("hU", tf.matmul(q("h", h), self.recurrent_kernel)))
        return (q("h", self.activation(total)),)


class NearIdentityRNN(SimpleRNN):
    """The plain recurrence whose U is near the identity, as an IRNN's is (Le et al. 2015), for weights in 8 bits.

        h_t = activation(x_t W + b + d h_{t-1} + h_{t-1} E),    U = diag(d) + E
        `recalled` = the h_{t-1} of the product `hE`

    In 8 bits a diagonal near 1 is off by up to 0.004, an error that grows as long as the layer remembers, and the rest
    of U has to share its coarse scale.  So h and d stay float, and only the product with E, on scales of its own, is
    int8.
    """

    floating = frozenset({"h"})

    def __init__(self, cell: SimpleRNNCell):
        super().__init__(cell)
        self.operators = 6
        self.diagonal = np.diag(self.recurrent_kernel).copy()
        self.recurrent_kernel = _without_diagonal(self.recurrent_kernel)

    def step(self, q: Hook, rows: tuple[tf.Tensor], h: tf.Tensor) -> tuple[tf.Tensor]:
        (xW,) = rows  # it stays float
        hE = q("hE", tf.matmul(q("recalled", h), self.recurrent_kernel))
        return (self.activation(xW + h * self.diagonal + hE),)


def is_near_identity(recurrent_kernel: np.ndarray) -> bool:
    """Whether the diagonal of a recurrent kernel, (units, units), keeps what it is given and sets its columns' scales.

    Then 8 bits spoil it; the two bounds are medians over the units.
    """
    diagonal = np.abs(np.diag(recurrent_kernel))
    others = np.abs(_without_diagonal(recurrent_kernel)).max(axis=0)
    keeps, sets_scales = np.median(diagonal) >= KEEPING, np.median(others) <= DOMINATED * np.median(diagonal)
    return bool(len(diagonal) > 1 and keeps and sets_scales)  # a single weight is exact in 8 bits


def _without_diagonal(matrix: np.ndarray) -> np.ndarray:
    return matrix - np.diag(np.diag(matrix))


def _not_all_equal(bias: np.ndarray) -> np.ndarray:
    """A bias, its first number moved to the next float32 where all are equal.

    The converter holds such a bias as one number, and given ranges by fake quantisation stores it for every channel on
    the scale of the first (measured: 13.8 in place of 0.7).
    """
    bias = np.array(bias)
    if bias.any() and (bias == bias[0]).all():
        bias[0] = np.nextafter(bias[0], np.float32(np.inf))
    return bias


def array_of(variable) -> np.ndarray:
    """The value that a weight has now, in float32."""
    return np.asarray(variable, np.float32)
