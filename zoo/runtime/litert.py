"""Runs the signatures of a `.tflite` file on LiteRT, in the model's own units whatever the file computes in.

An int8, uint8 or int16 file is fed and read as a float32 one: `q = round(x / scale) + zero_point`, clipped, on the way
in, and `x = (q - zero_point) * scale` on the way out, with the numbers that the file itself holds.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from zoo.errors import BundleError, InputError
from zoo.registry import nearest


@dataclass(frozen=True)
class TensorInfo:
    """An input or output of a signature as the file has it; `scale` is 0.0 where it is not quantised."""

    shape: tuple[int, ...]
    """-1 stands for a dimension of any size."""
    dtype: np.dtype
    scale: float
    zero_point: int

    def quantize(self, values: np.ndarray) -> np.ndarray:
        """Values in the model's units as this tensor stores them; those beyond its range become the nearest it has."""
        if not self.scale:
            return np.ascontiguousarray(values, self.dtype)
        limits = np.iinfo(self.dtype)
        steps = np.rint(np.asarray(values, np.float32) / np.float32(self.scale)) + self.zero_point
        return np.clip(steps, limits.min, limits.max).astype(self.dtype)

    def dequantize(self, stored: np.ndarray) -> np.ndarray:
        """What is stored as float32 values in the model's units; as it is where this tensor is not quantised."""
        if not self.scale:
            return stored
        return (stored.astype(np.float32) - self.zero_point) * np.float32(self.scale)


@dataclass(frozen=True)
class Signature:
    """The named inputs and outputs of one part."""

    inputs: Mapping[str, TensorInfo]
    outputs: Mapping[str, TensorInfo]


class LiteRTRunner:
    """Runs the signatures of one `.tflite` file.

    Args:
        path: the file.
        threads: of the CPU kernels.

    Raises:
        BundleError: LiteRT cannot read the file or prepare its graph, or the file has no signature.
    """

    def __init__(self, path: str | os.PathLike, threads: int = 1):
        self.path = Path(path)
        try:
            self._interpreter = Interpreter(str(path), num_threads=threads)
            names = self._interpreter.get_signature_list()
            self._runners = {name: self._interpreter.get_signature_runner(name) for name in names}
        except (ValueError, RuntimeError) as error:
            raise self._failed("cannot be opened by LiteRT", error) from error
        if not self._runners:
            raise BundleError(f"`{path}` has no signature", "`zoo export` writes one for every part")
        self.signatures = {
            name: Signature(_tensors(runner.get_input_details()), _tensors(runner.get_output_details()))
            for name, runner in self._runners.items()
        }

    def run(self, signature: str, /, **arrays: np.ndarray) -> dict[str, np.ndarray]:
        """One run of a signature.

        Args:
            signature: the part's name, `predict` for most models.
            arrays: every input by name, in the model's units (an image 0..255, a signal in mV), never quantised ones.

        Returns:
            Every output by name: float32 where the file stores it quantised, else in the file's own dtype.

        Raises:
            InputError: a signature or an input is unknown or missing, or an array has another shape or kind of numbers.
            BundleError: LiteRT fails to run the graph.
        """
        known = self.signatures.get(signature)
        if known is None:
            raise InputError(f"`{self.path}` has no signature `{signature}`: it has {', '.join(self.signatures)}")
        if set(arrays) != set(known.inputs):
            raise _wrong_names(signature, arrays, known.inputs)
        stored = {name: _store(name, arrays[name], tensor) for name, tensor in known.inputs.items()}
        try:
            results = self._runners[signature](**stored)
        except (ValueError, RuntimeError) as error:
            raise self._failed(f"failed to run `{signature}`", error) from error
        return {name: tensor.dequantize(results[name]) for name, tensor in known.outputs.items()}

    def _failed(self, what: str, error: Exception) -> BundleError:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        return BundleError(f"`{self.path}` {what}: {lines[-1]}")


def _tensors(details: Mapping[str, Mapping]) -> dict[str, TensorInfo]:
    return {
        name: TensorInfo(tuple(map(int, facts["shape_signature"])), np.dtype(facts["dtype"]), *_step(facts))
        for name, facts in details.items()
    }


def _step(facts: Mapping) -> tuple[float, int]:
    scale, zero_point = facts["quantization"]
    return float(scale), int(zero_point)


def _store(name: str, array: np.ndarray, tensor: TensorInfo) -> np.ndarray:
    array = np.asarray(array)
    fits = array.ndim == len(tensor.shape) and all(
        size in (-1, found) for size, found in zip(tensor.shape, array.shape, strict=True)
    )
    if not fits:
        raise InputError(f"input `{name}` has the wrong shape: found {array.shape}, expected {tensor.shape}")
    if array.dtype.kind not in "biuf" or (array.dtype.kind == "f" and tensor.dtype.kind in "iu" and not tensor.scale):
        raise InputError(f"input `{name}` has the wrong kind of numbers: found {array.dtype}, expected {tensor.dtype}")
    if tensor.scale and not np.isfinite(array).all():
        raise InputError(f"input `{name}` holds NaN or infinity, which {tensor.dtype} cannot store")
    stored = tensor.quantize(array)
    if stored.dtype.kind in "iu" and not tensor.scale and not np.array_equal(stored, array):
        raise InputError(f"input `{name}` holds numbers beyond the range of {tensor.dtype}")
    return stored


def _wrong_names(signature: str, found: Mapping, expected: Mapping) -> InputError:
    wanted = ", ".join(f"`{name}`" for name in expected)
    for name in found:
        if name not in expected:
            close = nearest(name, expected, 1)[0]
            return InputError(f"`{signature}` has no input `{name}`: expected {wanted}", f"did you mean `{close}`?")
    missing = ", ".join(f"`{name}`" for name in expected if name not in found)
    return InputError(f"an input of `{signature}` is missing: {missing}; expected {wanted}")
