"""Inputs of any length: padded to what the model takes, and counted in the input that says how many steps are real."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from zoo.errors import InputError
from zoo.runtime.reading.arrays import InputSpec

Specs = Mapping[str, InputSpec]


def counters(specs: Specs) -> dict[str, str]:
    """By the name of an input that of its length."""
    return {
        spec.counts: name
        for name, spec in specs.items()
        if spec.kind == "length" and spec.counts in specs and len(specs[spec.counts].shape) > 1
    }


def of_any_length(specs: Specs) -> dict[str, InputSpec]:
    """The same inputs; those of one example whose steps are counted may have fewer of them."""
    counted = counters(specs)
    return {name: replace(spec, variable=name in counted and spec.shape[0] == 1) for name, spec in specs.items()}


def complete(arrays: Mapping[str, np.ndarray], specs: Specs) -> dict[str, np.ndarray]:
    """All inputs as the model takes them.

    What is shorter is padded on the right: a clip by its last frame again, all else by zeros.  A length that is not
    there is how many steps were read.

    Args:
        arrays: every input but lengths, each (1, steps, ...) where it is `variable`; lengths may be there.
        specs: all inputs, as `of_any_length` gives them.

    Raises:
        InputError: a length that is there counts more steps than were read.
    """
    whole = {}
    counted = {length: name for name, length in counters(specs).items()}
    for name, spec in specs.items():
        if name not in counted:
            whole[name] = _padded(arrays[name], spec)
            continue
        steps = arrays[counted[name]].shape[1]
        whole[name] = arrays.get(name, np.full(spec.shape, steps, spec.dtype))
        for real in whole[name].ravel():
            if not 0 <= real <= steps:
                raise InputError(f"input `{name}` says {real:,}, but `{counted[name]}` holds {steps:,} steps")
    return whole


def _padded(array: np.ndarray, spec: InputSpec) -> np.ndarray:
    if array.shape == spec.shape:
        return array
    whole = np.zeros(spec.shape, spec.dtype)
    whole[:, : array.shape[1]] = array
    if spec.kind == "clip":
        whole[:, array.shape[1] :] = array[:, -1:]
    return whole
