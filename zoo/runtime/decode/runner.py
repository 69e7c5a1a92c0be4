"""What a decode loop is, and what it drives."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np

Arrays = Mapping[str, np.ndarray]


class Runner(Protocol):
    """Anything that runs a model's parts."""

    def run(self, signature: str, /, **arrays: np.ndarray) -> dict[str, np.ndarray]:
        """The outputs of one part by name."""


class Loop(Protocol):
    """From the inputs of a model to the outputs that its answers are made of; made by `get_loop`."""

    @property
    def options(self) -> Mapping[str, str]:
        """What `run` takes by name, and what each has to be."""

    def run(self, runner: Runner, inputs: Arrays, **options: object) -> dict[str, np.ndarray]:
        """The loop's outputs by name, each with the batch axis of the inputs.

        Raises:
            InputError: the loop takes no such option, or not this value.
            AnswerError: a part answered with what is no number.
        """
