"""Whether the features of a tensor are of so unlike magnitude that one grid of 8 bits does not hold them all."""

from __future__ import annotations

import numpy as np

_STEPS, _RATIO = 4.0, 16.0
"""A feature is lost if its deviation is below so many steps of the grid while another's is so many times larger.

At four steps rounding is 7 % of a feature's deviation; it grows as the feature shrinks.
"""


def unlike(values: np.ndarray | None) -> bool:
    """Whether a grid that covers all values has no room for the smallest feature, of (..., features)."""
    if values is None or values.ndim < 2 or values.shape[-1] < 2:
        return False
    rows = np.asarray(values, np.float64).reshape(-1, values.shape[-1])
    step = (max(rows.max(), 0.0) - min(rows.min(), 0.0)) / 255
    deviations = rows.std(axis=0)
    deviations = deviations[deviations > 0]
    if not step or not deviations.size:
        return False
    smallest, largest = deviations.min(), deviations.max()
    return bool(smallest < _STEPS * step and largest > _RATIO * smallest)
