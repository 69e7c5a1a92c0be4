"""The batches of a training.

Which examples stand in a batch, and how they are augmented, are pure functions of (seed, epoch, index).  So the place
in the data is one integer, `position`, the number of steps taken, and any place can be gone to at once.
"""

from collections.abc import Callable, Iterator, Mapping

import keras
import numpy as np
import tensorflow as tf

from zoo.data import Examples
from zoo.data.columns import Column, Ragged
from zoo.errors import ZooError
from zoo.tasks import Batch
from zoo.training.input_pipeline.augmentation import Draw

PREFETCHED = 4
"""Batches made ready while the model is at another."""
POOL = 50
"""Batches whose examples are sorted by length among themselves, where lengths differ."""
EDGES = 8
"""Padded lengths: so many, since a model is traced anew for each."""


def order(seed: int, epoch: int, count: int) -> np.ndarray:
    """(count,) int64: the order of the examples in an epoch, from a counter-based generator keyed by both numbers."""
    return np.random.Generator(np.random.Philox(key=[seed, epoch])).permutation(count)


def order_by_length(seed: int, epoch: int, lengths: np.ndarray, batch_size: int) -> np.ndarray:
    """(count,) int64: an order whose batches hold examples of like length, and come in any order of length.

    Examples are shuffled, those of `POOL` batches sorted by length, and the whole batches shuffled again.
    """
    shuffled = order(seed, epoch, len(lengths))
    whole = len(shuffled) // batch_size * batch_size  # what is left over is taken off before the longest come last
    pools = [shuffled[start : min(start + POOL * batch_size, whole)] for start in range(0, whole, POOL * batch_size)]
    ranked = np.concatenate([pool[np.argsort(lengths[pool], kind="stable")] for pool in pools])
    # The counter begins elsewhere than that of `order` and those of augmentations.
    generator = np.random.Generator(np.random.Philox(key=[seed, epoch], counter=[0, 0, 1, 0]))
    return np.concatenate([*generator.permutation(ranked.reshape(-1, batch_size)), shuffled[whole:]])


def steps_per_epoch(count: int, batch_size: int) -> int:
    """Whole batches alone: the few examples that are left over differ from epoch to epoch."""
    return count // batch_size


def places(
    seed: int, count: int, batch_size: int, position: int, end: int, lengths: np.ndarray | None = None
) -> Iterator[tuple[int, np.ndarray]]:
    """(epoch, (batch,) int64 indices of examples) of the steps `position` to `end`.

    Args:
        lengths: (count,) int, where batches are of examples of like length.
    """
    steps = steps_per_epoch(count, batch_size)
    shuffled_epoch, shuffled = -1, np.empty(0)
    for step in range(position, end):
        epoch, place = divmod(step, steps)
        if epoch != shuffled_epoch:
            shuffled_epoch = epoch
            shuffled = (
                order(seed, epoch, count) if lengths is None else order_by_length(seed, epoch, lengths, batch_size)
            )
        yield epoch, shuffled[place * batch_size : (place + 1) * batch_size]


def batches(
    examples: Examples,
    model: keras.Model,
    augment: Callable[[dict, Draw], dict],
    *,
    seed: int,
    batch_size: int,
    position: int,
    end: int,
) -> Iterator[Batch]:
    """`Batch`es of tensors for the steps `position` to `end`.

    Args:
        examples: those of the training.
        model: whose inputs they are; they get its types.
        augment: maps ({input name: batch}, draw) to inputs.

    Raises:
        ZooError: whatever reading an example raised.
    """
    open_ended = open_ended_inputs(examples.inputs, model)
    lengths = np.max([column.lengths for column in open_ended.values()], axis=0) if open_ended else None

    def prepare(epoch: int, indices: np.ndarray) -> Batch:
        inputs = {name: column[indices] for name, column in examples.inputs.items()}
        for name, column in open_ended.items():
            inputs[name] = inputs[name][:, : padded_length(column, indices)]
        targets = {name: column[indices] for name, column in examples.targets.items()}
        return Batch(augment(inputs, Draw(seed, epoch, indices, len(examples))), targets)

    def example(name: str, column: Column) -> tf.TensorSpec:
        size = (None, *column.shape[2:]) if name in open_ended else column.shape[1:]
        return tf.TensorSpec((batch_size, *size), column.dtype)

    errors = []

    def drawn() -> Iterator[Batch]:
        try:
            for place in places(seed, len(examples), batch_size, position, end, lengths):
                yield prepare(*place)
        except ZooError as error:
            errors.append(error)
            raise

    prepared = tf.data.Dataset.from_generator(
        drawn,
        output_signature=Batch(
            {name: example(name, column) for name, column in examples.inputs.items()},
            {
                name: tf.TensorSpec((batch_size, *column.shape[1:]), column.dtype)
                for name, column in examples.targets.items()
            },
        ),
    )
    types = {name: tensor.dtype for name, tensor in model.input.items()}
    typed = prepared.map(lambda batch: Batch(as_types(batch.inputs, types), batch.targets))
    try:
        yield from typed.prefetch(PREFETCHED)
    except tf.errors.OpError:
        if errors:  # TensorFlow makes an error of its own of it, which holds the trace as a text
            raise errors[0] from None
        raise


def as_types(inputs: Mapping, types: Mapping[str, str]) -> dict:
    """Inputs as the model takes them: images are kept and moved as uint8, a model takes float32; tokens stay int32."""
    return {name: tf.cast(inputs[name], dtype) for name, dtype in types.items()}


def open_ended_inputs(inputs: Mapping[str, Column], model: keras.Model) -> dict[str, Ragged]:
    """The inputs of unlike length whose time axis the model leaves open: they are padded no more than they must be."""
    return {
        name: column
        for name, column in inputs.items()
        if isinstance(column, Ragged) and name in model.input and model.input[name].shape[1] is None
    }


def padded_length(column: Ragged, indices: np.ndarray) -> int:
    """Steps that a batch is padded to: one of `EDGES` parts of the longest, so that lengths are few."""
    longest = max(1, int(column.lengths[indices].max()))
    part = -(-column.longest // EDGES)
    return min(column.longest, -(-longest // part) * part)
