"""The kinds of artifact that an export makes: one table, by name, in the order in which they are listed everywhere."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """What one kind of artifact is; the bounds that it must meet are in `zoo.verify.gates`."""

    file: str
    """Its name in a bundle; of `saved_model` a folder."""
    weights: str
    """How large weights are stored."""
    calibrated: bool = False
    """Whether ranges are measured on examples: it computes in integers, and its ends may be integers."""
    runs_on: str = "LiteRT"
    usual: bool = True
    """Whether it is made where nobody names targets."""


TABLE: Mapping[str, Target] = {
    "saved_model": Target("saved_model", "float32", runs_on="TensorFlow"),
    "float32": Target("float32.tflite", "float32"),
    "float16": Target("float16.tflite", "float16"),
    "dynamic_int8": Target("dynamic_int8.tflite", "int8"),
    "int8": Target("int8.tflite", "int8", calibrated=True),
    # It has no fast kernels and serves feed-forward models alone.
    "int16x8": Target("int16x8.tflite", "int8", calibrated=True, usual=False),
}

TARGETS = tuple(TABLE)
USUAL_TARGETS = tuple(name for name, target in TABLE.items() if target.usual)
CALIBRATED = tuple(name for name, target in TABLE.items() if target.calibrated)
RUN_BY_LITERT = tuple(name for name, target in TABLE.items() if target.runs_on == "LiteRT")
IN_FLOAT = tuple(name for name in RUN_BY_LITERT if name not in CALIBRATED)
"""Files that compute in float, whatever their weights are stored as."""
WHOLE_WEIGHTS = tuple(name for name, target in TABLE.items() if target.weights != "int8")
"""Those whose weights lose little or nothing."""
