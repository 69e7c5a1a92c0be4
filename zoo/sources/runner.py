"""Parts driven by a decode loop: Keras as a runner, what the loop gives each part, and many examples through it."""

from collections import Counter
from collections.abc import Mapping

import keras
import numpy as np

from zoo._system.progress import ignore
from zoo.families import Part
from zoo.runtime.decode import Loop, Runner, get_loop
from zoo.runtime.parts import parts_of
from zoo.sources.channels_first import plain_bias

RECORDED = 300
"""Calls of a part that are kept: of a loop with many, some from its whole length."""

Arrays = Mapping[str, np.ndarray]


class KerasRunner:
    """Runs the parts of a model by name; see `zoo.runtime.decode.Runner`.

    Args:
        models: by the part's name, functional models from a dict of inputs to a dict of outputs.
    """

    def __init__(self, models: Mapping[str, keras.Model]):
        self._models = models

    def run(self, signature: str, /, **arrays: np.ndarray) -> dict[str, np.ndarray]:
        """The outputs of one part by name."""
        model = self._models[signature]
        cast = {name: np.asarray(arrays[name]).astype(tensor.dtype) for name, tensor in model.input.items()}
        with plain_bias():
            return model.predict_on_batch(cast)


class Counting:
    """Runs parts, and counts how often."""

    def __init__(self, runner: Runner):
        self._runner = runner
        self.runs: Counter[str] = Counter()
        """By part."""

    def run(self, signature: str, /, **arrays: np.ndarray) -> dict[str, np.ndarray]:
        """The outputs of one part by name."""
        self.runs[signature] += 1
        return self._runner.run(signature, **arrays)


class _Recorder:
    """Runs parts, and keeps what they are given."""

    def __init__(self, runner: Runner):
        self._runner = runner
        self.given: dict[str, list[Arrays]] = {}

    def run(self, signature: str, /, **arrays: np.ndarray) -> dict[str, np.ndarray]:
        self.given.setdefault(signature, []).append(arrays)
        return self._runner.run(signature, **arrays)


def entries_of(parts: Mapping[str, Part], rows: int) -> dict[str, dict]:
    """What a manifest says of parts, as far as a decode loop needs it; `rows`: the batch of a call."""

    def facts(tensors: Mapping[str, keras.KerasTensor], names) -> dict[str, dict]:
        return {name: {"shape": [rows, *tensors[name].shape[1:]], "dtype": tensors[name].dtype} for name in names}

    return {
        name: {
            "inputs": facts(part.model.input, [key for key in part.model.input if key not in part.state]),
            "outputs": facts(part.model.output, [key for key in part.model.output if key not in part.state]),
            "state": facts(part.model.input, part.state),
        }
        for name, part in parts.items()
    }


def loop_of(manifest: Mapping) -> Loop:
    """The decode loop of a manifest."""
    return get_loop(manifest["decode"], manifest["parts"])


def part_inputs(manifest: Mapping, models: Mapping[str, keras.Model], inputs: Arrays) -> dict[str, dict]:
    """What each part is given, by name, where Keras answers examples through the decode loop.

    Args:
        manifest: of the bundle.
        models: of the parts.
        inputs: what a user gives, (n, ...) by name.

    Returns:
        By part {input or state: (rows, ...)}, at most `RECORDED` rows drawn evenly from all calls.
    """
    parts = parts_of(manifest["decode"])
    if manifest["decode"]["loop"] == "single":
        return dict.fromkeys(parts, inputs)
    recorder = _Recorder(KerasRunner(models))
    count = min(RECORDED, len(next(iter(inputs.values()))))
    loop_of(manifest).run(recorder, {name: array[:count] for name, array in inputs.items()})
    return {part: _some(recorder.given[part]) for part in parts}


def _some(calls: list[Arrays]) -> dict[str, np.ndarray]:
    rows = {name: np.concatenate([call[name] for call in calls]) for name in calls[0]}
    count = len(next(iter(rows.values())))
    chosen = np.unique(np.linspace(0, count - 1, min(count, RECORDED)).astype(int))
    return {name: array[chosen] for name, array in rows.items()}


def through_loop(
    loop: Loop, runner: Runner, inputs: Arrays, rows: int, report=ignore, stage: str = ""
) -> dict[str, np.ndarray]:
    """The answers to many examples, (n, ...) by name of the loop's outputs.

    Args:
        loop: of the manifest.
        runner: Keras or an artifact.
        inputs: (n, ...) by name.
        rows: examples in a call; the last call is filled up with the last example.
        report: called with the stage, the examples done and those in all.
        stage: what that is called.
    """
    count, kept = len(next(iter(inputs.values()))), []
    for begin in range(0, count, rows):
        index = np.minimum(np.arange(begin, begin + rows), count - 1)
        kept.append(loop.run(runner, {name: column[index] for name, column in inputs.items()}))
        report(stage, min(begin + rows, count), count)
    return {name: np.concatenate([each[name] for each in kept])[:count] for name in kept[0]}
