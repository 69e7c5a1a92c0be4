"""Decode loops: how the parts of a model are driven to one answer.

A loop drives any runner, so that LiteRT, a SavedModel and Keras are driven by the same code; `Stream` waits for more
input, and is fed.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from zoo.errors import BundleError
from zoo.runtime.decode.runner import Arrays, Runner
from zoo.runtime.decode.single import Single
from zoo.runtime.decode.stream import Stream

__all__ = ["Arrays", "Loop", "Runner", "Stream", "get_loop"]


class Loop(Protocol):
    """Drives the parts of a model to its answers."""

    options: Mapping[str, str]
    """What `run` takes beside the inputs: by name, what is expected, for people."""

    def run(self, runner: Runner, inputs: Arrays, **options: object) -> dict[str, np.ndarray]:
        """The outputs of the loop by name, (batch, ...) each.

        Raises:
            InputError: an option is not what is expected.
        """


LOOPS: Mapping[str, Callable[[Mapping, Mapping], Loop]] = {"single": Single}


def get_loop(decode: Mapping, parts: Mapping[str, Mapping]) -> Loop:
    """The decode loop that a manifest names under `decode`, and the manifest's parts.

    Raises:
        BundleError: this version has no such loop.
    """
    name = decode["loop"]
    if name not in LOOPS:
        raise BundleError(
            f"the bundle needs the decode loop `{name}`: this version of the zoo has {', '.join(LOOPS)}",
            "`pip install --upgrade hybrid-zoo` brings a version that may have it",
        )
    return LOOPS[name](decode, parts)
