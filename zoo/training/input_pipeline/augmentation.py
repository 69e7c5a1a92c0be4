"""Augmentation by name.  What happens to an example is a pure function of (seed, epoch, index of the example).

An augmentation maps a batch of one input and a `Draw` to a batch; it is applied to every input of the kind that it is
for.
"""

import functools
from collections.abc import Callable, Mapping

import numpy as np

from zoo.data import DataSet
from zoo.errors import RecipeError, the_nearest

CROP_MARGIN = 1 / 8
"""Zeros round an image that is cropped to its old size, in sizes: 4 pixels for 32 (He et al. 2016, section 4.2)."""

LARGEST_SHIFT = 1 / 25
"""How far a signal moves in time, in lengths: 10 samples of a beat's 256, 28 ms."""
LARGEST_TILT = 0.25
"""What a slow drift adds at the ends of a signal, in its unit: mV for an ECG, where breathing does so."""

LARGEST_STRETCH = 0.15
"""How much longer or shorter a signal becomes: hearts that beat faster also beat shorter."""
LARGEST_GAIN = 0.4
"""How much larger or smaller a signal becomes, as a logarithm: electrodes lie closer to one heart than to another."""
NOISE = 0.03
"""Deviation of white noise, in the signal's unit: mV for an ECG, where muscles make as much."""


class Draw:
    """Random numbers for the examples of a batch; each call gives new ones.

    Args:
        seed, epoch: with the index of an example they decide its numbers.
        indices: (batch,) int64, which examples these are.
        count: number of all examples.
    """

    def __init__(self, seed: int, epoch: int, indices: np.ndarray, count: int):
        self._epoch, self._indices, self._count, self._calls = (seed, epoch), indices, count, 0

    def __call__(self) -> np.ndarray:
        """(batch,) float32, uniform in [0, 1)."""
        self._calls += 1
        return _uniform(*self._epoch, self._calls, self._count)[self._indices]

    def integers(self, end: int) -> np.ndarray:
        """(batch,) int64, uniform in 0 .. end - 1."""
        return (self() * end).astype(np.int64)


@functools.lru_cache(maxsize=16)
def _uniform(seed: int, epoch: int, call: int, count: int) -> np.ndarray:
    """(count,) float32 for all examples of an epoch: an example's number does not hang on its neighbours in the batch.

    The generator is counter-based; the counter begins at another place for each call, and `batches.order` has place 0.
    """
    return np.random.Generator(np.random.Philox(key=[seed, epoch], counter=[0, 0, 0, call])).random(count, np.float32)


def crop(images: np.ndarray, draw: Draw) -> np.ndarray:
    """Zero-pads (batch, height, width, channels) by `CROP_MARGIN` on each side and cuts the old size out at random."""
    height, width = images.shape[1:3]
    above, left = round(height * CROP_MARGIN), round(width * CROP_MARGIN)
    padded = np.pad(images, [(0, 0), (above, above), (left, left), (0, 0)])
    rows, columns = draw.integers(2 * above + 1), draw.integers(2 * left + 1)
    cut = np.empty_like(images)
    for index, (row, column) in enumerate(zip(rows, columns, strict=True)):
        cut[index] = padded[index, row : row + height, column : column + width]
    return cut


def flip(images: np.ndarray, draw: Draw) -> np.ndarray:
    """Mirrors half of (batch, height, width, channels) left to right."""
    mirrored, chosen = images.copy(), draw() < 0.5
    mirrored[chosen] = images[chosen, :, ::-1]
    return mirrored


def shift(signals: np.ndarray, draw: Draw) -> np.ndarray:
    """Moves each of (batch, time, channels) by up to `LARGEST_SHIFT`; where it ended, its last value goes on."""
    length = signals.shape[1]
    farthest = int(length * LARGEST_SHIFT)
    moved = draw.integers(2 * farthest + 1)[:, None] - farthest
    sources = np.clip(np.arange(length) + moved, 0, length - 1)
    return np.take_along_axis(signals, sources[:, :, None], axis=1)


def tilt(signals: np.ndarray, draw: Draw) -> np.ndarray:
    """Adds a line through 0 in the middle to each of (batch, time, channels), at most +-`LARGEST_TILT` at its ends."""
    slope = LARGEST_TILT * (2 * draw() - 1)
    line = np.linspace(-1, 1, signals.shape[1], dtype=np.float32)
    return signals + slope[:, None, None] * line[:, None]


def stretch(signals: np.ndarray, draw: Draw) -> np.ndarray:
    """Makes each of (batch, time, channels) longer or shorter by up to `LARGEST_STRETCH`, about its middle.

    Values between samples lie on a line; where a signal ended, its first or last value goes on.
    """
    length = signals.shape[1]
    factor = 1 + LARGEST_STRETCH * (2 * draw() - 1)
    middle = (length - 1) / 2
    place = np.clip(middle + (np.arange(length) - middle) * factor[:, None], 0, length - 1).astype(np.float32)
    before = np.minimum(place.astype(np.int64), length - 2)[:, :, None]
    share = place[:, :, None] - before.astype(np.float32)
    left, right = (np.take_along_axis(signals, index, axis=1) for index in (before, before + 1))
    return left + share * (right - left)


def gain(signals: np.ndarray, draw: Draw) -> np.ndarray:
    """Multiplies each of (batch, time, channels) by exp(g), g uniform within +-`LARGEST_GAIN`."""
    return signals * np.exp(LARGEST_GAIN * (2 * draw() - 1))[:, None, None]


def noise(signals: np.ndarray, draw: Draw) -> np.ndarray:
    """Adds white noise of deviation `NOISE` to each of (batch, time, channels).

    It is cut out of one fixed strip, either way up: so an example draws two numbers and not one for each sample.
    """
    length = signals.shape[1]
    start = draw.integers(STRIP.size - length)
    sign = np.where(draw() < 0.5, np.float32(-NOISE), np.float32(NOISE))
    return signals + (sign[:, None] * STRIP[start[:, None] + np.arange(length)])[:, :, None]


STRIP = np.random.Generator(np.random.Philox(key=[0, 0])).standard_normal(2**18, np.float32)
"""The noise that `noise` cuts from."""

AUGMENTATIONS: dict[str, tuple[str, Callable[[np.ndarray, Draw], np.ndarray]]] = {
    "crop": ("image", crop),
    "flip": ("image", flip),
    "shift": ("signal", shift),
    "tilt": ("signal", tilt),
    "stretch": ("signal", stretch),
    "noise": ("signal", noise),
    "gain": ("signal", gain),
}
"""Name: (kind of input, function)."""


def check(names: list[str], data: DataSet, where: str) -> None:
    """Raises RecipeError for a name that is not known, or that is for no input of `data`."""
    kinds = {facts["kind"] for facts in data.inputs.values()}
    for name in names:
        if name not in AUGMENTATIONS:
            raise RecipeError(f"`{where}`: unknown augmentation: `{name}`; {the_nearest(name, AUGMENTATIONS)}")
        if (kind := AUGMENTATIONS[name][0]) not in kinds:
            raise RecipeError(
                f"`{where}`: `augment` has `{name}`, which is for inputs of the kind `{kind}`; `{data.name}` has none"
            )


def augment(names: list[str], data: DataSet, batch: Mapping[str, np.ndarray], draw: Draw) -> dict[str, np.ndarray]:
    """Applies the augmentations `names`, in this order, to a batch of inputs."""
    augmented = dict(batch)
    for kind, function in (AUGMENTATIONS[name] for name in names):
        for name, facts in data.inputs.items():
            if facts["kind"] == kind:
                augmented[name] = function(augmented[name], draw)
    return augmented
