"""A read-only look into a `.tflite` file: its operators, tensors and signatures, without running it.

    graph = inspect("int8.tflite")
    graph.counts()                              # {"CONV_2D": 9, "ADD": 3, ...}
    [operator.name for operator in graph.operators if any(tensor.dtype == "float32" for tensor in operator.outputs)]

Reads the flatbuffer where it lies: weights are neither copied nor unpacked.
"""

import os
import struct
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

from ai_edge_litert import schema_py_generated as schema

from zoo.errors import BundleError

_IDENTIFIER = b"TFL3"


def _names_of(enumeration: type) -> dict[int, str]:
    return {value: name for name, value in vars(enumeration).items() if isinstance(value, int)}


_OPERATOR_NAMES = _names_of(schema.BuiltinOperator)
_TYPE_NAMES = {value: name.lower() for value, name in _names_of(schema.TensorType).items()}


@dataclass(frozen=True)
class TensorView:
    """A tensor; `scales` and `zero_points` are empty where it is not quantised, one a channel in weights."""

    name: str
    subgraph: int
    index: int
    shape: tuple[int, ...]
    dtype: str
    """`float32`, `int8`, ...: the schema's own name in lower case."""
    constant: bool
    """Whether the file holds its values: a weight."""
    variable: bool
    """Whether it keeps its values from one run to the next."""
    scales: tuple[float, ...]
    zero_points: tuple[int, ...]

    @property
    def elements(self) -> int:
        return prod(self.shape)


@dataclass(frozen=True)
class OperatorView:
    """An operator of a graph, in the order of execution; an optional input that is left out is None."""

    name: str
    """As in the schema (`FULLY_CONNECTED`); for a custom operator, the code that the file gives it (`FlexMul`)."""
    custom: bool
    version: int
    subgraph: int
    inputs: tuple[TensorView | None, ...]
    outputs: tuple[TensorView, ...]


@dataclass(frozen=True)
class SignatureView:
    """A signature: the tensors behind its named inputs and outputs."""

    subgraph: int
    inputs: Mapping[str, TensorView]
    outputs: Mapping[str, TensorView]


@dataclass(frozen=True)
class Graph:
    """All of a file; a file has one subgraph a signature and one for each body of a loop or branch."""

    operators: tuple[OperatorView, ...]
    tensors: tuple[TensorView, ...]
    signatures: Mapping[str, SignatureView]

    def counts(self) -> dict[str, int]:
        """How often each operator stands in the file, the most frequent first; the body of a loop counts once."""
        return dict(Counter(operator.name for operator in self.operators).most_common())


def inspect(file: str | os.PathLike | bytes) -> Graph:
    """What a `.tflite` file, given as a path or as its bytes, holds.

    Raises:
        BundleError: it is no TFLite file, or is cut short.
    """
    data, where = (file, "the file") if isinstance(file, bytes) else (Path(file).read_bytes(), f"`{file}`")
    if data[4:8] != _IDENTIFIER:
        raise BundleError(f"{where} is not a TFLite file: found {data[4:8]!r} at byte 4, expected {_IDENTIFIER!r}")
    try:
        return _read(schema.Model.GetRootAs(data))
    except (struct.error, IndexError, ValueError, TypeError, AttributeError, UnicodeDecodeError) as error:
        raise BundleError(f"{where} is not a whole TFLite file: {error}") from error


def _read(model: schema.Model) -> Graph:
    subgraphs = [model.Subgraphs(i) for i in range(model.SubgraphsLength())]
    tensors = [_tensors(model, subgraph, number) for number, subgraph in enumerate(subgraphs)]
    operators = [
        operator
        for number, subgraph in enumerate(subgraphs)
        for operator in _operators(model, subgraph, number, tensors[number])
    ]
    return Graph(tuple(operators), tuple(tensor for group in tensors for tensor in group), _signatures(model, tensors))


def _tensors(model: schema.Model, subgraph: schema.SubGraph, number: int) -> list[TensorView]:
    views = []
    for index in range(subgraph.TensorsLength()):
        tensor = subgraph.Tensors(index)
        buffer = model.Buffers(tensor.Buffer())
        quantization = tensor.Quantization()
        views.append(
            TensorView(
                name=(tensor.Name() or b"").decode(),
                subgraph=number,
                index=index,
                shape=tuple(tensor.Shape(axis) for axis in range(tensor.ShapeLength())),
                dtype=_TYPE_NAMES.get(tensor.Type(), f"type {tensor.Type()}"),
                constant=buffer.DataLength() > 0 or buffer.Size() > 0,
                variable=tensor.IsVariable(),
                scales=_vector(quantization, "Scale"),
                zero_points=_vector(quantization, "ZeroPoint"),
            )
        )
    return views


def _vector(quantization: schema.QuantizationParameters | None, name: str) -> tuple:
    if quantization is None:
        return ()
    return tuple(getattr(quantization, name)(i) for i in range(getattr(quantization, f"{name}Length")()))


def _operators(
    model: schema.Model, subgraph: schema.SubGraph, number: int, tensors: list[TensorView]
) -> Iterator[OperatorView]:
    for position in range(subgraph.OperatorsLength()):
        operator = subgraph.Operators(position)
        code = model.OperatorCodes(operator.OpcodeIndex())
        # Old files have the code in a byte, new ones in an int as well: the larger is meant (schema.fbs, OperatorCode).
        builtin = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        custom = builtin == schema.BuiltinOperator.CUSTOM
        inputs = [operator.Inputs(i) for i in range(operator.InputsLength())]
        outputs = [operator.Outputs(i) for i in range(operator.OutputsLength())]
        yield OperatorView(
            name=(code.CustomCode() or b"").decode() if custom else _OPERATOR_NAMES.get(builtin, f"operator {builtin}"),
            custom=custom,
            version=code.Version(),
            subgraph=number,
            inputs=tuple(None if index < 0 else tensors[index] for index in inputs),
            outputs=tuple(tensors[index] for index in outputs),
        )


def _signatures(model: schema.Model, tensors: list[list[TensorView]]) -> dict[str, SignatureView]:
    views = {}
    for index in range(model.SignatureDefsLength()):
        signature = model.SignatureDefs(index)
        number = signature.SubgraphIndex()
        inputs = (signature.Inputs(i) for i in range(signature.InputsLength()))
        outputs = (signature.Outputs(i) for i in range(signature.OutputsLength()))
        views[signature.SignatureKey().decode()] = SignatureView(
            number,
            {entry.Name().decode(): tensors[number][entry.TensorIndex()] for entry in inputs},
            {entry.Name().decode(): tensors[number][entry.TensorIndex()] for entry in outputs},
        )
    return views
