"""Files that compute in float32, whatever their weights are stored as: all functions in one conversion, then joined."""

from __future__ import annotations

import numpy as np

from zoo.errors import ConversionError
from zoo.export.assembly.file import write
from zoo.export.assembly.graph import TYPES, Tensor
from zoo.export.assembly.repair import uncollide
from zoo.export.lowering.assemble import assemble
from zoo.export.lowering.job import Job, Lowered, culprit
from zoo.export.recurrences.recurrence import Order


def lower_float(job: Job, target: str) -> Lowered:
    """Lowers to `float32`, `float16` or `dynamic_int8`."""
    order = Order({"rest": job.cut.rest} if job.cut.rest else {})
    for recurrence in job.recurrences:
        recurrence.order(order)
    try:
        pieces = job.convert(order.functions, target)
    except ConversionError as error:
        raise culprit(job, order.traced, order.functions, error) from None
    for recurrence in job.recurrences:
        recurrence.receive(pieces)
    inputs = {name: Tensor(tuple(shape), TYPES[np.dtype(dtype)]) for name, (shape, dtype) in job.inputs.items()}
    whole = assemble(job.cut, pieces.get("rest"), job.recurrences, inputs)
    uncollide(whole.graph)
    return Lowered(write(whole, job.signature), tuple(recurrence.form for recurrence in job.recurrences))
