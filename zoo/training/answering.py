"""What a model in training answers: its outputs, or what the decode loop makes of its parts."""

from collections.abc import Iterator, Mapping

import keras
import numpy as np
import tensorflow as tf

from zoo._system.progress import ignore
from zoo.data import Examples
from zoo.data.columns import Column, blocks
from zoo.families import parts
from zoo.sources.runner import KerasRunner, entries_of, loop_of
from zoo.training.input_pipeline.batches import as_types
from zoo.training.recipe.subject import Subject

BATCH = 250
"""Examples that are answered at a time, where nothing is learned."""


class Answering:
    """A model and the way from its inputs to what its task keeps of its answers.

    Args:
        model: that is trained.
        subject: what for.
    """

    def __init__(self, model: keras.Model, subject: Subject):
        self.run = inference(model)
        """The compiled function {input name: (batch, ...)} -> {output name: (batch, ...)}, without dropout."""
        self._task, self._data = subject.task, subject.data
        decode = subject.task.decode(model, subject.data)
        self._loop, self._runner = None, None
        if decode["loop"] != "single":
            made = parts(subject.spec, model)
            self._runner = KerasRunner({name: part.model for name, part in made.items()})
            self._loop = loop_of({"decode": decode, "parts": entries_of(made, BATCH)})

    @property
    def by_loop(self) -> bool:
        """Whether answers are more than outputs: then a loss has to be computed apart."""
        return self._loop is not None

    def answers(self, examples: Examples, stage: str, report=ignore) -> dict[str, np.ndarray]:
        """What is answered to many examples, as the task keeps it.

        Args:
            examples: of the data set.
            stage: what `report` is told.
        """
        kept = []
        for block, outputs in self._outputs(examples.inputs, stage, report):
            targets = {name: column[block] for name, column in examples.targets.items()}
            kept.append(self._task.answers(outputs, targets, self._data))
        return joined(kept)

    def _outputs(self, inputs: Mapping[str, Column], stage: str, report) -> Iterator[tuple[slice, dict]]:
        if self._loop is None:
            for block, outputs in outputs_of(self.run, inputs, stage, report):
                yield block, {name: array.numpy() for name, array in outputs.items()}
            return
        count = len(next(iter(inputs.values())))
        for block in blocks(count, BATCH):
            index = np.minimum(np.arange(block.start, block.start + BATCH), count - 1)  # every call of one size
            outputs = self._loop.run(self._runner, {name: column[index] for name, column in inputs.items()})
            yield block, {name: array[: block.stop - block.start] for name, array in outputs.items()}
            report(stage, block.stop, count)


def joined(kept: list[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Answers of some examples after the other; what is shorter than others is padded with 0."""
    arrays = {}
    for name in kept[0]:
        each = [answers[name] for answers in kept]
        longest = max((array.shape[1] for array in each if array.ndim > 1), default=0)
        padded = [
            np.pad(array, [(0, 0), (0, longest - array.shape[1]), *[(0, 0)] * (array.ndim - 2)])
            if array.ndim > 1
            else array
            for array in each
        ]
        arrays[name] = np.concatenate(padded)
    return arrays


def inference(model: keras.Model):
    """The compiled function {input name: (batch, ...)} -> {output name: (batch, ...)}; see `Answering.run`."""
    types = {name: tensor.dtype for name, tensor in model.input.items()}
    return tf.function(lambda inputs: model(as_types(inputs, types), training=False), reduce_retracing=True)


def outputs_of(run, inputs: Mapping[str, Column], stage: str, report=ignore) -> Iterator[tuple[slice, dict]]:
    """(which examples, their outputs by name as tensors) of many examples, some at a time.

    Args:
        run: what `inference` gave.
        inputs: as a data set holds them.
        stage: what `report` is told.
    """
    count = len(next(iter(inputs.values())))
    for block in blocks(count, BATCH):
        yield block, run({name: tf.constant(column[block]) for name, column in inputs.items()})
        report(stage, block.stop, count)
