"""Our files of a case: float32 in both forms and as `auto` picks, and both kinds of int8."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial

import keras

from zoo.bench.rnn.cases import CALIBRATION_EXAMPLES, LONGEST_UNROLLED, Case
from zoo.bench.rnn.contestants.contestant import Absent, Contestant
from zoo.bench.rnn.contestants.litert import CompiledFile
from zoo.bench.rnn.models import INPUT, build
from zoo.errors import ConversionError
from zoo.export.convert import Converter
from zoo.export.lower import lower
from zoo.export.lowering.job import Lowered

KINDS = {
    "unrolled": ("float32", "unrolled"),
    "blocked": ("float32", "blocked"),
    "auto": ("float32", "auto"),
    "dynamic_int8": ("dynamic_int8", "auto"),
    "int8": ("int8", "auto"),
}
"""Target and form of each contestant."""


def our_contestants(case: Case, model: keras.Model, converter: Converter) -> Iterator[Contestant | Absent]:
    """Converts.  One whose file another has too says so in its fact `same_as`."""
    calibration = {INPUT: case.sequences(CALIBRATION_EXAMPLES, seed=1)}
    written: dict[bytes, str] = {}
    for name, (target, form) in KINDS.items():
        if case.alone and target != "float32":
            continue
        if form == "unrolled" and case.length > LONGEST_UNROLLED:
            yield Absent(name, f"not unrolled beyond {LONGEST_UNROLLED} steps")
            continue
        try:
            lowered, facts = _converted(model, case, target, form, calibration, converter)
        except ConversionError as error:
            yield Absent(name, error.message)
            continue
        twin = written.setdefault(lowered.data, name)
        same = {"same_as": twin} if twin != name else {}
        yield Contestant(name, partial(CompiledFile, lowered.data), {**facts, **same})


def _converted(
    model: keras.Model, case: Case, target: str, form: str, calibration: dict, converter: Converter
) -> tuple[Lowered, dict]:
    """A file, and what the row says of it; its CPU seconds in the converter's process, and in both."""
    here, there = time.process_time(), converter.cpu_seconds()
    lowered = lower(
        model,
        {INPUT: ((1, *case.shape), "float32")},
        target,
        calibration=calibration if target == "int8" else None,
        form=form,
        runtime="compiled",
        converter=converter,
    )
    there = converter.cpu_seconds() - there
    recipe = {"int8_recipe": lowered.int8_recipe} if lowered.int8_recipe else {}
    return lowered, {
        "bytes": len(lowered.data),
        "converter_cpu_s": round(there, 3),
        "conversion_cpu_s": round(time.process_time() - here + there, 3),
        "forms": list(lowered.forms),
        **recipe,
    }


def warm_up(converter: Converter) -> None:
    """Has TensorFlow imported and its tracing set up, here and in the converter, before seconds are counted."""
    tiny = Case("SimpleRNN", 2, 2, 1)
    _converted(build(tiny), tiny, "float32", "auto", {}, converter)
