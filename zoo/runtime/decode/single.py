"""The loop of a model that answers at once."""

from collections.abc import Mapping

import numpy as np

from zoo.runtime.decode.options import read_options
from zoo.runtime.decode.runner import Arrays, Runner


class Single:
    """One run of one part, whose outputs are the loop's."""

    options: Mapping[str, str] = {}

    def __init__(self, part: str):
        self._part = part

    @classmethod
    def of(cls, decode: Mapping, parts: Mapping) -> "Single":
        """The loop of a manifest; see `get_loop`."""
        return cls(decode["part"])

    def run(self, runner: Runner, inputs: Arrays, **options: object) -> dict[str, np.ndarray]:
        """See `Loop`; it takes no options."""
        read_options("single", {}, options)
        return runner.run(self._part, **inputs)
