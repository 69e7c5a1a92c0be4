"""A `.tflite` file as the runtime runs it, on one thread: `CompiledModel`, equal weights packed once.

Without the weight cache in memory XNNPACK packs the weights of every unrolled step anew, and stock unrolled files run
two to three times slower: ours and stock files alike are run with it.
"""

from __future__ import annotations

import numpy as np

from zoo._system.stderr import held_back
from zoo.errors import ConversionError
from zoo.runtime.engine.engines import open_engine
from zoo.runtime.engine.flatbuffer import read_signatures
from zoo.runtime.engine.litert import TensorInfo
from zoo.verify.running.interpreted import on_interpreter


class CompiledFile:
    """One input, one output, one signature.

    Args:
        data: the file.
        x: the float32 input that is in place for `run`.

    Raises:
        ConversionError: LiteRT cannot run it.
    """

    def __init__(self, data: bytes, x: np.ndarray):
        ((self._signature, view),) = read_signatures(data).items()
        ((self._name, given),) = view.inputs.items()
        ((_, asked),) = view.outputs.items()
        self._input, self._output = TensorInfo.of(given), TensorInfo.of(asked)
        try:
            with held_back():  # accelerators greet; errors come as exceptions
                self._engine = open_engine(data)
                self._place(x)
                self.run()
        except RuntimeError as error:
            raise ConversionError(f"LiteRT cannot run the file: {str(error).strip().splitlines()[-1]}") from error

    def run(self) -> None:
        """Computes what is in place."""
        self._engine.compute(self._signature)

    def infer(self, x: np.ndarray) -> np.ndarray:
        """From NumPy to NumPy, in float32 whatever the file stores."""
        self._place(x)
        self.run()
        (stored,) = self._engine.results(self._signature).values()
        return self._output.dequantize(stored)

    def _place(self, x: np.ndarray) -> None:
        self._engine.place(self._signature, {self._name: self._input.quantize(x)})


class InterpretedFile:
    """The same on the `Interpreter`, which many an app has, and which has no weight cache; it is timed alone.

    Args:
        data: the file.
        x: the float32 input that is in place for `run`.
    """

    def __init__(self, data: bytes, x: np.ndarray):
        ((part, signature),) = read_signatures(data).items()
        (name,) = signature.inputs
        self.run = on_interpreter(data, {name: x}, part)
        """Computes what is in place."""


RUNNERS = {"compiled": CompiledFile, "interpreter": InterpretedFile}
"""By the runtime that `auto` picks for, see `forms.RUNTIMES`."""
ENGINES = {"compiled": "best", "interpreter": "interpreter"}
"""What `first_run` calls them."""
