"""The stock conversions of a Keras model, as the TFLite converter gives them: its loop, and Keras's `unroll=True`.

They take up to a minute each, so their files are kept in the user's cache; a name holds all that a file depends on.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from functools import partial
from importlib import metadata
from pathlib import Path

import keras
import tensorflow as tf

from zoo.bench.rnn.cases import OTHERS, Case
from zoo.bench.rnn.contestants.contestant import Absent, Contestant
from zoo.bench.rnn.contestants.litert import CompiledFile
from zoo.bench.rnn.models import INPUT, OUTPUT, build
from zoo.errors import ConversionError
from zoo.export.convert import Converter
from zoo.paths import user_cache

LONGEST_UNROLLED = 512
"""Up to this length the stock conversion is unrolled for one layer, up to a quarter of it for more: a GRU of 512 steps
took a minute to convert."""


def stock_contestants(case: Case, converter: Callable[[], Converter]) -> Iterator[Contestant | Absent]:
    """The stock files of a case; those that are not in the cache are converted.

    Args:
        case: what they compute.
        converter: gives the process that converts, which is started only if it is needed.
    """
    for name, unroll in (("stock_loop", False), ("stock_unroll", True)):
        if unroll and case.cell in OTHERS:
            continue
        if unroll and case.length > (LONGEST_UNROLLED if case.layers == 1 else LONGEST_UNROLLED // 4):
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
        partial = path.with_suffix(f".{os.getpid()}")
        partial.write_bytes(data)
        partial.replace(path)
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
