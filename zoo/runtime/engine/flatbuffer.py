"""A read-only look into a `.tflite` file: its operators, tensors and signatures, without running it.

    graph = inspect("int8.tflite")
    graph.counts()                              # {"CONV_2D": 9, "ADD": 3, ...}
    [operator.name for operator in graph.operators if any(tensor.dtype == "float32" for tensor in operator.outputs)]

Reads the flatbuffer where it lies: weights are neither copied nor unpacked.
"""

import os
import struct
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import prod
from pathlib import Path

from ai_edge_litert import schema_py_generated as schema

from zoo.errors import BundleError

_IDENTIFIER = b"TFL3"
_SHORT = 8


def _names_of(enumeration: type) -> dict[int, str]:
    return {value: name for name, value in vars(enumeration).items() if isinstance(value, int)}


_OPERATOR_NAMES = _names_of(schema.BuiltinOperator)
_OPTIONS_NAMES = _names_of(schema.BuiltinOptions)
_TYPE_NAMES = {value: name.lower() for value, name in _names_of(schema.TensorType).items()}


@dataclass(frozen=True)
class TensorView:
    """A tensor; `scales` and `zero_points` are empty where it is not quantised, one a channel in weights."""

    name: str
    subgraph: int
    index: int
    shape: tuple[int, ...]
    shape_signature: tuple[int, ...]
    """The shape with -1 for a dimension of any size."""
    dtype: str
    """`float32`, `int8`, ...: the schema's own name in lower case."""
    constant: bool
    """Whether the file holds its values: a weight."""
    variable: bool
    """Whether it keeps its values from one run to the next."""
    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    integers: tuple[int, ...] = ()
    """The values of a constant int32 vector of up to 8: positions, strides, shapes."""

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
    options: object = field(compare=False)
    """The schema's own view of its options, `options.StrideW()`; None where it has none."""


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
    with opened(file) as model:
        return _read(model)


def read_signatures(file: str | os.PathLike | bytes) -> dict[str, SignatureView]:
    """The signatures of a file and nothing else of it, which takes no time where a graph has thousands of operators.

    Raises:
        BundleError: it is no TFLite file, or is cut short.
    """
    with opened(file) as model:
        return _signatures(model, lambda number, index: _tensor(model, number, index))


@contextmanager
def opened(file: str | os.PathLike | bytes) -> Iterator[schema.Model]:
    """The schema's own view of a file; reading what is not there ends in an error that says so.

    Raises:
        BundleError: it is no TFLite file, or is cut short.
    """
    data, where = (file, "the file") if isinstance(file, bytes) else (Path(file).read_bytes(), f"`{file}`")
    if data[4:8] != _IDENTIFIER:
        raise BundleError(f"{where} is not a TFLite file: found {data[4:8]!r} at byte 4, expected {_IDENTIFIER!r}")
    try:
        yield schema.Model.GetRootAs(data)
    except (struct.error, IndexError, ValueError, TypeError, AttributeError, UnicodeDecodeError) as error:
        raise BundleError(f"{where} is not a whole TFLite file: {error}") from error


def builtin_code(code: schema.OperatorCode) -> int:
    """Old files have the code in a byte, new ones in an int as well: the larger is meant (schema.fbs, OperatorCode)."""
    return max(code.BuiltinCode(), code.DeprecatedBuiltinCode())


def is_constant(model: schema.Model, tensor: schema.Tensor) -> bool:
    """Whether the file holds the tensor's values; a large file has them behind the flatbuffer, at an offset."""
    buffer = model.Buffers(tensor.Buffer())
    return buffer.DataLength() > 0 or buffer.Size() > 0


def _read(model: schema.Model) -> Graph:
    subgraphs = [model.Subgraphs(number) for number in range(model.SubgraphsLength())]
    tensors = [
        [_tensor(model, number, index) for index in range(subgraph.TensorsLength())]
        for number, subgraph in enumerate(subgraphs)
    ]
    operators = [
        operator
        for number, subgraph in enumerate(subgraphs)
        for operator in _operators(model, subgraph, number, tensors[number])
    ]
    return Graph(
        tuple(operators),
        tuple(tensor for group in tensors for tensor in group),
        _signatures(model, lambda number, index: tensors[number][index]),
    )


def _tensor(model: schema.Model, number: int, index: int) -> TensorView:
    tensor = model.Subgraphs(number).Tensors(index)
    quantization = tensor.Quantization()
    shape = tuple(tensor.Shape(axis) for axis in range(tensor.ShapeLength()))
    return TensorView(
        name=(tensor.Name() or b"").decode(),
        subgraph=number,
        index=index,
        shape=shape,
        shape_signature=tuple(tensor.ShapeSignature(axis) for axis in range(tensor.ShapeSignatureLength())) or shape,
        dtype=_TYPE_NAMES.get(tensor.Type(), f"type {tensor.Type()}"),
        constant=is_constant(model, tensor),
        variable=tensor.IsVariable(),
        scales=_vector(quantization, "Scale"),
        zero_points=_vector(quantization, "ZeroPoint"),
        integers=_integers(model, tensor, shape),
    )


def _integers(model: schema.Model, tensor: schema.Tensor, shape: tuple[int, ...]) -> tuple[int, ...]:
    buffer = model.Buffers(tensor.Buffer())
    is_short = tensor.Type() == schema.TensorType.INT32 and len(shape) == 1 and 4 * shape[0] == buffer.DataLength()
    if not is_short or not 0 < shape[0] <= _SHORT:
        return ()
    return struct.unpack(f"<{shape[0]}i", bytes(buffer.DataAsNumpy()))


def _options(operator: schema.Operator) -> object:
    kind, table = _OPTIONS_NAMES.get(operator.BuiltinOptionsType()), operator.BuiltinOptions()
    if table is None or kind is None or not hasattr(schema, kind):
        return None
    options = getattr(schema, kind)()
    options.Init(table.Bytes, table.Pos)
    return options


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
        builtin = builtin_code(code)
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
            options=_options(operator),
        )


def _signatures(model: schema.Model, tensor: Callable[[int, int], TensorView]) -> dict[str, SignatureView]:
    """Args: tensor: the one at (subgraph, index)."""
    views = {}
    for position in range(model.SignatureDefsLength()):
        signature = model.SignatureDefs(position)
        number = signature.SubgraphIndex()
        inputs = (signature.Inputs(i) for i in range(signature.InputsLength()))
        outputs = (signature.Outputs(i) for i in range(signature.OutputsLength()))
        views[signature.SignatureKey().decode()] = SignatureView(
            number,
            {entry.Name().decode(): tensor(number, entry.TensorIndex()) for entry in inputs},
            {entry.Name().decode(): tensor(number, entry.TensorIndex()) for entry in outputs},
        )
    return views
