"""The pieces of int8 recurrences: what schemes, or calls of a layer, have in common is converted once."""

from __future__ import annotations

from zoo.errors import ConversionError
from zoo.export.assembly.ends import strip_io_quantization
from zoo.export.assembly.graph import Piece
from zoo.export.assembly.islands import shrink
from zoo.export.assembly.lift import lift
from zoo.export.lowering.integer.agreement import in_batches
from zoo.export.lowering.job import Job, culprit
from zoo.export.recurrences.cells import repeats
from zoo.export.recurrences.ranges import IN_FLOAT, CalibratedStep
from zoo.export.recurrences.recurrence import Order, Recurrence


class Pieces:
    """Converts what recurrences are made of, on the grids of their hooks.

    Args:
        job: whose recurrences.
    """

    def __init__(self, job: Job):
        self._job = job
        self._order = Order()
        self._converted: dict[str, Piece] = {}

    def give(self, recurrences: list[Recurrence]) -> None:
        """Gives recurrences the pieces of their grids.

        Raises:
            ConversionError: the converter refuses a step.
        """
        for recurrence in recurrences:
            recurrence.order(self._order)
        new = {name: made for name, made in self._order.functions.items() if name not in self._converted}
        in_float = {name: function for name, function in new.items() if self._order.hooks[name] == IN_FLOAT}
        calibrated = {name for name in new if isinstance(self._order.hooks[name], CalibratedStep)}
        on_grids = {name: function for name, function in new.items() if name not in {*in_float, *calibrated}}
        pieces = self._job.convert(on_grids, "fake_quant") | self._job.convert(in_float, "dynamic_int8")
        for name in on_grids:
            # Here, not where they are joined: a loop parts what unrolled steps would let one operator do.
            shrink(pieces[name])
        for name in calibrated:
            pieces[name] = _calibrated_step(self._job, name, new[name], self._order.traced[name])
        self._converted |= {name: strip_io_quantization(piece) for name, piece in pieces.items()}
        for recurrence in recurrences:
            recurrence.receive(self._converted)


def _calibrated_step(job: Job, name: str, function, recurrence: Recurrence) -> Piece:
    """The step of a traced cell, calibrated on what its steps were given."""
    arrays, (_, arguments) = recurrence.q.samples.arrays(), function.structured_input_signature
    batches = {key: in_batches(arrays[key], tuple(spec.shape)) for key, spec in arguments.items()}
    try:
        piece = job.convert({name: function}, "int8", batches)[name]
    except ConversionError as error:
        in_int8_alone = ConversionError(
            f"{repeats(recurrence.hole.layer)}, of whose step the converter makes no int8 on these calibration "
            f"examples: {error.message}",
            "`dynamic_int8` and `float16` take it",
        )
        raise culprit(job, {name: recurrence}, {name: function}, in_int8_alone) from error
    if recurrence.q.products_alone:
        return lift(piece)
    shrink(piece)
    return piece
