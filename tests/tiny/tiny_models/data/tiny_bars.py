"""Pictures of a bar at one side, and what two people say of each."""

import numpy as np

from tiny_models.stored import data_set, texts
from zoo.data.dataset import Examples, Target

SIDES = ("left", "right", "top", "bottom")
LONGEST = 8
WORDS = ("<pad>", "<start>", "<end>", "a", "bar", "at", "is", "the", *SIDES)


def draw(random: np.random.Generator, count: int) -> Examples:
    sides = random.integers(0, 4, count)
    pictures = random.integers(0, 60, (count, 8, 8, 1)).astype(np.uint8)
    for picture, side in zip(pictures, sides, strict=True):
        turned = np.rot90(picture, (0, 2, 1, 3)[side])
        turned[:, :3] = 200 + turned[:, :3] // 3
    said = [(f"a bar at the {SIDES[side]}", f"the bar is {SIDES[side]}") for side in sides]
    return Examples({"image": pictures}, {"tokens": texts(said)})


DATA_SET = data_set(
    "tiny_bars",
    draw,
    {"image": {"kind": "image", "shape": (8, 8, 1), "dtype": "uint8"}},
    {"tokens": Target("text", shape=(LONGEST,), vocabulary="captions")},
    vocabularies={
        "captions": {"kind": "words", "tokens": list(WORDS), "lowercase": True, "pad": 0, "start": 1, "end": 2}
    },
)
