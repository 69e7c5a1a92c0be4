"""The loop of most models: one run."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from zoo.runtime.decode.runner import Arrays, Runner


class Single:
    """One run of one part.

    Args:
        decode: the manifest's entry.
        parts: the manifest's parts.
    """

    options: Mapping[str, str] = MappingProxyType({})

    def __init__(self, decode: Mapping, parts: Mapping[str, Mapping]):
        self._part = decode["part"]

    def run(self, runner: Runner, inputs: Arrays) -> dict[str, np.ndarray]:
        """The outputs of the part by name."""
        return runner.run(self._part, **inputs)
