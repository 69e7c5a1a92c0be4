"""The two engines of LiteRT behind one face: stored arrays go in by name, stored arrays come out by name.

`CompiledEngine` is the faster one: with XNNPACK's weight cache it packs equal weights once.  `InterpretedEngine` runs
what the other cannot, or gets wrong; `open_engine` knows which file is which.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.compiled_model import CompiledModel, CpuOptions, Environment, HardwareAccelerator, Options
from ai_edge_litert.interpreter import Interpreter

from zoo._system.stderr import silence_at_exit
from zoo.runtime.engine.flatbuffer import SignatureView, builtin_code, opened, read_signatures
from zoo.runtime.engine.weight_cache import is_safe

Arrays = Mapping[str, np.ndarray]

_BUFFERED = ("float32", "float16", "int32", "int8", "uint8", "bool")
"""Types that LiteRT's buffers exchange with NumPy."""

_STATEFUL = {
    schema.BuiltinOperator.BIDIRECTIONAL_SEQUENCE_LSTM,
    schema.BuiltinOperator.BIDIRECTIONAL_SEQUENCE_RNN,
    schema.BuiltinOperator.LSTM,
    schema.BuiltinOperator.RNN,
    schema.BuiltinOperator.SVDF,
    schema.BuiltinOperator.UNIDIRECTIONAL_SEQUENCE_LSTM,
    schema.BuiltinOperator.UNIDIRECTIONAL_SEQUENCE_RNN,
}
"""Operators that keep a state in a variable tensor."""

_EIGHT_BITS = 0x003
"""XNNPACK's kernels for int8 and uint8: these two flags are LiteRT's own, and any that are given stand for all."""

_SHAPES_STAY = 0x400
"""XNNPACK's flag to work shapes out once.  A WHILE has its body prepared anew at every run, which costs less with it
(LSTM of 64 units, 128 steps in a loop: 121 µs, not 130).  Graphs whose shapes change are refused with it."""


@cache
def environment() -> Environment:
    """One for the life of the process: each prints which accelerators it finds, and again when it closes them."""
    silence_at_exit()
    return Environment.create()


class _Part:
    """The buffers of a signature, in the model's own order, which is not the file's."""

    def __init__(self, model: CompiledModel, name: str, signature: SignatureView):
        names, index = model.get_signature_list()[name], model.get_signature_index(name)
        inputs, outputs = model.create_input_buffers(index), model.create_output_buffers(index)
        self.ends = (index, inputs, outputs)
        self.inputs = dict(zip(names["inputs"], inputs, strict=True))
        self.outputs = dict(zip(names["outputs"], outputs, strict=True))
        self.tensors = signature.outputs
        for key, tensor in signature.inputs.items():  # else they hold whatever lay in memory
            self.inputs[key].write(np.zeros(tensor.shape, tensor.dtype))


class CompiledEngine:
    """LiteRT's CompiledModel.

    Args:
        data: the file.
        threads: of the CPU kernels.
        cache: whether operators share packed weights; only where `weight_cache.is_safe`.

    Raises:
        RuntimeError: LiteRT cannot prepare the graph.
    """

    def __init__(self, data: bytes, threads: int = 1, *, cache: bool):
        self._data = data  # the model reads from it as long as it lives
        options = CpuOptions(
            num_threads=threads,
            xnnpack_flags=_EIGHT_BITS | _SHAPES_STAY if _loops_over_fixed_shapes(data) else None,
            xnnpack_weight_cache_path=":memory" if cache else "",
        )
        self._model = CompiledModel.from_buffer(
            data, environment=environment(), options=Options(HardwareAccelerator.CPU, cpu_options=options)
        )
        self._parts = {name: _Part(self._model, name, view) for name, view in read_signatures(data).items()}

    def place(self, signature: str, stored: Arrays) -> None:
        """Puts inputs where `compute` finds them."""
        for name, buffer in self._parts[signature].inputs.items():
            buffer.write(stored[name])

    def compute(self, signature: str) -> None:
        """Runs the graph of a signature on what is in place."""
        self._model.run_by_index(*self._parts[signature].ends)

    def results(self, signature: str) -> dict[str, np.ndarray]:
        """What was computed last."""
        part = self._parts[signature]
        return {
            name: part.outputs[name].read(tensor.elements, np.dtype(tensor.dtype)).reshape(tensor.shape)
            for name, tensor in part.tensors.items()
        }


class InterpretedEngine:
    """LiteRT's Interpreter.

    Args:
        data: the file.
        threads: of the CPU kernels.

    Raises:
        ValueError, RuntimeError: LiteRT cannot read the file or prepare its graph.
    """

    def __init__(self, data: bytes, threads: int = 1):
        interpreter = Interpreter(model_content=data, num_threads=threads)
        self._runners = {name: interpreter.get_signature_runner(name) for name in interpreter.get_signature_list()}
        self._placed: dict[str, Arrays] = {}
        self._results: dict[str, dict[str, np.ndarray]] = {}

    def place(self, signature: str, stored: Arrays) -> None:
        """Keeps inputs for `compute`."""
        self._placed[signature] = stored

    def compute(self, signature: str) -> None:
        """Runs the graph of a signature on what is in place, which is copied first."""
        self._results[signature] = self._runners[signature](**self._placed[signature])

    def results(self, signature: str) -> dict[str, np.ndarray]:
        """What was computed last."""
        return self._results[signature]


Engine = CompiledEngine | InterpretedEngine


def open_engine(data: bytes, threads: int = 1) -> Engine:
    """The fastest engine that gives right answers for a file.

    Raises:
        BundleError: it is no TFLite file, or is cut short.
        ValueError, RuntimeError: LiteRT cannot read the file or prepare its graph.
    """
    if any(_is_beyond_buffers(view) for view in read_signatures(data).values()) or _keeps_state(data):
        return InterpretedEngine(data, threads)
    return CompiledEngine(data, threads, cache=is_safe(data))


ENGINES = {"best": open_engine, "interpreter": InterpretedEngine}
"""What opens a file, by name: the engine that our runtime takes, or the Interpreter as most apps have it."""


def rehearse(data: bytes, times: int = 1, engine: str = "best") -> None:
    """Runs every signature of a file on zeros; a file can end the process that does so.

    Args:
        data: the file.
        times: how often.
        engine: one of `ENGINES`.

    Raises: as `open_engine` does.
    """
    engine = ENGINES[engine](data)
    for name, view in read_signatures(data).items():
        engine.place(name, {key: np.zeros(tensor.shape, tensor.dtype) for key, tensor in view.inputs.items()})
        for _ in range(times):
            engine.compute(name)


def _is_beyond_buffers(signature: SignatureView) -> bool:
    """Whether CompiledModel cannot exchange the inputs and outputs: each case was tried on LiteRT 2.3.

    Its buffers have fixed sizes and know few types; an output that is an input as well comes out as whatever lay in its
    memory, and of two outputs that are one tensor the first is lost.
    """
    ends = [*signature.inputs.values(), *signature.outputs.values()]
    return len({tensor.index for tensor in ends}) < len(ends) or any(
        tensor.dtype not in _BUFFERED or min(tensor.shape_signature, default=1) < 1 for tensor in ends
    )


def _keeps_state(data: bytes) -> bool:
    """Whether the file has variable tensors: CompiledModel refuses to load them."""
    with opened(data) as model:
        return not _STATEFUL.isdisjoint(_codes(model))


def _loops_over_fixed_shapes(data: bytes) -> bool:
    """Whether the file has loops, and no tensor of theirs or of the rest grows."""
    with opened(data) as model:
        return schema.BuiltinOperator.WHILE in _codes(model) and not any(
            (tensor.ShapeSignatureAsNumpy() < 0).any()
            for subgraph in map(model.Subgraphs, range(model.SubgraphsLength()))
            for tensor in map(subgraph.Tensors, range(subgraph.TensorsLength()))
            if tensor.ShapeSignatureLength()
        )


def _codes(model: schema.Model) -> set[int]:
    return {builtin_code(model.OperatorCodes(index)) for index in range(model.OperatorCodesLength())}
