"""Files that compute in float32, whatever their weights are stored as: all functions in one conversion, then joined."""

from __future__ import annotations

import numpy as np

from zoo.errors import ConversionError
from zoo.export.assembly.file import write
from zoo.export.assembly.graph import TYPES, Piece, Tensor
from zoo.export.assembly.repair import make_cache_safe
from zoo.export.lowering.assemble import assemble
from zoo.export.lowering.job import Job, Lowered, culprit
from zoo.export.recurrences.recurrence import Order


def lower_float(job: Job, target: str) -> Lowered:
    """Lowers to `float32`, `float16` or `dynamic_int8`."""
    order = Order({f"rest_{part.signature}": part.cut.rest for part in job.parts if part.cut.rest})
    recurrences = [recurrence for part in job.parts for recurrence in part.recurrences]
    for recurrence in recurrences:
        recurrence.order(order)
    try:
        pieces = job.convert(order.functions, target)
    except ConversionError as error:
        raise culprit(job, order.traced, order.functions, error) from None
    for recurrence in recurrences:
        recurrence.receive(pieces)
    wholes = {part.signature: _assembled(part, pieces.get(f"rest_{part.signature}")) for part in job.parts}
    make_cache_safe(*(whole.graph for whole in wholes.values()))
    forms = tuple(recurrence.form for recurrence in job.recurrences)
    return Lowered(write(wholes), forms, pieces=wholes)


def _assembled(part: Job, rest: Piece | None) -> Piece:
    inputs = {name: Tensor(tuple(shape), TYPES[np.dtype(dtype)]) for name, (shape, dtype) in part.inputs.items()}
    return assemble(part.cut, rest, part.recurrences, inputs)
