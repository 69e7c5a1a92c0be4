"""A `.tflite` file on LiteRT's plain Interpreter, as most apps run it: without the weight cache of our runtime."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from zoo._system.stderr import held_back
from zoo.runtime.engine.flatbuffer import read_signatures
from zoo.runtime.engine.litert import TensorInfo


def on_interpreter(data: bytes, arrays: Mapping[str, np.ndarray], part: str = "predict") -> Callable[[], None]:
    """A function that runs the graph on one thread and nothing else, its input having been put in place.

    Args:
        data: the file.
        arrays: inputs by name, as the signature shapes them, in the model's units.
        part: the signature; the file's first, as `predict` is.

    Raises:
        ValueError, RuntimeError: LiteRT cannot read the file or prepare its graph.
    """
    with held_back():  # XNNPACK greets; errors come as exceptions
        interpreter = Interpreter(model_content=data, num_threads=1)
        interpreter.allocate_tensors()
    for name, tensor in read_signatures(data)[part].inputs.items():
        interpreter.set_tensor(tensor.index, TensorInfo.of(tensor).quantize(arrays[name]))
    return interpreter.invoke
