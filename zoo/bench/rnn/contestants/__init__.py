"""Who takes part: our files, the stock conversions of Keras's layers, PyTorch, ONNX Runtime.

Each runs one sequence on one thread, its input in place or handed over.  It is described here, and loaded in the
process that times it: so all of a description can be pickled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

OURS = ("unrolled", "blocked", "auto", "dynamic_int8", "int8")
"""Of ours, float32 in both forms and as `auto` picks, then both kinds of int8 in the form that `auto` picks."""

PEERS = ("stock_loop", "stock_unroll", "pytorch", "onnxruntime", "onnxruntime_lstm")
"""The last computes something else, an LSTM of the same size, in the rows of what takes its place."""

FLOAT32 = (*OURS[:3], *PEERS[:4])
"""Those that have to compute what Keras does, to rounding."""


class Runner(Protocol):
    """One that is loaded."""

    def run(self) -> object:
        """Computes from an input that is in place to an output that stays there."""

    def infer(self, x: np.ndarray) -> np.ndarray:
        """From NumPy to NumPy, (1, length, features) -> (1, length, units), float32."""


@dataclass(frozen=True)
class Contestant:
    """One that runs.

    Attributes:
        name: one of `OURS` and `PEERS`.
        load: makes a `Runner` of the input that is to be in place, (1, length, features); `ConversionError` says why it
            cannot.
        facts: what else the row says of it.
    """

    name: str
    load: Callable[[np.ndarray], Runner]
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Absent:
    """One that cannot run, and why."""

    name: str
    reason: str
