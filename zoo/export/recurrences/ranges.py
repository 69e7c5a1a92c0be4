"""The ranges of a recurrence in int8, shared by all its steps: so unrolled and blocked files compute the same bits.

`Observer` notes them while the equations run on calibration examples.  An `Int8Scheme` says which quantities become
int8 and how wide their ranges are.  `FakeQuant` puts the quantities of the equations on grids, which is what the
converter reads.  A traced cell has no named quantities: `StepSamples` keeps what its steps are given, and the converter
calibrates one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import tensorflow as tf

from zoo.verify.float_operators import FLOAT_CELL_STATE, PRODUCTS_ALONE

Range = tuple[float, float]
"""Lowest and highest number."""

_NARROWEST = 1e-4
"""XNNPACK refuses a file with a range of width 0 (h of a sequence of one step is never anything but 0)."""

_ROWS = 2000
"""How many of the steps that were seen a traced cell is calibrated on."""

_SAMPLES = 1_000_000
"""How many values of a quantity its percentiles are taken from."""


@dataclass(frozen=True)
class Int8Scheme:
    """A way to compute a recurrence in integers.

    Attributes:
        name: as the card has it.
        percentiles: quantities whose range leaves out the tails beyond a percentile; the others' leaves out nothing.
        floating: quantities that stay float32; None: all but the ends of the matrix products.
    """

    name: str
    percentiles: Mapping[str, float] = field(default_factory=dict)
    floating: frozenset[str] | None = frozenset()

    def keeps_float(self, quantity: str) -> bool:
        """Whether a quantity stays float32."""
        quantity = _kind(quantity)
        return quantity not in _ENDS_OF_PRODUCTS if self.floating is None else quantity in self.floating

    def percentile(self, quantity: str) -> float | None:
        """At which percentile the range of a quantity is cut, if it is."""
        return self.percentiles.get(_kind(quantity))

    def step_of(self, samples: StepSamples) -> CalibratedStep | InFloat:
        """The hook of a cell whose quantities have no names."""
        if self is WEIGHTS_ALONE:
            return IN_FLOAT
        return CalibratedStep(samples, products_alone=self.floating is None)


def _kind(quantity: str) -> str:
    """A quantity without the number of its cell, which it has in a stack: `c_1` is a cell state."""
    return re.sub(r"_\d+$", "", quantity)


_ENDS_OF_PRODUCTS = frozenset({"x", "xW", "xW_n", "h", "hU", "rh", "rhU", "recalled", "hE"})


def _cut(percentile: float) -> Int8Scheme:
    """What int8 spoils is states without bounds: they reach far out now and then, which an even grid has to cover."""
    quantities = ("c", "kept", "recalled", "hE")  # of an LSTM, of a near-identity recurrence
    return Int8Scheme(f"all int8, states cut at percentile {percentile:g}", dict.fromkeys(quantities, percentile))


WEIGHTS_ALONE = Int8Scheme("weights alone in 8 bits", floating=None)
"""The way of `dynamic_int8`: steps compute in float, and products with large weights quantise what they are given."""

SCHEMES = (
    (Int8Scheme("all int8"),),
    (_cut(99.99), _cut(99.9), _cut(99.5)),
    (Int8Scheme(FLOAT_CELL_STATE, floating=frozenset({"c", "kept", "added"})),),
    (Int8Scheme(PRODUCTS_ALONE, floating=None),),
    (WEIGHTS_ALONE,),
)
"""From the fastest to the most exact (measured on four LSTM layers over ECG); those side by side are equally fast.

Of somebody's own cell, whose quantities have no names, the second and the third are the first.

A cell state in int16 is not among them: it would be as exact as float, but XNNPACK has no int16 kernels, and MUL and
ADD with what converts to them take ten times as long (64 units).
"""


class Observer:
    """The hook that notes the range of each quantity over all steps and examples.

    Args:
        values: how many numbers a state takes in all of them, about.
    """

    def __init__(self, values: int):
        self.low: dict[str, float] = {}
        self.high: dict[str, float] = {}
        self._samples: dict[str, list[np.ndarray]] = {}
        self._every = max(1, values // _SAMPLES)

    def __call__(self, name: str, value: tf.Tensor) -> tf.Tensor:
        array = np.asarray(value)
        self.low[name] = min(self.low.get(name, 0.0), float(array.min()))
        self.high[name] = max(self.high.get(name, 0.0), float(array.max()))
        if any(scheme.percentile(name) for alternatives in SCHEMES for scheme in alternatives):
            self._samples.setdefault(name, []).append(array.ravel()[:: self._every])
        return value

    def ranges(self, scheme: Int8Scheme) -> dict[str, Range]:
        """What a scheme makes of the quantities that were noted; all ranges hold 0."""
        return {name: self._range(name, scheme) for name in self.low if not scheme.keeps_float(name)}

    def _range(self, name: str, scheme: Int8Scheme) -> Range:
        low, high = self.low[name], self.high[name]
        if share := scheme.percentile(name):
            low, high = np.percentile(np.concatenate(self._samples[name]), [100 - share, share])
        low, high = min(float(low), 0.0), max(float(high), 0.0)
        return (low, high) if high - low > _NARROWEST else (-1.0, 1.0)


class StepSamples:
    """The hook for a cell whose quantities have no names: keeps what steps are given, for the converter to calibrate.

    Args:
        rows: how many rows all steps are given together, over all examples.
    """

    def __init__(self, rows: int):
        self._every = max(1, rows // _ROWS)
        self._seen = 0
        self._kept: list[dict[str, np.ndarray]] = []

    def __call__(self, name: str, value: tf.Tensor) -> tf.Tensor:
        return value

    def keep(self, values: Mapping[str, tf.Tensor]) -> None:
        """Notes every so many-th row of what one step is given, (examples, ...) each."""
        rows = {name: np.asarray(value) for name, value in values.items()}
        first = -self._seen % self._every
        self._seen += len(next(iter(rows.values())))
        self._kept.append({name: array[first :: self._every] for name, array in rows.items()})

    def arrays(self) -> dict[str, np.ndarray]:
        """All that was kept, (rows, ...) by name."""
        return {name: np.concatenate([rows[name] for rows in self._kept]) for name in self._kept[0]}


@dataclass(frozen=True)
class FakeQuant:
    """The hook that puts quantities on the grids of their ranges, and leaves others float."""

    ranges: tuple[tuple[str, Range], ...]

    def of(self, *quantities: str) -> FakeQuant:
        """The hook for a function that has no other quantities: equal ones make equal pieces."""
        return FakeQuant(tuple((name, found) for name, found in self.ranges if name in quantities))

    def __call__(self, name: str, value: tf.Tensor) -> tf.Tensor:
        found = dict(self.ranges).get(name)
        return value if found is None else tf.quantization.fake_quant_with_min_max_args(value, *found)


@dataclass(frozen=True)
class CalibratedStep:
    """The hook for a cell whose quantities have no names: the converter calibrates its step.

    Attributes:
        samples: on what.
        products_alone: whether all but its products computes in float.
    """

    samples: StepSamples
    products_alone: bool

    def __call__(self, name: str, value: tf.Tensor) -> tf.Tensor:
        return value


@dataclass(frozen=True)
class InFloat:
    """The hook for a recurrence of which the weights alone are in 8 bits."""

    def __call__(self, name: str, value: tf.Tensor) -> tf.Tensor:
        return value


IN_FLOAT = InFloat()
