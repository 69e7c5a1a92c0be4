"""What a decode loop drives."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np

Arrays = Mapping[str, np.ndarray]


class Runner(Protocol):
    """Anything that runs a model's parts."""

    def run(self, signature: str, /, **arrays: np.ndarray) -> dict[str, np.ndarray]:
        """The outputs of one part by name."""
