"""Mixup: a model learns from points on the line between two examples (Zhang et al. 2018, arXiv 1710.09412)."""

from collections.abc import Mapping

import numpy as np
from scipy.stats import beta

from zoo.training.feeding.augmentation import Draw


def mixup(
    inputs: Mapping[str, np.ndarray], labels: np.ndarray, draw: Draw, *, alpha: float, classes: int
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Mixes every example of a batch with the one before it: all its inputs and its label by the same share.

    An example's own share is at least a half, so that each still stands for itself once an epoch.

    Args:
        inputs: {name: (batch, ...)} of any dtype.
        labels: (batch,) int.
        draw: random numbers of these examples.
        alpha: shares are drawn from beta(alpha, alpha); small ones leave most examples nearly as they are.
        classes: how many there are.

    Returns:
        {name: (batch, ...) float32} and (batch, classes) float32, rows of which add up to 1.
    """
    own = beta.ppf(draw(), alpha, alpha).astype(np.float32)
    own = np.maximum(own, 1 - own)

    def mixed(array: np.ndarray) -> np.ndarray:
        share = own.reshape(-1, *[1] * (array.ndim - 1))
        return share * array.astype(np.float32) + (1 - share) * np.roll(array, 1, axis=0).astype(np.float32)

    return {name: mixed(array) for name, array in inputs.items()}, mixed(np.eye(classes, dtype=np.float32)[labels])
