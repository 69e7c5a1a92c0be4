"""Handwritten digits: 1,797 images of 8 x 8 pixels that come with scikit-learn, so that nothing is downloaded."""

import numpy as np

from zoo.data.dataset import DataSet, Examples, Target
from zoo.errors import needs

TRAIN = 1400
"""Examples of the train split; the 397 behind them are the test split."""
FULL_INK = 16
"""The largest value of scikit-learn's pixels, which count the dots of ink in blocks of 4 x 4."""


class DigitsStore:
    """The copy inside scikit-learn."""

    def ready(self) -> bool:
        return True

    def read(self, split: str) -> Examples:
        with needs("train"):
            from sklearn.datasets import load_digits

        digits = load_digits()
        rows = slice(None, TRAIN) if split == "train" else slice(TRAIN, None)
        images = np.round(digits.images[rows, :, :, None] * (255 / FULL_INK)).astype(np.uint8)
        return Examples({"image": images}, {"logits": digits.target[rows].astype(np.int32)})

    def prepare(self) -> None:
        """Nothing to do."""

    def notes(self) -> tuple[str, ...]:
        return ()


DATA_SET = DataSet(
    name="digits",
    version="1.0.0",
    summary="handwritten digits, 8 x 8 pixels",
    licence="CC BY 4.0",
    source="E. Alpaydin, C. Kaynak (1998), Optical Recognition of Handwritten Digits; its test part, in scikit-learn; "
    "https://archive.ics.uci.edu/dataset/80",
    targets={"logits": Target("class", tuple("0123456789"))},
    counts={"train": TRAIN, "test": 397},
    inputs={"image": {"kind": "image", "shape": (8, 8, 1), "dtype": "uint8"}},
    store=DigitsStore(),
)
