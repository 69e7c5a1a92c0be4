"""The sum of two marked numbers of a row (Hochreiter and Schmidhuber 1997, the adding problem)."""

import numpy as np

from tiny_models.stored import data_set
from zoo.data.dataset import Examples, Target

STEPS = 6


def draw(random: np.random.Generator, count: int) -> Examples:
    numbers, marks = random.random((count, STEPS)), np.zeros((count, STEPS))
    for row in marks:
        row[random.choice(STEPS, 2, replace=False)] = 1
    series = np.stack([numbers, marks], axis=2).astype(np.float32)
    return Examples({"series": series}, {"value": (numbers * marks).sum(1, keepdims=True).astype(np.float32)})


DATA_SET = data_set(
    "tiny_sums",
    draw,
    {"series": {"kind": "array", "shape": (STEPS, 2), "dtype": "float32"}},
    {"value": Target("value", shape=(1,), unit="m")},
)
