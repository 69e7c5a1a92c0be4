"""From a Keras model to one TFLite file: what is not recurrent is converted once, each step of a recurrence once.

    with Converter() as converter:
        lowered = lower(model, {"signal": ((1, 64, 4), "float32")}, "float32", converter=converter)
    Path("model.tflite").write_bytes(lowered.data)

`holes` cuts the model open, `recurrences` has the equations and forms, `convert` the converter, `assembly` the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import keras
import numpy as np

from zoo.errors import ConversionError
from zoo.export.convert import Converter
from zoo.export.lowering.floating import lower_float
from zoo.export.lowering.integer import lower_int8, lower_int16x8
from zoo.export.lowering.integer.fronts import AUTO, convert_front, keep_of, on_examples
from zoo.export.lowering.job import Job, Lowered
from zoo.export.lowering.stream_job import stream_job
from zoo.export.recurrences.cells import kinds_for
from zoo.export.recurrences.forms import ANY, Chooser
from zoo.export.recurrences.holes import Inputs, cut_open
from zoo.export.recurrences.recurrence import recurrences_of
from zoo.export.streaming.part import StreamPart
from zoo.targets import IN_FLOAT
from zoo.verify.running.kinds import kinds_of


def lower(
    model: keras.Model,
    inputs: Inputs,
    target: str,
    *,
    calibration: Mapping[str, np.ndarray] | None = None,
    form: str = "auto",
    runtime: str = ANY,
    size_budget: int | None = None,
    int8_io: Mapping[str, str | None] | str | None = "int8",
    converter: Converter,
    signature: str = "predict",
    stream: StreamPart | None = None,
    kinds: Mapping[str, str] | None = None,
    islands: bool = True,
) -> Lowered:
    """Converts a model, its recurrences by assembly.

    Args:
        model: functional, from a dict of named inputs to a dict of named outputs, float32 inside; see `holes.cut_open`.
        inputs: for each input by name, its shape, batch and lengths fixed, and its dtype; in the signature's order.
        target: `float32`, `float16`, `dynamic_int8`, `int8`, or `int16x8`, which takes no recurrences for now.
        calibration: for the last two: (examples, ...) of each input.
        form: `unrolled`, `blocked`, or `auto`, which picks for each recurrence what was measured to be better.
        runtime: what `auto` picks for, one of `forms.RUNTIMES`.
        size_budget: bytes that the file may take: where it would take more, `auto` picks `blocked`.
        int8_io: what the float inputs and outputs of an `int8` file become: `int8`, `uint8`, None for float32, or of
            inputs `auto`: int8, or float32 where int8 would spoil their numbers.  One for all, or by name, where int8
            is what is not named.  Inputs that hold ids, lengths or masks stay as they are, whatever is said.
        converter: the process that converts.
        signature: the name of the file's signature.
        stream: of the model, for a second signature of that name in the same file.
        kinds: what each output is, see `zoo.verify.measures.answers`; as the model's last layers say unless given.
        islands: whether any operator may stay float in an `int8` file, as in a user's; the zoo's own hold only those of
            `zoo.verify.float_operators`.

    Raises:
        ConversionError: the model cannot be converted, or what came of it cannot be run, or is over the budget.
        InputError: no such form or runtime, or the model cannot be run on the calibration examples.
    """
    if keras.backend.backend() != "tensorflow":
        raise ConversionError(
            f"models are exported with Keras on TensorFlow, found the backend `{keras.backend.backend()}`",
            "`KERAS_BACKEND=tensorflow` before the command, or before Keras is imported",
        )
    if calibration is None and target not in IN_FLOAT:
        raise ConversionError(f"the target `{target}` needs calibration", "`--calibrate` takes examples of the inputs")

    def in_form(form: str) -> Lowered:
        chooser = Chooser(form, target, runtime)
        with on_examples():
            return _lowered(model, inputs, chooser, calibration, int8_io, converter, signature, stream, kinds, islands)

    lowered = in_form(form)
    if size_budget is None or len(lowered.data) <= size_budget:
        return lowered
    if form == "auto" and "unrolled" in lowered.forms:
        lowered = min(lowered, in_form("blocked"), key=lambda file: len(file.data))
    if len(lowered.data) > size_budget:
        raise ConversionError(
            f"the `{target}` file takes {len(lowered.data):,} bytes, more than the budget of {size_budget:,}",
            "a smaller target, `--form auto`, or a larger `--size-budget`",
        )
    return lowered


def _lowered(
    model: keras.Model,
    inputs: Inputs,
    choose: Chooser,
    calibration: Mapping[str, np.ndarray] | None,
    int8_io: Mapping[str, str | None] | str | None,
    converter: Converter,
    signature: str,
    stream: StreamPart | None,
    kinds: Mapping[str, str] | None,
    islands: bool,
) -> Lowered:
    integer = choose.target not in IN_FLOAT
    masks, keep = "bool" if integer else "float32", None
    if integer:
        inputs = {name: (shape, "int32" if dtype == "int64" else dtype) for name, (shape, dtype) in inputs.items()}
        calibration = {name: np.asarray(calibration[name], dtype) for name, (_, dtype) in inputs.items()}
        keep = keep_of(model, choose.target, calibration, int8_io)
    cut = cut_open(model, inputs, masks, kinds_for(choose.target), keep)
    kinds = kinds_of(model) if kinds is None else kinds
    job = Job(model, inputs, cut, recurrences_of(cut.holes, choose), converter, signature, islands, kinds=kinds)
    if stream is not None:
        job = replace(job, stream=stream_job(job, stream, masks, replace(choose, form="auto")))
    if not integer:
        return lower_float(job, choose.target)
    for part in job.parts:
        convert_front(part)
    kept = {} if cut.front is None else dict(cut.front.names)
    if choose.target == "int16x8":
        return replace(lower_int16x8(job, calibration), kept_inputs=kept)
    ends = dict.fromkeys([*inputs, *cut.outputs], "int8")
    ends |= int8_io if isinstance(int8_io, Mapping) else dict.fromkeys(ends, int8_io)
    ends = {name: "int8" if end == AUTO else end for name, end in ends.items()}
    return replace(lower_int8(job, calibration, ends), kept_inputs=kept)
