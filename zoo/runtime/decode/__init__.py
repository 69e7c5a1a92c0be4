"""Decode loops: how the parts of a model are driven to one answer.

A loop is a function of a runner and the inputs, so that LiteRT, a SavedModel and Keras are driven by the same code; the
loop of a stream, which waits for more input, is an object.
"""

from collections.abc import Callable, Mapping

import numpy as np

from zoo.errors import BundleError
from zoo.runtime.decode.runner import Arrays, Runner
from zoo.runtime.decode.stream import Stream

__all__ = ["Arrays", "Runner", "Stream", "get_loop", "single"]


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
