"""Runs a recurrence at once, on any number of examples, to see what its quantities become before it is converted."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from zoo.export.recurrences.cells import Hook
from zoo.export.recurrences.ranges import StepSamples
from zoo.export.recurrences.recurrence import Recurrence


def run(
    recurrence: Recurrence, q: Hook, sequence: tf.Tensor, states: Sequence[tf.Tensor] | None, mask: tf.Tensor | None
) -> list[tf.Tensor]:
    """What the layer of a recurrence returns, by its equations.

    Args:
        recurrence: whose equations; its hole's batch does not matter here.
        q: called on each quantity; `StepSamples` keep what each step is given.
        sequence: (examples, length, features...) float32.
        states: initial states, (examples, ...) each, or None for the cell's own.
        mask: (examples, length) bool, or None.

    Returns:
        The output, (examples, length, ...) or (examples, ...), and the last states.
    """
    cell, step, examples = recurrence.cell, recurrence.step, sequence.shape[0]
    if mask is not None:  # what a masked step holds is of no use, and may lie far from all else
        sequence = tf.where(tf.reshape(mask, (*mask.shape, *[1] * (len(sequence.shape) - 2))), sequence, 0.0)
    given = dict(zip(cell.states, states or (), strict=False))
    carried = {name: given.get(name, tf.constant(start)) for name, start in step.starts(examples).items()}
    rows = zip(*(tf.unstack(all_, axis=1) for all_ in cell.project(q, sequence)), strict=True)
    times = [dict(zip(cell.projected, of_one_step, strict=True)) for of_one_step in rows]
    if mask is not None:
        times = [{**these, "valid": row[:, None]} for these, row in zip(times, tf.unstack(mask, axis=1), strict=True)]
    outputs = []
    for these in reversed(times) if recurrence.backwards else times:
        if isinstance(q, StepSamples):
            q.keep({**these, **carried})
        results = step(q, **these, **carried)
        outputs.append(results[step.output])
        carried = {name: results[name] for name in step.carried}
    output = tf.stack(outputs, axis=1) if recurrence.hole.layer.return_sequences else outputs[-1]
    return [output, *(carried[name] for name in cell.states)]
