"""Eight steps of three numbers: what kind of movement it is, and at each step whether it rises, rests or falls."""

import numpy as np

from tiny_models.stored import data_set
from zoo.data.dataset import Examples, Target


def draw(random: np.random.Generator, count: int) -> Examples:
    phase = random.integers(0, 3, (count, 8)).astype(np.int32)
    rising = (phase == 2).sum(1) > (phase == 0).sum(1)
    motion = np.repeat((phase - 1)[..., None], 3, axis=2) + random.normal(0, 0.2, (count, 8, 3))
    ended = np.arange(8) >= random.integers(5, 9, count)[:, None]
    targets = {"kind": rising.astype(np.int32), "phase": np.where(ended, -1, phase).astype(np.int32)}
    return Examples({"motion": motion.astype(np.float32)}, targets)


DATA_SET = data_set(
    "tiny_moves",
    draw,
    {"motion": {"kind": "signal", "shape": (8, 3), "dtype": "float32", "unit": "m/s"}},
    {
        "kind": Target("class", ("down", "up")),
        "phase": Target("class", ("falls", "rests", "rises"), shape=(8,)),
    },
)
