"""Letters that sound one after the other, of unlike length, and what was said."""

import numpy as np

from tiny_models.stored import data_set, texts
from zoo.data.columns import Ragged
from zoo.data.dataset import Examples, Target

LETTERS = "abc "
LONGEST, FRAMES = 5, 24


def draw(random: np.random.Generator, count: int) -> Examples:
    said, sounds = [], []
    for _ in range(count):
        spoken = random.integers(0, len(LETTERS), random.integers(2, LONGEST + 1))
        text = " ".join("".join(LETTERS[letter] for letter in spoken).split()) or "a"
        frames = [np.eye(len(LETTERS))[LETTERS.index(letter)] for letter in text for _ in range(3)]
        gaps = [np.zeros(len(LETTERS))] * int(random.integers(1, 5))
        sound = np.array(frames + gaps)
        for place in range(3, len(frames), 3):
            sound[place] = 0  # a pause between letters, so that two equal ones are two
        said.append((text,))
        sounds.append((sound + random.normal(0, 0.1, sound.shape)).astype(np.float32))
    column = Ragged.of(sounds, FRAMES)
    return Examples({"sound": column, "length": column.lengths}, {"tokens": texts(said)})


DATA_SET = data_set(
    "tiny_speech",
    draw,
    {
        "sound": {"kind": "features", "shape": (FRAMES, len(LETTERS)), "dtype": "float32"},
        "length": {"kind": "length", "shape": (), "dtype": "int32", "of": "sound"},
    },
    {"tokens": Target("text", shape=(LONGEST,), vocabulary="letters")},
    vocabularies={"letters": {"kind": "characters", "tokens": ["<blank>", *LETTERS], "lowercase": True, "pad": 0}},
)
