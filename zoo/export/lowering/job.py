"""What every target's lowering is given, and what each gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import keras
import numpy as np

from zoo.errors import ConversionError
from zoo.export.assembly.at_load import dequantise_at_load
from zoo.export.assembly.file import read
from zoo.export.assembly.graph import Piece
from zoo.export.convert import Converter
from zoo.export.recurrences.cells import repeats
from zoo.export.recurrences.holes import Cut, Inputs
from zoo.export.recurrences.recurrence import Recurrence
from zoo.export.refusal import RefusedError


@dataclass(frozen=True)
class Job:
    """A model on its way into a file: cut open, its recurrences in the forms that they will take.

    `stream` is the same model a chunk of frames at a time, on its way into the same file; its recurrences repeat the
    same cells, and `of_whole` says of each which one of the model's it is.  `kinds` says what its outputs are; see
    `zoo.verify.measures.answers`.
    """

    model: keras.Model
    inputs: Inputs
    cut: Cut
    recurrences: list[Recurrence]
    converter: Converter
    signature: str
    islands: bool = True
    """Whether any operator may stay float in an `int8` file; else those of `zoo.verify.float_operators` alone."""
    stream: Job | None = None
    of_whole: tuple[int, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)

    @property
    def parts(self) -> tuple[Job, ...]:
        """All that goes into the file."""
        return (self, self.stream) if self.stream else (self,)

    def convert(
        self, functions: Mapping[str, object], target: str, calibration: Mapping[str, np.ndarray] | None = None
    ) -> dict[str, Piece]:
        """Converts functions and takes the file apart again.

        Raises:
            ConversionError: see `Converter.convert`; by the name of the layer that the converter refused.
        """
        if not functions:
            return {}
        layers = self.model._flatten_layers(include_self=False)
        layers = {layer.name for layer in layers if not isinstance(layer, keras.Model)}
        try:
            pieces = read(self.converter.convert(functions, target, calibration), layers)
        except RefusedError as refusal:
            raise refusal.of_layer(self._origin) from None
        if target == "dynamic_int8":
            for piece in pieces.values():
                dequantise_at_load(piece)
        return pieces

    def _origin(self, node: str) -> keras.Operation | None:
        """The layer that made a node of a rest."""
        return next((part.cut.origins[node] for part in self.parts if node in part.cut.origins), None)


def culprit(
    job: Job, traced: Mapping[str, Recurrence], functions: Mapping[str, object], error: ConversionError
) -> ConversionError:
    """After a failure to convert, the error to raise: it names a user's own cell that cannot be converted by itself."""
    for name, recurrence in traced.items():
        try:
            job.convert({name: functions[name]}, "float32")
        except ConversionError as own:
            why = own.why if isinstance(own, RefusedError) else own.message
            return ConversionError(
                f"{repeats(recurrence.hole.layer)}, of whose `call` no TFLite built-ins can be made: {why}",
                "override `call` with operators of TFLite, or export to `saved_model` alone",
            )
    return error


@dataclass(frozen=True)
class Lowered:
    """A converted model.

    Attributes:
        data: the `.tflite` file.
        pieces: what it is made of, by signature.
        forms: `unrolled` or `blocked` for each recurrence, in the order of their calls.
        int8_scheme: what the recurrences of an `int8` file compute in integers; None elsewhere.
        float_islands: operators of an `int8` file that compute in float -> how many.
        kept_inputs: inputs of an integer file that hold the numbers that they are given, and why.
    """

    data: bytes
    forms: tuple[str, ...] = ()
    int8_scheme: str | None = None
    float_islands: Mapping[str, int] = field(default_factory=dict)
    kept_inputs: Mapping[str, str] = field(default_factory=dict)
    pieces: Mapping[str, Piece] = field(default_factory=dict, repr=False, compare=False)
