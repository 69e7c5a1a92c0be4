"""Whether a stream is answered as the whole is: the part `stream` of an artifact against its part `predict`."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from zoo.runtime.decode import Runner, Stream
from zoo.verify.measures.answers import agreement, judge
from zoo.verify.measures.distance import distance

RUNS = 10_000
"""About so many runs of `stream` an artifact: of long sequences fewer examples are streamed."""

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Streamed:
    """What streaming showed."""

    facts: dict
    """`chunk`, `examples`, `frames` of each, `max_abs` and `agreement` with the whole, as the card has them."""
    relative: float
    """The largest difference as a share of the output's scale."""
    repeats: bool
    """Whether the first stream gives the same bits again after all others: no state is left in the artifact."""

    @property
    def max_abs(self) -> float:
        return self.facts["max_abs"]

    @property
    def agreement(self) -> float:
        return self.facts["agreement"]


def stream(
    runner: Runner, part: Mapping, inputs: Arrays, rows: int, kinds: Mapping[str, str], name: str = "stream"
) -> Streamed:
    """Streams examples, as many whole chunks of each as it has, and runs them whole.

    Args:
        runner: of the artifact.
        part: the manifest's entry of that part.
        inputs: by name, (n, ...), whole examples.
        rows: in a call.
        kinds: of the outputs, see `answers.judge`.
        name: of the part.
    """
    timed = [name for name, facts in part["inputs"].items() if facts.get("time")]
    chunk, length = part["inputs"][timed[0]]["shape"][1], inputs[timed[0]].shape[1]
    frames = length // chunk * chunk
    groups = _groups(inputs, rows, RUNS * chunk // frames)
    of_rows = _of_rows(part, rows)

    def streamed_group(group: Arrays) -> dict[str, np.ndarray]:
        given = {key: array[:, :frames] if key in timed else array for key, array in group.items()}
        return Stream(runner, of_rows, name).feed(**given)

    found, wanted = [], []
    for group in groups:
        found.append(streamed_group(group))
        wanted.append(_cut(runner.run("predict", **group), part, frames, chunk))
    again = streamed_group(groups[0])
    streamed, whole = _joined(found), _joined(wanted)
    apart = distance(streamed, whole)
    facts = {
        "chunk": chunk,
        "examples": len(groups) * rows,
        "frames": frames,
        "max_abs": apart.max_abs,
        "agreement": agreement(judge(streamed, whole, kinds)),
    }
    repeats = all(again[name].tobytes() == found[0][name].tobytes() for name in again)
    return Streamed(facts, apart.relative, repeats)


def _groups(inputs: Arrays, rows: int, most: int) -> list[dict[str, np.ndarray]]:
    """The first examples, `rows` a call, at most so many calls; filled up with the last one where there are too few."""
    count = len(next(iter(inputs.values())))
    calls = max(1, min(most, count // rows))
    index = np.minimum(np.arange(calls * rows), count - 1).reshape(calls, rows)
    return [{name: array[of_call] for name, array in inputs.items()} for of_call in index]


def _of_rows(part: Mapping, rows: int) -> dict:
    """The part as a signature of any batch has it for so many rows."""
    state = {name: {**facts, "shape": [rows, *facts["shape"][1:]]} for name, facts in part["state"].items()}
    return {**part, "state": state}


def _cut(outputs: Arrays, part: Mapping, frames: int, chunk: int) -> dict[str, np.ndarray]:
    """The whole's outputs for the frames that were streamed; where one has no time, all frames were."""
    rows = {
        name: (frames - facts.get("after", 0)) * facts["shape"][1] // chunk
        for name, facts in part["outputs"].items()
        if facts.get("time")
    }
    return {name: array[:, : rows[name]] if name in rows else array for name, array in outputs.items()}


def _joined(parts: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
