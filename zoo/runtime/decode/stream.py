"""The loop of a stream, which waits for more input: an object."""

from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from zoo.errors import InputError
from zoo.runtime.decode.runner import Arrays, Runner


class Stream:
    """One way through time by the part `stream`: frames go in as they come, answers come out.

    The states that a run gives go into the next run as they are; they begin with zeros, and stay so for as many frames
    as the manifest's `after` says of them.  For as many as it says of an output, that is empty.

    Args:
        runner: of the parts.
        part: the manifest's entry of `stream`.
        signature: what the artifact calls that part.
    """

    def __init__(self, runner: Runner, part: Mapping, signature: str = "stream"):
        self._runner, self._part, self._signature = runner, part, signature
        timed = [facts["shape"][1] for facts in part["inputs"].values() if facts.get("time")]
        self.chunk: int = timed[0]
        """Frames a run."""
        self.states: dict[str, np.ndarray] = {}
        """What the next run is given of the frames so far."""
        self._come = 0
        self.begin()

    def begin(self) -> None:
        """Forgets all frames: the next one is the first."""
        self._come = 0
        self.states = {name: np.zeros(facts["shape"], facts["dtype"]) for name, facts in self._part["state"].items()}

    def feed(self, **arrays: np.ndarray) -> dict[str, np.ndarray]:
        """Runs as many chunks as the frames make.

        Args:
            arrays: every input by name, in the model's units: of those with frames (batch, n, ...), n a whole number
                of chunks and one for all; the others (batch, ...), which are given anew at every call.

        Returns:
            Every output by name: of those in time (batch, rows, ...), a row a frame as a rule; of the others what they
            are after the last of these frames.  What needs more frames than have come is empty.

        Raises:
            InputError: the frames are no whole number of chunks, or not as many of every input; nothing has been run.
        """
        timed = [name for name, facts in self._part["inputs"].items() if facts.get("time")]
        outputs, before = defaultdict(list), self._come
        for first in range(0, self._frames(timed, arrays), self.chunk):
            part = {name: x[:, first : first + self.chunk] if name in timed else x for name, x in arrays.items()}
            found = self._runner.run(self._signature, **part, **self.states)
            self._come += self.chunk
            self.states = {name: self._next(name, found[name]) for name in self.states}
            for name in self._part["outputs"]:
                outputs[name].append(found[name])
        return {
            name: self._rows(np.concatenate(outputs[name], axis=1), facts, before)
            if facts.get("time")
            else self._answer(outputs[name][-1], facts)
            for name, facts in self._part["outputs"].items()
        }

    def _next(self, name: str, found: np.ndarray) -> np.ndarray:
        """A state for the next run: zeros until it begins."""
        facts = self._part["state"][name]
        return np.zeros(facts["shape"], facts["dtype"]) if self._come <= facts.get("after", 0) else found

    def _rows(self, found: np.ndarray, facts: Mapping, before: int) -> np.ndarray:
        """Rows of an output in time without those that came too early; `before`: frames before these."""
        early = max(facts.get("after", 0) - before, 0) * facts["shape"][1] // self.chunk
        return found[:, early:]

    def _answer(self, found: np.ndarray, facts: Mapping) -> np.ndarray:
        """An output after the frames so far; empty where they are too few."""
        return found if self._come > facts.get("after", 0) else found[:0]

    def _frames(self, timed: list[str], arrays: Arrays) -> int:
        counts = {name: np.shape(arrays[name])[1] for name in timed if np.ndim(arrays.get(name)) > 1}
        count = next(iter(counts.values()), 0)
        if len(counts) != len(timed) or len(set(counts.values())) != 1 or count == 0 or count % self.chunk:
            found = ", ".join(f"{number} of `{name}`" for name, number in counts.items()) or "none"
            raise InputError(
                f"wrong number of frames: found {found}; expected as many of every input ({', '.join(timed)}), in "
                f"chunks of {self.chunk}",
                "keep what is left over until more frames have come; `zoo export --stream --chunk 1` takes any number",
            )
        return count
