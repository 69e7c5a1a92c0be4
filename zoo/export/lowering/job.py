"""What every target's lowering is given, and what each gives back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import keras
import numpy as np

from zoo.errors import ConversionError
from zoo.export.assembly.file import read
from zoo.export.assembly.graph import Piece
from zoo.export.convert import Converter
from zoo.export.recurrences.holes import Cut, Inputs
from zoo.export.recurrences.recurrence import Recurrence


@dataclass(frozen=True)
class Job:
    """A model on its way into a file: cut open, its recurrences in the forms that they will take."""

    model: keras.Model
    inputs: Inputs
    cut: Cut
    recurrences: list[Recurrence]
    converter: Converter
    signature: str

    def convert(
        self, functions: Mapping[str, object], target: str, calibration: Mapping[str, np.ndarray] | None = None
    ) -> dict[str, Piece]:
        """Converts functions and takes the file apart again."""
        return read(self.converter.convert(functions, target, calibration)) if functions else {}


@contextmanager
def blaming(job: Job, traced: Mapping[str, Recurrence], functions: Mapping[str, object]) -> Iterator[None]:
    """While it lasts, a failure to convert names the cell of a user's own that cannot be converted by itself."""
    try:
        yield
    except ConversionError as error:
        for name, recurrence in traced.items():
            try:
                job.convert({name: functions[name]}, "float32")
            except ConversionError as own:
                layer = recurrence.hole.layer
                raise ConversionError(
                    f"layer `{layer.name}` repeats the cell `{type(layer.cell).__name__}`, of whose `call` no TFLite "
                    f"built-ins can be made: {own.message}",
                    "override `call` with operators of TFLite, or export to `saved_model` alone",
                ) from error
        raise


@dataclass(frozen=True)
class Lowered:
    """A converted model.

    Attributes:
        data: the `.tflite` file.
        forms: `unrolled` or `blocked` for each recurrence, in the order of their calls.
        int8_recipe: what the recurrences of an `int8` file compute in integers; None elsewhere.
        float_islands: operators of an `int8` file that compute in float -> how many.
    """

    data: bytes
    forms: tuple[str, ...] = ()
    int8_recipe: str | None = None
    float_islands: Mapping[str, int] = field(default_factory=dict)
