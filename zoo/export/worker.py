"""The converter's own process, `python -m zoo.export.worker`: reads requests, one JSON object a line, and answers each.

{"convert": F, "signatures": [names], "target": T}    makes F/converted.tflite of F/saved_model and F/calibration.npz
{"run": PATH}                                         runs every signature of a `.tflite` file on zeros

The answer is {"refused": null} once it is done, or {"refused": "why"}.  The process ends when its standard input does.
"""

from __future__ import annotations

import faulthandler
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

INTEGER_KERNELS = {
    "int8": "TFLITE_BUILTINS_INT8",
    "int16x8": "EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8",
}
"""By the targets that are calibrated, TensorFlow's name for the kernels that they want."""


def serve() -> None:
    """Answers requests until standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # the converter prints to standard output; answers alone go there
    faulthandler.enable()
    import tensorflow as tf

    for line in sys.stdin:
        refused = None
        try:
            request = json.loads(line)
            if "run" in request:
                _run(request["run"])
            else:
                _convert(tf, request["convert"], request["signatures"], request["target"])
        except Exception as error:  # the converter raises errors of many kinds; the caller wants the sentence of any
            refused = _sentence(error)
        print(json.dumps({"refused": refused}), file=answers, flush=True)


def _convert(tf, folder: str, signatures: list[str], target: str) -> None:
    converter = tf.lite.TFLiteConverter.from_saved_model(f"{folder}/saved_model", signature_keys=signatures)
    converter._experimental_unfold_large_splat_constant = True  # a large constant of zeros becomes a FILL
    if target != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if target == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if target in INTEGER_KERNELS:
        kernels = getattr(tf.lite.OpsSet, INTEGER_KERNELS[target])
        converter.representative_dataset = lambda: _examples(f"{folder}/calibration.npz", signatures[0])
        # What has no integer kernel stays float, and is reported.
        converter.target_spec.supported_ops = [kernels, tf.lite.OpsSet.TFLITE_BUILTINS]
    Path(folder, "converted.tflite").write_bytes(converter.convert())


def _run(path: str) -> None:
    from zoo.runtime.engine.engines import rehearse

    rehearse(Path(path).read_bytes())


def _examples(path: str, signature: str) -> Iterator[tuple[str, dict]]:
    import numpy as np

    with np.load(path) as arrays:
        arrays = dict(arrays)
    for values in zip(*arrays.values(), strict=True):
        yield signature, dict(zip(arrays, values, strict=True))


def _sentence(error: Exception) -> str:
    """The first line of an error that says something, at most 500 characters of it."""
    lines = [line.strip() for line in str(error).splitlines()]
    telling = [line for line in lines if "error:" in line] or [line for line in lines if line]
    return (telling[0] if telling else type(error).__name__)[:500]


if __name__ == "__main__":
    serve()
