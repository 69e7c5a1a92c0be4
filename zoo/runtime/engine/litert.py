"""Runs the signatures of a `.tflite` file on LiteRT, in the model's own units whatever the file computes in.

An int8, uint8 or int16 file is fed and read as a float32 one: `q = round(x / scale) + zero_point`, clipped, on the way
in, and `x = (q - zero_point) * scale` on the way out, with the numbers that the file itself holds.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zoo._system.stderr import held_back
from zoo.errors import BundleError, InputError, nearest
from zoo.runtime.engine.engines import open_engine
from zoo.runtime.engine.flatbuffer import TensorView, read_signatures


@dataclass(frozen=True)
class TensorInfo:
    """An input or output of a signature as the file has it; `scale` is 0.0 where it is not quantised."""

    shape: tuple[int, ...]
    """-1 stands for a dimension of any size."""
    dtype: np.dtype
    scale: float
    zero_point: int

    @classmethod
    def of(cls, tensor: TensorView) -> TensorInfo:
        """What a file says of a tensor."""
        dtype, quantized = np.dtype(tensor.dtype), len(tensor.scales) == 1
        step = (tensor.scales[0], tensor.zero_points[0]) if quantized and dtype.kind in "iu" else (0.0, 0)
        return cls(tensor.shape_signature, dtype, *step)

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

    Threads may share it: `run` is one thread's at a time, for inputs and outputs stand in buffers of the file.  A lock
    costs a run tens of nanoseconds, a runner a thread would cost its memory: who wants several cores loads several.

    Args:
        path: the file.
        threads: of the CPU kernels.

    Raises:
        BundleError: LiteRT cannot read the file or prepare its graph, or the file has no signature.
    """

    def __init__(self, path: str | os.PathLike, threads: int = 1):
        self.path = Path(path)
        self._one_at_a_time = threading.Lock()
        with held_back() as said:  # accelerators greet, which is nothing to a user
            try:
                data = self.path.read_bytes()
                views = read_signatures(data)
                self._engine = open_engine(data, threads)
            except (BundleError, OSError, ValueError, RuntimeError) as error:
                raise self._failed("cannot be opened by LiteRT", error, said()) from error
        if not views:
            raise BundleError(f"`{path}` has no signature", "`zoo export` writes one for every part")
        self.signatures = {
            name: Signature(
                {key: TensorInfo.of(tensor) for key, tensor in view.inputs.items()},
                {key: TensorInfo.of(tensor) for key, tensor in view.outputs.items()},
            )
            for name, view in views.items()
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
        stored = self._stored(signature, arrays)
        with self._one_at_a_time:
            self._engine.place(signature, stored)
            self._compute(signature)
            results = self._engine.results(signature)
        outputs = self.signatures[signature].outputs
        return {name: tensor.dequantize(results[name]) for name, tensor in outputs.items()}

    def prepare(self, signature: str, /, **arrays: np.ndarray) -> Callable[[], None]:
        """Puts inputs in place, and returns what runs the graph on them and nothing else: it is to be timed.

        No other thread may use the runner as long as what is returned is used.

        Args:
            signature, arrays: as for `run`.

        Raises:
            InputError: as `run` does; what is returned raises BundleError where LiteRT fails to run the graph.
        """
        self._engine.place(signature, self._stored(signature, arrays))
        return functools.partial(self._compute, signature)

    def _stored(self, signature: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Inputs as the file stores them, checked."""
        known = self.signatures.get(signature)
        if known is None:
            raise InputError(f"`{self.path}` has no signature `{signature}`: it has {', '.join(self.signatures)}")
        if set(arrays) != set(known.inputs):
            raise _wrong_names(signature, arrays, known.inputs)
        return {name: _store(name, arrays[name], tensor) for name, tensor in known.inputs.items()}

    def _compute(self, signature: str) -> None:
        try:
            self._engine.compute(signature)
        except (ValueError, RuntimeError) as error:
            raise self._failed(f"failed to run `{signature}`", error) from error

    def _failed(self, what: str, error: Exception, said: str = "") -> BundleError:
        """`said`: on standard error, where the first complaint is the cause and the error itself one of its results."""
        complaints = [line.removeprefix("ERROR: ") for line in said.splitlines() if line.startswith("ERROR: ")]
        results = str(error).strip().splitlines() or [type(error).__name__]
        return BundleError(f"`{self.path}` {what}: {(complaints or results[-1:])[0].removeprefix('└ ')}")


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
