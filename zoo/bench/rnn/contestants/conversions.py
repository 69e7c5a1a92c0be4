"""The files of a case, ours and the stock conversions.

Ours are float32 in both forms and as `auto` picks, and both kinds of int8.  Stock are the TFLite converter's loop and
Keras's `unroll=True`: they take up to a minute each, so they are kept in the user's cache, under a name that holds all
that a file depends on.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib import metadata
from pathlib import Path

import keras
import tensorflow as tf

from zoo.bench.rnn.cases import CALIBRATION_EXAMPLES, LONGEST_UNROLLED, OTHERS, Case
from zoo.bench.rnn.contestants import Absent, Contestant
from zoo.bench.rnn.contestants.litert import CompiledFile
from zoo.bench.rnn.models import INPUT, OUTPUT, build, inputs_of
from zoo.errors import ConversionError
from zoo.export.convert import Converter
from zoo.export.lower import lower
from zoo.export.lowering.job import Lowered
from zoo.paths import user_cache

KINDS = {
    "unrolled": ("float32", "unrolled"),
    "blocked": ("float32", "blocked"),
    "auto": ("float32", "auto"),
    "dynamic_int8": ("dynamic_int8", "auto"),
    "int8": ("int8", "auto"),
}
"""Target and form of each contestant."""

LONGEST_STOCK_UNROLLED = 512
"""Up to this length the stock conversion is unrolled for one layer, up to a quarter of it for more: a GRU of 512 steps
took a minute to convert."""


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
        inputs_of(case),
        target,
        calibration=calibration if target == "int8" else None,
        form=form,
        runtime="compiled",
        converter=converter,
    )
    there = converter.cpu_seconds() - there
    recipe = {"int8_scheme": lowered.int8_scheme} if lowered.int8_scheme else {}
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


def stock_contestants(case: Case, converter: Callable[[], Converter]) -> Iterator[Contestant | Absent]:
    """The stock files of a case; those that are not in the cache are converted.

    Args:
        case: what they compute.
        converter: gives the process that converts, which is started only if it is needed.
    """
    for name, unroll in (("stock_loop", False), ("stock_unroll", True)):
        if unroll and case.cell in OTHERS:
            continue
        if unroll and case.length > (LONGEST_STOCK_UNROLLED if case.layers == 1 else LONGEST_STOCK_UNROLLED // 4):
            yield Absent(name, "not in the grid at this length and depth")
            continue
        try:
            data = stock_file(case, unroll, converter)
        except ConversionError as error:
            yield Absent(name, error.message)
            continue
        yield Contestant(name, partial(CompiledFile, data), {"bytes": len(data)})


def stock_file(case: Case, unroll: bool, converter: Callable[[], Converter]) -> bytes:
    """The stock file of a case, from the cache or into it.

    Raises:
        ConversionError: the converter refused, crashed, or took longer than its limit.
    """
    path = cached_path(case, unroll)
    if not path.exists():
        data = converter().convert({"predict": _function(build(case, unroll=unroll))}, "float32")
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}")
        unfinished.write_bytes(data)
        unfinished.replace(path)
    return path.read_bytes()


def cached_path(case: Case, unroll: bool) -> Path:
    """Where the stock file of a case is kept."""
    model = build(case)
    weights = hashlib.sha256(b"".join(array.tobytes() for array in model.get_weights()))
    if case.cell in OTHERS:  # drawn one after another: weights in another order can be the same bytes
        weights.update(repr([(weight.name, tuple(weight.shape)) for weight in model.weights]).encode())
    parts = (
        f"stock_{'unroll' if unroll else 'loop'}",
        f"{case.cell}-{'x'.join(map(str, case.shape))}-{case.layers}x{case.units}",
        *(f"{package}-{metadata.version(package)}" for package in ("keras", "tensorflow")),
        weights.hexdigest()[:12],
    )
    return user_cache() / "bench" / f"{'-'.join(parts)}.tflite"


def _function(model: keras.Model):
    """The model as a user hands it to the converter, its batch fixed: with an open one the loop needs Flex."""
    spec = tf.TensorSpec((1, *model.input[INPUT].shape[1:]), tf.float32, INPUT)
    function = tf.function(lambda x: {OUTPUT: model({INPUT: x}, training=False)[OUTPUT]}, autograph=False)
    return function.get_concrete_function(spec)
