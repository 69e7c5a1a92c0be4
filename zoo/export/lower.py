"""From a Keras model to one TFLite file: converts what is not recurrent once, each projection and step once, and joins them.

with Converter() as converter:
    lowered = lower(model, {"signal": ((1, 64, 4), "float32")}, "float32", converter=converter)
Path("model.tflite").write_bytes(lowered.data)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import keras
import numpy as np
from keras.layers import RNN

from zoo.errors import ConversionError
from zoo.export.assembly import operators
from zoo.export.assembly.file import read, write
from zoo.export.assembly.graph import TYPES, Graph, Piece, Tensor
from zoo.export.assembly.splice import splice
from zoo.export.convert import Converter
from zoo.export.holes import Cut, Hole, Inputs, cut_open, full_precision
from zoo.export.recurrences import blocked, unrolled
from zoo.export.recurrences.cells import cell_of
from zoo.export.recurrences.recurrence import Order, Recurrence, recurrence_of

TARGETS = ("float32", "float16", "dynamic_int8", "int8", "int16x8")


@dataclass(frozen=True)
class Lowered:
    """A converted model.

    Attributes:
        data: the `.tflite` file.
        forms: `unrolled` or `blocked` for each recurrence, in the order of their calls.
        int8_recipe: which recipe an int8 recurrence took; None for other targets and without recurrences.
        float_islands: operators of an `int8` file that compute in float, and why.
    """

    data: bytes
    forms: tuple[str, ...] = ()
    int8_recipe: str | None = None
    float_islands: dict[str, str] = field(default_factory=dict)


def lower(
    model: keras.Model,
    inputs: Inputs,
    target: str,
    *,
    calibration: Mapping[str, np.ndarray] | None = None,
    form: str = "auto",
    int8_io: Mapping[str, str | None] | str | None = "int8",
    converter: Converter,
    signature: str = "predict",
) -> Lowered:
    """Converts a model, its recurrences by assembly.

    Args:
        model: a Keras model on the TensorFlow backend; it is left as it is.
        inputs: for each input by name, its shape, batch and lengths fixed, and its dtype; in the order of the signature.
        target: `float32`, `float16`, `dynamic_int8`, `int8` or `int16x8` (of models without recurrences).
        calibration: for `int8` and `int16x8`: (examples, ...) of each input.
        form: `auto`, `unrolled` or `blocked`.
        int8_io: what float inputs and outputs of an `int8` file are: `int8`, `uint8`, or None for float32; one for all, or by name.
        converter: the process that converts.
        signature: the name of the file's signature.

    Raises:
        ConversionError: the model cannot be converted.
    """
    cells = {layer: cell_of(layer) for layer in model._flatten_layers() if isinstance(layer, RNN)}
    with full_precision(model):
        cut = cut_open(model, inputs, "float32")
        recurrences = [recurrence_of(hole, cells[hole.layer], form) for hole in cut.holes]
        order = Order({"rest": cut.rest} if cut.rest else {})
        for recurrence in recurrences:
            recurrence.order(order)
        pieces = read(converter.convert(order.functions, target))
    for recurrence in recurrences:
        recurrence.receive(pieces)
    data = assemble(cut, inputs, recurrences, pieces.get("rest"), signature)
    return Lowered(data, tuple(recurrence.form for recurrence in recurrences))


def assemble(cut: Cut, inputs: Inputs, recurrences: list[Recurrence], rest: Piece | None, signature: str) -> bytes:
    graph = Graph()
    ends = {name: Tensor(tuple(shape), TYPES[np.dtype(dtype)]) for name, (shape, dtype) in inputs.items()}
    wires = {cut.inputs[name]: tensor for name, tensor in ends.items()}
    by_hole = dict(zip(cut.holes, recurrences, strict=True))

    def emit(graph: Graph, hole: Hole, found: dict[str, Tensor]) -> list[Tensor]:
        recurrence = by_hole[hole]
        states = None if hole.initial_state is None else [found[wire] for wire in hole.initial_state]
        valid = found[hole.mask] if hole.mask else None
        write_form = unrolled.emit if recurrence.form == "unrolled" else blocked.emit
        results = write_form(graph, recurrence, found[hole.sequence], valid, states)
        return results[: len(hole.outputs)]

    splice(graph, rest, cut.holes, wires, emit)
    outputs = {}
    for name, wire in cut.outputs.items():
        tensor = wires[wire]
        if tensor in ends.values() or tensor in outputs.values():
            tensor = operators.reshape(graph, tensor, tensor.shape)
        outputs[name] = tensor
    return write(Piece(graph, ends, outputs), signature)
