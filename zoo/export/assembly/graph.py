"""A TFLite graph in memory: operators that hold their tensors, no indices.

Indices, buffers and operator codes exist only in a file; `file.py` hands them out when it writes one.  So a graph is
cut, joined and repaired by moving references, and what nothing refers to is never written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from ai_edge_litert.schema_py_generated import BuiltinOperator, TensorType

DTYPES = {
    TensorType.FLOAT32: np.dtype(np.float32),
    TensorType.FLOAT16: np.dtype(np.float16),
    TensorType.INT32: np.dtype(np.int32),
    TensorType.UINT8: np.dtype(np.uint8),
    TensorType.INT64: np.dtype(np.int64),
    TensorType.BOOL: np.dtype(np.bool_),
    TensorType.INT16: np.dtype(np.int16),
    TensorType.INT8: np.dtype(np.int8),
}
TYPES = {dtype: number for number, dtype in DTYPES.items()}

_OPERATOR_NAMES = {number: name for name, number in vars(BuiltinOperator).items() if isinstance(number, int)}
_WORDS = {
    "conv_2d": "conv",
    "depthwise_conv_2d": "depthwise",
    "dequantize": "float",
    "fully_connected": "matmul",
    "strided_slice": "slice",
}
"""Shorter ones for what stands in names by the hundred."""


@dataclass(frozen=True, slots=True)
class Quantization:
    """real = scale * (stored - zero_point); one pair for the tensor, or one for each index of `axis`."""

    scale: tuple[float, ...]
    zero_point: tuple[int, ...]
    axis: int = 0

    def bounds(self, dtype: np.dtype) -> tuple[float, float]:
        """The smallest and the largest number that a tensor of `dtype` can hold."""
        limits = np.iinfo(dtype)
        (scale,), (zero_point,) = self.scale, self.zero_point
        return (limits.min - zero_point) * scale, (limits.max - zero_point) * scale


def quantization_for(low: float, high: float) -> Quantization:
    """The int8 quantisation that covers low..high and has a zero of its own (Jacob et al. 2018, section 2.1)."""
    low, high = min(low, 0.0), max(high, 0.0)
    scale = float(np.float32((high - low) / 255 or 1.0))
    return Quantization((scale,), (int(np.clip(round(-128 - low / scale), -128, 127)),))


@dataclass(eq=False, slots=True)
class Tensor:
    """A value of a graph: runtime data, or a constant where `data` is set.  Tensors are equal only if they are one."""

    shape: tuple[int, ...]
    type: int = TensorType.FLOAT32
    quantization: Quantization | None = None
    data: bytes | None = None
    copy: object = None
    """Constants of equal data share a buffer of the file; those of unlike `copy` do not: `repair.make_cache_safe`."""
    variable: bool = False
    shape_signature: tuple[int, ...] | None = None
    name: str = ""
    """What it is, if anybody knows; `names` makes one of it that is unique."""

    @property
    def dtype(self) -> np.dtype:
        return DTYPES[self.type]

    @property
    def constant(self) -> bool:
        return self.data is not None

    def like(self, shape: tuple[int, ...] | None = None) -> Tensor:
        """A new runtime tensor of this type and quantisation."""
        return Tensor(self.shape if shape is None else tuple(shape), self.type, self.quantization)

    def same_kind(self, other: Tensor) -> bool:
        """Whether stored numbers mean the same in both."""
        return self.type == other.type and self.quantization == other.quantization


@dataclass(eq=False, slots=True)
class Operator:
    """One operator; `options` is the schema's `...OptionsT` object, `subgraphs` the graphs that a WHILE or IF calls."""

    code: int
    inputs: list[Tensor | None]
    outputs: list[Tensor]
    options: object = None
    version: int = 1
    subgraphs: tuple[Graph, ...] = ()

    @property
    def name(self) -> str:
        """As the schema spells it: `FULLY_CONNECTED`."""
        return _OPERATOR_NAMES[self.code]

    @property
    def word(self) -> str:
        """What a tensor is called that it makes: `matmul`."""
        return _word(self.code)


def _word(code: int) -> str:
    name = _OPERATOR_NAMES[code].lower()
    return _WORDS.get(name, name)


@dataclass(eq=False)
class Graph:
    """Operators in order of execution, and the tensors that go in and come out."""

    inputs: list[Tensor] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)
    operators: list[Operator] = field(default_factory=list)
    constants: dict[Tensor, Tensor] = field(default_factory=dict, repr=False)
    """Another graph's tensor, computed of constants alone -> the one that has been computed here."""
    scope: str = ""
    """Begins the names of what is appended: a layer, a step of it."""

    @contextmanager
    def within(self, scope: str) -> Iterator[None]:
        """Names what is appended meanwhile after this, too."""
        outer, self.scope = self.scope, self._named(scope)
        try:
            yield
        finally:
            self.scope = outer

    def label(self, tensors: Mapping[str, Tensor]) -> None:
        """Names tensors after what they are, and where."""
        for name, tensor in tensors.items():
            tensor.name = self._named(name)

    def _named(self, name: str) -> str:
        return f"{self.scope}/{name}" if self.scope else name

    def add(
        self, code: int, inputs: list, outputs: list, options: object = None, version: int = 1, subgraphs: tuple = ()
    ) -> None:
        """Appends an operator; outputs without a name are called after it."""
        for tensor in outputs:
            tensor.name = tensor.name or self._named(_word(code))
        self.operators.append(Operator(code, list(inputs), list(outputs), options, version, tuple(subgraphs)))

    def copy_in(self, operator: Operator, stands_for: dict[Tensor, Tensor]) -> None:
        """Appends a copy of another graph's operator.

        Args:
            operator: of the other graph.
            stands_for: that graph's tensor -> the one here in its place; gains the operator's outputs.
        """
        inputs = [None if tensor is None else stands_for.get(tensor, tensor) for tensor in operator.inputs]
        outputs = [tensor.like() for tensor in operator.outputs]
        for tensor, original in zip(outputs, operator.outputs, strict=True):
            tensor.name = self._named(original.name) if original.name else ""
        self.add(operator.code, inputs, outputs, operator.options, operator.version, operator.subgraphs)
        stands_for.update(zip(operator.outputs, outputs, strict=True))


@dataclass(eq=False)
class Piece:
    """A converted function: a graph whose ends have names."""

    graph: Graph
    inputs: dict[str, Tensor]
    outputs: dict[str, Tensor]

    def inline(self, graph: Graph, arguments: dict[str, Tensor]) -> dict[str, Tensor]:
        """Appends a copy of this piece to a graph.

        What it computes of constants alone (float16's weights, dequantised) is computed once a graph: a step that
        stands there a hundred times shares it.

        Args:
            graph: the one to append to.
            arguments: a tensor of that graph for each input.

        Returns:
            The tensor of that graph for each output.
        """
        stands_for = {**graph.constants, **{self.inputs[name]: tensor for name, tensor in arguments.items()}}
        for operator in self.graph.operators:
            if operator in self._on_constants:
                if operator.outputs[0] not in graph.constants:
                    graph.copy_in(operator, stands_for)
                    graph.constants.update((tensor, stands_for[tensor]) for tensor in operator.outputs)
            else:
                graph.copy_in(operator, stands_for)
        return {name: stands_for.get(tensor, tensor) for name, tensor in self.outputs.items()}

    @cached_property
    def _on_constants(self) -> set[Operator]:
        """The operators that read nothing but constants."""
        found: set[Operator] = set()
        known: set[Tensor | None] = {None}
        for operator in self.graph.operators:
            if operator.inputs and all(tensor in known or tensor.constant for tensor in operator.inputs):
                found.add(operator)
                known.update(operator.outputs)
        return found
