"""The rest of a model around its recurrences, from the fastest to the most exact: what `trials.choose` goes through."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from zoo.errors import ConversionError
from zoo.export.assembly.ends import strip_io_quantization
from zoo.export.assembly.graph import Piece
from zoo.export.assembly.islands import shrink
from zoo.export.assembly.lift import lift
from zoo.export.lowering.integer.agreement import in_batches
from zoo.export.lowering.integer.observe import Observation
from zoo.export.lowering.integer.trials import Attempt, floats_of
from zoo.export.lowering.job import Job
from zoo.verify.float_operators import FLOAT_REST, PRODUCTS_OF_REST, float_operators

_LOOPS = {"While", "StatelessWhile", "Enter"}
"""The converter ends its process where it calibrates one of these."""


@dataclass(frozen=True)
class Rests:
    """Makes the rest of a model in each of the ways that there are.

    Args:
        job: whose rest.
        seen: what is on the wires that it reads.
    """

    job: Job
    seen: Observation

    def calibrated(self, target: str = "int8") -> Piece:
        """In integers, its ends float; calibrated on the inputs and on what the recurrences return.

        Raises:
            ConversionError: the converter refuses it, or it holds a loop.
        """
        if (layer := self.loop) is not None:
            raise ConversionError(
                f"layer `{layer}` has a loop of its own (`keras.ops.scan`, `while_loop`), which the converter gives no "
                "integers",
                "put what a step does into a cell, `keras.layers.RNN(MyCell(8))`",
            )
        cut = self.job.cut
        batches = {wire: in_batches(self.seen.values[wire], shape) for wire, shape in cut.rest_reads.items()}
        return self.job.convert({"rest": cut.rest}, target, batches)["rest"]

    @cached_property
    def _both(self) -> tuple[Piece, Piece] | ConversionError:
        """Of one calibration: all in int8 that LiteRT has kernels for, and the matrix products alone."""
        try:
            rest = self.calibrated()
        except ConversionError as refusal:
            return refusal
        products_alone = strip_io_quantization(lift(rest))
        shrink(rest)
        return strip_io_quantization(rest), products_alone

    def in_integers(self, products_alone: bool = False) -> Piece:
        """All in int8 that LiteRT has kernels for, or the matrix products alone; raises as `calibrated`."""
        if isinstance(self._both, ConversionError):
            raise self._both
        return self._both[products_alone]

    def in_float(self) -> Piece:
        """Large weights in 8 bits; a stream must compute the bits of the whole, which such products do not."""
        return self.job.convert({"rest": self.job.cut.rest}, "float32" if self.job.stream else "dynamic_int8")["rest"]

    @cached_property
    def loop(self) -> str | None:
        """The layer that has a loop of its own, if one has."""
        graph = self.job.cut.rest.graph
        found = next((operation.name for operation in graph.get_operations() if operation.type in _LOOPS), None)
        if found is None:
            return None
        layers = {layer.name for layer in self.job.model._flatten_layers(include_self=False)}
        # TensorFlow numbers the scopes of a layer that is called again.
        parts = [part if part in layers else re.sub(r"_\d+$", "", part) for part in found.split("/")]
        known = [part for part in parts if part in layers]
        return known[-1] if known else found


def rests_of(rests: Rests, make: Callable[..., Attempt]) -> Iterator[Callable[[], Attempt | None]]:
    """What `choose` tries, one rest after another.

    Args:
        rests: of the model.
        make: (rest, names of what it leaves in float) -> what makes the trials around it.
    """
    job = rests.job
    if job.cut.rest is None:
        yield lambda: make(None)
        return
    yield lambda: make(rests.in_integers())
    if job.islands and job.stream is None:
        yield lambda: make(rests.in_integers(products_alone=True), PRODUCTS_OF_REST)
    if job.islands or job.recurrences:
        yield lambda: _with_float_rest(job, rests.in_float(), make)


def _with_float_rest(job: Job, rest: Piece, make: Callable[..., Attempt]) -> Attempt | None:
    """A rest in float, if it may ship so."""
    allowed = job.islands or floats_of(rest.graph).keys() <= float_operators(FLOAT_REST).keys()
    return make(rest, FLOAT_REST) if allowed else None
