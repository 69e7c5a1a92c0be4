"""What takes part: something that runs one sequence on one thread, its input in place or handed over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

OURS = ("unrolled", "blocked", "auto", "dynamic_int8", "int8")
"""Of ours, float32 in both forms and as `auto` picks, then both kinds of int8 in the form that `auto` picks."""

PEERS = ("stock_loop", "stock_unroll", "pytorch", "onnxruntime", "onnxruntime_lstm")
"""The last computes something else, an LSTM of the same size, in the rows of what takes its place."""

FLOAT32 = (*OURS[:3], *PEERS[:4])
"""Those that have to compute what Keras does, to rounding."""


@dataclass(frozen=True)
class Contestant:
    """One that runs.

    Attributes:
        name: one of `OURS` and `PEERS`.
        run: computes from an input that is in place to an output that stays there.
        infer: from NumPy to NumPy, (1, length, features) -> (1, length, units), float32.
        facts: what else the row says of it.
    """

    name: str
    run: Callable[[], object]
    infer: Callable[[np.ndarray], np.ndarray]
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Absent:
    """One that cannot run, and why."""

    name: str
    reason: str
