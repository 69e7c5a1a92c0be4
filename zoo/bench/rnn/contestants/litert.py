"""A `.tflite` file at its fastest on the CPU: `CompiledModel`, one thread, equal weights packed once.

Without the weight cache in memory XNNPACK packs the weights of every unrolled step anew, and stock unrolled files run
two to three times slower: ours and stock files alike are run with it.
"""

from __future__ import annotations

import numpy as np
from ai_edge_litert.compiled_model import CompiledModel, CpuOptions, HardwareAccelerator, Options
from ai_edge_litert.interpreter import Interpreter

from zoo._stderr import held_back
from zoo.errors import ConversionError
from zoo.runtime.flatbuffer import TensorView, inspect
from zoo.runtime.litert import TensorInfo


class CompiledFile:
    """One input, one output, one signature.

    Args:
        data: the file.
        x: the float32 input that is in place for `run`.

    Raises:
        ConversionError: LiteRT cannot run it.
    """

    def __init__(self, data: bytes, x: np.ndarray):
        (signature,) = inspect(data).signatures.values()
        (self._input,) = map(_info, signature.inputs.values())
        (self._output,) = map(_info, signature.outputs.values())
        self._data = data  # the model may read from it as long as it lives
        cpu = CpuOptions(num_threads=1, xnnpack_weight_cache_path=":memory")
        options = Options(hardware_accelerators=HardwareAccelerator.CPU, cpu_options=cpu)
        try:
            with held_back():  # welcomes and farewells of accelerators; errors come as exceptions
                self._model = CompiledModel.from_buffer(data, options=options)
                self._inputs, self._outputs = self._model.create_input_buffers(0), self._model.create_output_buffers(0)
                self._inputs[0].write(self._input.quantize(x))
                self.run()
        except RuntimeError as error:
            raise ConversionError(f"LiteRT cannot run the file: {str(error).strip().splitlines()[-1]}") from error

    def __del__(self):
        with held_back():
            self.__dict__.clear()

    def run(self) -> None:
        """Computes what is in place."""
        self._model.run_by_index(0, self._inputs, self._outputs)

    def infer(self, x: np.ndarray) -> np.ndarray:
        """From NumPy to NumPy, in float32 whatever the file stores."""
        self._inputs[0].write(self._input.quantize(x))
        self.run()
        stored = self._outputs[0].read(int(np.prod(self._output.shape)), self._output.dtype)
        return self._output.dequantize(stored.reshape(self._output.shape))


class InterpretedFile:
    """The same on the `Interpreter`, which many an app has, and which has no weight cache; it is timed alone.

    Args:
        data: the file.
        x: the float32 input that is in place for `run`.
    """

    def __init__(self, data: bytes, x: np.ndarray):
        (signature,) = inspect(data).signatures.values()
        (tensor,) = map(_info, signature.inputs.values())
        self._interpreter = Interpreter(model_content=data, num_threads=1)
        self._interpreter.allocate_tensors()
        self._interpreter.set_tensor(self._interpreter.get_input_details()[0]["index"], tensor.quantize(x))

    def run(self) -> None:
        """Computes what is in place."""
        self._interpreter.invoke()


def _info(tensor: TensorView) -> TensorInfo:
    scale, zero_point = (tensor.scales[0], tensor.zero_points[0]) if tensor.scales else (0.0, 0)
    return TensorInfo(tuple(tensor.shape), np.dtype(tensor.dtype), scale, zero_point)
