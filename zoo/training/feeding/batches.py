"""The batches of a training.

Which examples stand in a batch, and how they are augmented, are pure functions of (seed, epoch, index).  So the place
in the data is one integer, `position`, the number of steps taken, and any place can be gone to at once.
"""

from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf

from zoo.data import Examples
from zoo.training.feeding.augmentation import Draw

PREFETCHED = 4
"""Batches made ready while the model is at another."""


def order(seed: int, epoch: int, count: int) -> np.ndarray:
    """(count,) int64: the order of the examples in an epoch, from a counter-based generator keyed by both numbers."""
    return np.random.Generator(np.random.Philox(key=[seed, epoch])).permutation(count)


def steps_per_epoch(count: int, batch_size: int) -> int:
    """Whole batches alone: the few examples that are left over differ from epoch to epoch."""
    return count // batch_size


def places(seed: int, count: int, batch_size: int, position: int, end: int) -> Iterator[tuple[int, np.ndarray]]:
    """(epoch, (batch,) int64 indices of examples) of the steps `position` to `end`."""
    steps = steps_per_epoch(count, batch_size)
    shuffled_epoch, shuffled = -1, np.empty(0)
    for step in range(position, end):
        epoch, place = divmod(step, steps)
        if epoch != shuffled_epoch:
            shuffled_epoch, shuffled = epoch, order(seed, epoch, count)
        yield epoch, shuffled[place * batch_size : (place + 1) * batch_size]


def batches(
    examples: Examples, augment: Callable[[dict, Draw], dict], *, seed: int, batch_size: int, position: int, end: int
) -> tf.data.Dataset:
    """({input name: (batch, ...) float32}, (batch,) int32 labels) for the steps `position` to `end`.

    Args:
        augment: maps ({input name: batch}, draw) to inputs.
    """

    def prepare(epoch: int, indices: np.ndarray):
        drawn = {name: array[indices] for name, array in examples.inputs.items()}
        return augment(drawn, Draw(seed, epoch, indices, len(examples))), examples.labels[indices]

    def example(array: np.ndarray) -> tf.TensorSpec:
        return tf.TensorSpec((batch_size, *array.shape[1:]), array.dtype)

    prepared = tf.data.Dataset.from_generator(
        lambda: (prepare(*place) for place in places(seed, len(examples), batch_size, position, end)),
        output_signature=({name: example(array) for name, array in examples.inputs.items()}, example(examples.labels)),
    )
    return prepared.map(_as_floats).prefetch(PREFETCHED)


def _as_floats(inputs, labels):
    """Images are kept and moved as uint8; a model takes float32."""
    return {name: tf.cast(array, tf.float32) for name, array in inputs.items()}, labels
