"""Runs a model on calibration examples with its recurrences under observation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

import keras
import numpy as np
import tensorflow as tf

from zoo._system.replaced import replaced
from zoo.export.recurrences import simulate
from zoo.export.recurrences.continued import Window
from zoo.export.recurrences.holes import Cut, intercepted
from zoo.export.recurrences.ranges import Observer, StepSamples
from zoo.export.recurrences.recurrence import Recurrence

_AT_ONCE = 100
"""Examples that run together: a video model on all of them would take the memory of a training."""


@dataclass(frozen=True)
class Observation:
    """What was seen.

    Attributes:
        observers: of each recurrence, the ranges of its quantities, or what its steps were given; all calls of a layer
            have one between them, so that they share their grids, and with these their weights and steps.
        values: of each wire that the rest reads, (examples, ...).
        outputs: of each output of the model, (examples, ...).
    """

    observers: list[Observer | StepSamples]
    values: dict[str, np.ndarray]
    outputs: dict[str, np.ndarray]


def observe(
    model: keras.Model, cut: Cut, recurrences: list[Recurrence], examples: Mapping[str, np.ndarray]
) -> Observation:
    """Runs a model on examples, (n, ...) for each input.

    Recurrences run by their equations, not by Keras: what int8 will compute is what has to be observed.
    """
    total = len(next(iter(examples.values())))
    observers = _observers(recurrences, total)
    values: dict[str, list] = {wire: [] for wire in cut.rest_reads}
    outputs: dict[str, list] = {name: [] for name in cut.outputs}
    for first in range(0, total, _AT_ONCE):
        some = {name: tf.constant(array[first : first + _AT_ONCE]) for name, array in examples.items()}
        found = _on_wires(cut, some)
        number = count()

        def handler(layer, sequence, states, mask, number=number, found=found):
            position = next(number)
            recurrence = recurrences[position]
            results = simulate.run(recurrence, observers[position], sequence, states, mask)
            found.update(zip(recurrence.hole.outputs, results, strict=False))
            return results[: len(recurrence.hole.outputs)]

        with intercepted(handler), _windows_noted(cut, found):
            results = model(some, training=False)
        for wire, seen in values.items():
            seen.append(np.asarray(found[wire]))
        for name, seen in outputs.items():
            seen.append(np.asarray(results[name]))
    return Observation(observers, _joined(values), _joined(outputs))


def _on_wires(cut: Cut, given: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """What is on the wires of inputs, and of what stays float behind them."""
    found = {cut.inputs[name]: tensor for name, tensor in given.items()}
    if cut.front is None:
        return found
    found |= cut.front(found)
    return {wire: cut.front.unmarked(wire, tensor) for wire, tensor in found.items()}


@contextmanager
def _windows_noted(cut: Cut, found: dict[str, tf.Tensor]) -> Iterator[None]:
    """While it lasts, what the windows of a streaming part give is put on their wires."""
    holes, original = iter(cut.windows), Window.call

    def call(window, frames, past):
        results = original(window, frames, past)
        found.update(zip(next(holes).outputs, results, strict=True))
        return results

    with replaced(Window, "call", call):
        yield


def _observers(recurrences: list[Recurrence], examples: int) -> list[Observer | StepSamples]:
    calls = defaultdict(list)
    for recurrence in recurrences:
        calls[_shared(recurrence)].append(recurrence)
    made = {shared: _observer(those, examples) for shared, those in calls.items()}
    return [made[_shared(recurrence)] for recurrence in recurrences]


def _shared(recurrence: Recurrence) -> object:
    """What the calls that share an observer have in common; steps under other masks are given other things."""
    return recurrence.cell if recurrence.cell.has_equations else (recurrence.cell, recurrence.step.policy)


def _observer(calls: list[Recurrence], examples: int) -> Observer | StepSamples:
    cell, rows = calls[0].cell, examples * sum(recurrence.hole.length for recurrence in calls)
    return Observer(rows * cell.initial[0].size) if cell.has_equations else StepSamples(rows)


def _joined(parts: Mapping[str, list]) -> dict[str, np.ndarray]:
    return {name: np.concatenate(arrays) for name, arrays in parts.items()}
