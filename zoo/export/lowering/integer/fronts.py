"""What an integer file keeps of its inputs as it is: decided before the model is cut open, converted in float."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import keras
import numpy as np
import tensorflow as tf

from zoo.errors import InputError
from zoo.export.inputs.front import Keep
from zoo.export.lowering.integer.rounding import Rounding
from zoo.export.lowering.job import Job

AUTO = "auto"
"""The end of an input that is int8 unless that would spoil it."""


def keep_of(
    model: keras.Model,
    target: str,
    calibration: Mapping[str, np.ndarray],
    int8_io: Mapping[str, str | None] | str | None,
) -> Keep:
    """Which inputs keep their numbers, by what their ends are to be.

    Args:
        model: the model.
        target: `int8`, or `int16x8`, whose steps are 256 times finer and spoil nothing that was seen.
        calibration: (examples, ...) of each input.
        int8_io: see `lower`.
    """
    ends = dict.fromkeys(calibration, int8_io)
    if isinstance(int8_io, Mapping):
        ends = {name: int8_io.get(name, "int8") for name in calibration}
    free = frozenset(name for name, end in ends.items() if end in (AUTO, None))
    if target == "int16x8":
        return Keep(integers=frozenset(ends) - free, examples=calibration)
    return Keep(Rounding(model, calibration, free).spoils, frozenset(ends) - free, calibration)


def convert_front(job: Job) -> None:
    """Converts what stays float of the inputs, if anything does."""
    front = job.cut.front
    if front is not None and front.function is not None:
        front.piece = job.convert({"front": front.function}, "float32")["front"]


@contextmanager
def on_examples() -> Iterator[None]:
    """While it lasts, what Keras says of calibration examples that the model cannot take is said in our own words."""
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        said = str(error).strip().splitlines()[0]
        raise InputError(
            f"the model cannot be run on the calibration examples: {said[:300]}",
            "an id beyond the table that it is looked up in, as a rule: calibrate on what the model was trained on",
        ) from None
