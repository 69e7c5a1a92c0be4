"""Decode loops: how the parts of a model are driven to one answer.

A loop is a function of a runner and the inputs, so that LiteRT, a SavedModel and Keras are driven by the same code.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from zoo.errors import BundleError

Arrays = Mapping[str, np.ndarray]


class Runner(Protocol):
    """Anything that runs a model's parts."""

    def run(self, signature: str, /, **arrays: np.ndarray) -> dict[str, np.ndarray]:
        """The outputs of one part by name."""


def single(runner: Runner, inputs: Arrays) -> dict[str, np.ndarray]:
    """One run of the part `predict`."""
    return runner.run("predict", **inputs)


LOOPS: Mapping[str, Callable[[Runner, Arrays], dict[str, np.ndarray]]] = {"single": single}


def get_loop(name: str) -> Callable[[Runner, Arrays], dict[str, np.ndarray]]:
    """The decode loop that a manifest names.

    Raises:
        BundleError: this version has no such loop.
    """
    if name not in LOOPS:
        raise BundleError(
            f"the bundle needs the decode loop `{name}`: this version of the zoo has {', '.join(LOOPS)}",
            "`pip install --upgrade hybrid-zoo` brings a version that may have it",
        )
    return LOOPS[name]
