"""The examples on which an artifact is compared with Keras: drawn from the test split, given by the user, or random."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from zoo.runtime.parts import inputs_of, parts_of

COUNT = 256
SEED = 20_261_121
_FEW = (0, 9)
"""Whole numbers of which nothing is known: more than two, and few enough for whatever counts them."""
MOST_BYTES = 64 << 20
"""Random inputs together stay below this; large ones are fewer."""


def stratified(labels: np.ndarray, count: int = COUNT, seed: int = SEED) -> np.ndarray:
    """Which examples to take so that every class is there: the rare ones whole, the rest in equal shares.

    Args:
        labels: (n,) int, the class of each example.
        count: how many to take; all where there are fewer.
        seed: of the choice.

    Returns:
        (min(count, n),) int, ascending.
    """
    random = np.random.default_rng(seed)
    members = [random.permutation(np.flatnonzero(labels == label)) for label in np.unique(labels)]
    chosen, missing = [], min(count, len(labels))
    for position, group in enumerate(sorted(members, key=len)):
        share = min(len(group), math.ceil(missing / (len(members) - position)))
        chosen.append(group[:share])
        missing -= share
    return np.sort(np.concatenate(chosen))


def random_inputs(manifest: Mapping, seed: int = SEED) -> dict[str, np.ndarray]:
    """Inputs for a model of which no examples are known.

    An input is drawn evenly from the range that the manifest gives it; else an image, and bytes, from 0..255, a length
    from 1..the longest there is, a mask from 0 and 1.  Tokens and lengths are whole numbers, whatever their type.
    Other whole numbers come from 0..9; those of 8 and 16 bits, which are samples of something, are normal, eight
    deviations wide.  Anything else is normal too: within what the int8 artifact can take, around 0 where that goes both
    ways; or of mean 0 and deviation 1.

    Args:
        manifest: of the bundle.
        seed: of the drawing.

    Returns:
        By name, (n, ...) of the input's dtype.
    """
    inputs, part = inputs_of(manifest), parts_of(manifest["decode"])[0]
    int8 = manifest["artifacts"].get("int8", {}).get("quantization", {}).get(part, {})
    bytes_each = sum(4 * math.prod(spec["shape"][1:]) for spec in inputs.values())
    count = max(4, min(COUNT, MOST_BYTES // bytes_each))
    random = np.random.default_rng(seed)
    longest = max((spec["shape"][1] for spec in inputs.values() if len(spec["shape"]) > 1), default=1)
    limits = {name: spec.get("range") or _usual(name, spec, longest) for name, spec in inputs.items()}
    return {name: _drawn(random, count, spec, limits[name], int8.get(name)) for name, spec in inputs.items()}


def _usual(name: str, spec: Mapping, longest: int) -> tuple[float, float] | None:
    """Where the numbers of an input without a range lie, ends included; None: about 0, or where int8 has them."""
    if spec["kind"] in ("image", "length"):
        return {"image": (0, 255), "length": (1, longest)}[spec["kind"]]
    dtype = np.dtype(spec["dtype"])
    if dtype.kind == "b" or (dtype.kind in "iu" and "mask" in name.lower()):
        return (0, 1)
    if dtype.kind in "iu" and dtype.itemsize > 2:
        return _FEW
    return (0, 255) if dtype == np.uint8 else None


def _drawn(
    random: np.random.Generator, count: int, spec: Mapping, limits: Sequence[float] | None, int8: Mapping | None
) -> np.ndarray:
    shape, dtype = (count, *spec["shape"][1:]), np.dtype(spec["dtype"])
    if limits and (dtype.kind in "iub" or spec["kind"] in ("tokens", "length")):
        return random.integers(math.ceil(limits[0]), math.floor(limits[1]), shape, endpoint=True).astype(dtype)
    if limits:
        return random.uniform(*limits, shape).astype(dtype)
    if dtype.kind in "iu":  # samples, as of a sound
        info = np.iinfo(dtype)
        return np.clip(
            random.normal((info.min + info.max) / 2, (info.max - info.min) / 8, shape), info.min, info.max
        ).astype(dtype)
    return _bell(random, shape, int8).astype(dtype)


def _bell(random: np.random.Generator, shape: tuple[int, ...], int8: Mapping | None) -> np.ndarray:
    """Normal values; the int8 range that calibration found is where they end, not where they are as likely as any."""
    if not int8 or not int8["scale"]:
        return random.standard_normal(shape)
    limits, zero = np.iinfo(int8["dtype"]), int8["zero_point"]
    low, high = ((limit - zero) * int8["scale"] for limit in (limits.min, limits.max))
    goes_both_ways = min(-low, high) >= (high - low) / 4
    return np.clip(random.normal(0 if goes_both_ways else (low + high) / 2, (high - low) / 8, shape), low, high)
