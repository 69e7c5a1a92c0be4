"""Inputs that a model takes, but that are hardly what it was trained on: another unit, another range."""

from collections.abc import Mapping

import numpy as np

from zoo.runtime.reading.arrays import InputSpec

_SMALL = 1000
"""A signal that spans less than this part of its range is taken for one in another unit."""


def doubts(arrays: Mapping[str, np.ndarray], specs: Mapping[str, InputSpec]) -> list[str]:
    """A sentence for each input whose numbers do not go with the range that its manifest declares.

    Args:
        arrays: every input by name as its part takes it.
        specs: the same inputs as the manifest describes them.
    """
    return [said for name, spec in specs.items() if (said := _doubt(arrays[name], spec))]


def _doubt(array: np.ndarray, spec: InputSpec) -> str | None:
    if spec.limits is None or array.dtype.kind != "f" or not array.size:
        return None  # whole numbers beyond their range are refused
    low, high = map(np.float32, spec.limits)
    least, most = array.min(), array.max()
    unit = f" {spec.unit}" if spec.unit else ""
    said = f"input `{spec.name}` holds {least:.4g} to {most:.4g}: expected {low:g} to {high:g}{unit}"
    if least < low or most > high:
        return f"{said}; is it in another unit?" if spec.unit else said
    if spec.kind == "image" and high - low > 1 and most <= low + (high - low) / 255 and (array % 1).any():
        return f"{said}; a picture of values 0 to 1 must be multiplied"
    if spec.kind == "signal" and spec.unit and 0 < most - least < (high - low) / _SMALL:
        return f"{said}; is it in another unit?"
    return None
