"""Whether an artifact is a function: the same input gives the same bits, whatever ran before it and beside it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from zoo.verify.measures.distance import distance

Arrays = Mapping[str, np.ndarray]
Run = Callable[[Arrays, int], Arrays]
"""(inputs by name, each (n, ...); rows in a call) -> outputs by name, each (n, ...)"""


@dataclass(frozen=True)
class Repeats:
    """What repeating showed."""

    same_bits: bool
    """One input run twice in a row gives equal bits."""
    independent: bool
    """Inputs that are run in another order, one between the others, give the bits that they gave before."""
    batch_error: float | None
    """Largest difference between a batch and its examples one by one, times the scale of the output; None where a call
    takes one example only."""


def repeats(run: Run, inputs: Arrays, batches: tuple[int, ...], of: Arrays | None = None) -> Repeats:
    """Runs a handful of examples again and again.

    Args:
        run: the artifact.
        inputs: by name, (n, ...), a few examples that differ from each other.
        batches: the numbers of rows that a call may have, the smallest first.
        of: outputs that give the scales, by name, (m, ...); those of the handful unless given.
    """
    alone = batches[0]
    count = len(next(iter(inputs.values())))
    order = np.concatenate([np.arange(count), np.arange(count)[::-1], np.zeros(count, int), np.arange(count)])
    # Each example fills a whole call, so that a signature with a fixed batch is asked about one example at a time too.
    rows = run({name: np.repeat(array[order], alone, axis=0) for name, array in inputs.items()}, alone)
    calls = {name: array[::alone] for name, array in rows.items()}
    first = {name: array[:count] for name, array in calls.items()}
    return Repeats(
        same_bits=all(_equal(array[count], array[count - 1]) for array in calls.values()),
        independent=all(_equal(array, first[name][order]) for name, array in calls.items()),
        batch_error=_batch_error(run, inputs, first, batches[-1], of),
    )


def _batch_error(run: Run, inputs: Arrays, alone: Arrays, batch: int, of: Arrays | None) -> float | None:
    if batch == 1:
        return None
    return distance(run(inputs, batch), alone, of).relative


def _equal(one: np.ndarray, other: np.ndarray) -> bool:
    return one.tobytes() == other.tobytes()
