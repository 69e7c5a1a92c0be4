"""A counting rhyme from any place in it on, letter by letter."""

import numpy as np

from tiny_models.stored import data_set
from zoo.data.dataset import Examples, Target

RHYME = "one two buckle my shoe three four knock at the door five six pick up sticks "
LETTERS = sorted(set(RHYME))
STEPS = 12


def draw(random: np.random.Generator, count: int) -> Examples:
    codes = np.array([1 + LETTERS.index(letter) for letter in RHYME * 2], np.int32)
    starts = random.integers(0, len(RHYME), count)[:, None] + np.arange(STEPS)
    return Examples({"tokens": codes[starts]}, {"logits": codes[starts + 1]})


DATA_SET = data_set(
    "tiny_rhyme",
    draw,
    {"tokens": {"kind": "tokens", "shape": (STEPS,), "dtype": "int32", "vocabulary": "letters"}},
    {"logits": Target("class", shape=(STEPS,), vocabulary="letters")},
    vocabularies={"letters": {"kind": "characters", "tokens": ["<pad>", *LETTERS], "lowercase": True, "pad": 0}},
)
