"""Data that are drawn when they are read, the same at every time."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from zoo.data.dataset import DataSet, Examples, Target

COUNTS = {"train": 320, "test": 96}


@dataclass(frozen=True)
class Drawn:
    """A store of drawn examples."""

    draw: Callable[[np.random.Generator, int], Examples]

    def ready(self) -> bool:
        return True

    def read(self, split: str) -> Examples:
        return self.draw(np.random.default_rng(len(split)), COUNTS[split])

    def prepare(self) -> None:
        """Nothing to do."""

    def notes(self) -> tuple[str, ...]:
        return ()


def data_set(name: str, draw, inputs: dict, targets: dict[str, Target], **more) -> DataSet:
    words = {"summary": "drawn for tests", "licence": "none needed", "source": "drawn"}
    return DataSet(
        name=name, version="1.0.0", counts=COUNTS, inputs=inputs, targets=targets, store=Drawn(draw), **words, **more
    )


def texts(rows: list[tuple[str, ...]]) -> np.ndarray:
    """A column of texts."""
    column = np.empty(len(rows), object)
    column[:] = rows
    return column
