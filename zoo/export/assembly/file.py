"""Between a `.tflite` file and graphs in memory: `read` takes a file apart, `write` makes one."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from zoo.errors import ConversionError
from zoo.export.assembly.graph import Graph, Operator, Piece, Quantization, Tensor
from zoo.export.assembly.names import Names, layers_in

# Where the options of an operator hold the index of a subgraph.
_CALLS = {
    schema.BuiltinOperator.WHILE: ("condSubgraphIndex", "bodySubgraphIndex"),
    schema.BuiltinOperator.IF: ("thenSubgraphIndex", "elseSubgraphIndex"),
    schema.BuiltinOperator.CALL_ONCE: ("initSubgraphIndex",),
}
_HIGHEST_OLD_CODE = 127
"""Codes were a byte once (schema.fbs, OperatorCode): old readers see this one for every later operator."""


def read(data: bytes, layers: Collection[str] = ()) -> dict[str, Piece]:
    """The functions that a converted file holds, by signature name.

    Args:
        data: the file.
        layers: names of the model's, for those of tensors.

    Raises:
        ConversionError: it holds an operator that is not a built-in.
    """
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    custom = sorted({code.customCode.decode() for code in model.operatorCodes if code.customCode})
    if custom:
        raise ConversionError(
            f"the model needs operators that are not TFLite built-ins: {', '.join(custom)}",
            "replace the layer that makes them; TensorFlow (Flex) and custom operators run on no plain LiteRT runtime",
        )
    graphs = [Graph() for _ in model.subgraphs]
    tensors = [[_tensor(model, tensor, layers) for tensor in subgraph.tensors or ()] for subgraph in model.subgraphs]
    for graph, subgraph, own in zip(graphs, model.subgraphs, tensors, strict=True):
        graph.inputs, graph.outputs = _pick(own, subgraph.inputs), _pick(own, subgraph.outputs)
        graph.operators = [_operator(model, operator, own, graphs) for operator in subgraph.operators or ()]
    return {
        signature.signatureKey.decode(): Piece(
            graphs[signature.subgraphIndex],
            {
                entry.name.decode(): tensors[signature.subgraphIndex][entry.tensorIndex]
                for entry in signature.inputs or ()
            },
            {entry.name.decode(): tensors[signature.subgraphIndex][entry.tensorIndex] for entry in signature.outputs},
        )
        for signature in model.signatureDefs
    }


def _pick(tensors: list[Tensor], indices) -> list:
    return [None if index < 0 else tensors[index] for index in (() if indices is None else indices)]


def _tensor(model: schema.ModelT, tensor: schema.TensorT, layers: Collection[str]) -> Tensor:
    shape = () if tensor.shape is None else tuple(int(size) for size in tensor.shape)
    data = model.buffers[tensor.buffer].data
    return Tensor(
        shape,
        tensor.type,
        _quantization(tensor.quantization),
        None if data is None or not len(data) else bytes(data),
        variable=tensor.isVariable,
        shape_signature=None if tensor.shapeSignature is None else tuple(int(size) for size in tensor.shapeSignature),
        name=layers_in(tensor.name.decode(), layers),
    )


def _quantization(parameters: schema.QuantizationParametersT | None) -> Quantization | None:
    if parameters is None or parameters.scale is None or not len(parameters.scale):
        return None
    return Quantization(
        tuple(float(scale) for scale in parameters.scale),
        tuple(int(zero_point) for zero_point in parameters.zeroPoint),
        parameters.quantizedDimension,
    )


def _operator(model: schema.ModelT, operator: schema.OperatorT, tensors: list[Tensor], graphs: list[Graph]) -> Operator:
    code = model.operatorCodes[operator.opcodeIndex]
    builtin = max(code.builtinCode, code.deprecatedBuiltinCode)
    options = operator.builtinOptions or operator.builtinOptions2
    made = Operator(
        builtin,
        _pick(tensors, operator.inputs),
        _pick(tensors, operator.outputs),
        options,
        code.version,
        tuple(graphs[getattr(options, field)] for field in _CALLS.get(builtin, ())),
    )
    for tensor in made.outputs:
        tensor.name = "/".join(filter(None, [tensor.name, made.word]))
    return made


def write(pieces: Mapping[str, Piece]) -> bytes:
    """A file with a signature for each piece; its inputs and outputs bear the names that the piece gives them.

    Constants of equal content are one buffer, whichever pieces they are in.  What else many tensors or operators have
    in common (a shape, a grid, options) is written once, too.
    """
    writer = _Writer()
    for signature, piece in pieces.items():
        piece.graph.inputs, piece.graph.outputs = list(piece.inputs.values()), list(piece.outputs.values())
        names = [*piece.inputs.items(), *piece.outputs.items()]
        number = writer.graph(piece.graph, signature, {tensor: name for name, tensor in names})
        writer.signature(piece, signature, number)
    builder = _Builder(1 << 20)
    builder.Finish(writer.model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


_ALIGNMENT = 16
"""Of the bytes of a constant (schema.fbs, Buffer): kernels may read them where they lie."""


class _Builder(flatbuffers.Builder):
    """Writes vectors of equal content once; not those of buffers, which are constants, and have rules of their own."""

    def __init__(self, size: int):
        super().__init__(size)
        self._vectors: dict[tuple, int] = {}

    def CreateNumpyVector(self, x: np.ndarray) -> int:  # noqa: N802 - the name is flatbuffers' own
        if x.dtype == np.uint8:
            self.Prep(_ALIGNMENT, x.size)
            return super().CreateNumpyVector(x)
        content = (x.dtype.str, x.tobytes())
        if content not in self._vectors:
            self._vectors[content] = super().CreateNumpyVector(x)
        return self._vectors[content]


class _Once:
    """A table of the schema that is written once, however many others hold it."""

    def __init__(self, table: object):
        self._table, self._offset = table, None

    def Pack(self, builder: flatbuffers.Builder) -> int:  # noqa: N802 - as the schema's own
        if self._offset is None:
            self._offset = self._table.Pack(builder)
        return self._offset


def _content(value: object) -> object:
    """What makes two tables equal: their kind and all that they hold."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.tobytes()
    if isinstance(value, list):
        return tuple(map(_content, value))
    if hasattr(value, "Pack"):
        return type(value), *((name, _content(held)) for name, held in vars(value).items())
    return value


class _Writer:
    """Gives tensors, buffers, operator codes and graphs their numbers."""

    def __init__(self):
        self.model = schema.ModelT(
            version=3,
            description="assembled by hybrid-zoo",
            operatorCodes=[],
            subgraphs=[],
            buffers=[schema.BufferT()],  # number 0 is the empty one, by the schema's rule
            signatureDefs=[],
        )
        self._codes: dict = {}
        self._buffers: dict = {}
        self._graphs: dict[Graph, int] = {}
        self._quantizations: dict = {}
        self._options: dict = {}
        self._names = Names()
        self._indices: dict[Graph, dict[Tensor, int]] = {}

    def graph(self, graph: Graph, name: str, names: dict[Tensor, str]) -> int:
        """The number of a graph; writes it, and those that it calls, when it is first met."""
        if graph in self._graphs:
            return self._graphs[graph]
        number = self._graphs[graph] = len(self.model.subgraphs)
        subgraph = schema.SubGraphT(name=name)
        self.model.subgraphs.append(subgraph)
        indices, names = self._indices.setdefault(graph, {}), self._names.of(graph, name, names)
        subgraph.tensors = []

        def index(tensor: Tensor | None) -> int:
            if tensor is None:
                return -1
            if tensor not in indices:
                indices[tensor] = len(indices)
                subgraph.tensors.append(self._tensor(tensor, names[tensor]))
            return indices[tensor]

        def all_of(tensors: list) -> np.ndarray:
            return np.array([index(tensor) for tensor in tensors], np.int32)

        subgraph.inputs = all_of(graph.inputs)
        subgraph.operators = [self._operator(operator, all_of) for operator in graph.operators]
        subgraph.outputs = all_of(graph.outputs)
        return number

    def signature(self, piece: Piece, key: str, graph: int) -> None:
        indices = self._indices[piece.graph]

        def entries(tensors: dict[str, Tensor]) -> list[schema.TensorMapT]:
            return [schema.TensorMapT(name, indices[tensor]) for name, tensor in tensors.items()]

        found = schema.SignatureDefT(entries(piece.inputs), entries(piece.outputs), key, graph)
        self.model.signatureDefs.append(found)

    def _tensor(self, tensor: Tensor, name: str) -> schema.TensorT:
        return schema.TensorT(
            shape=np.array(tensor.shape, np.int32),
            type=tensor.type,
            buffer=0 if tensor.data is None else self._buffer(tensor),
            name=name,
            quantization=self._quantization(tensor.quantization),
            isVariable=tensor.variable,
            shapeSignature=None if tensor.shape_signature is None else np.array(tensor.shape_signature, np.int32),
            hasRank=True,
        )

    def _buffer(self, tensor: Tensor) -> int:
        key = (tensor.data, tensor.copy)
        if key not in self._buffers:
            self._buffers[key] = len(self.model.buffers)
            self.model.buffers.append(schema.BufferT(data=np.frombuffer(tensor.data, np.uint8)))
        return self._buffers[key]

    def _quantization(self, quantization: Quantization | None) -> _Once | None:
        if quantization is None:
            return None
        if quantization not in self._quantizations:
            self._quantizations[quantization] = _Once(
                schema.QuantizationParametersT(
                    scale=np.array(quantization.scale, np.float32),
                    zeroPoint=np.array(quantization.zero_point, np.int64),
                    quantizedDimension=quantization.axis,
                )
            )
        return self._quantizations[quantization]

    def _operator(self, operator: Operator, all_of) -> schema.OperatorT:
        options = operator.options
        for field, graph in zip(_CALLS.get(operator.code, ()), operator.subgraphs, strict=False):
            setattr(options, field, self.graph(graph, field.removesuffix("SubgraphIndex"), {}))
        kind = type(options).__name__.removesuffix("T")
        shared = self._options.setdefault(_content(options), _Once(options))
        first, second = (getattr(kinds, kind, 0) for kinds in (schema.BuiltinOptions, schema.BuiltinOptions2))
        return schema.OperatorT(
            opcodeIndex=self._code(operator),
            inputs=all_of(operator.inputs),
            outputs=all_of(operator.outputs),
            builtinOptionsType=first,
            builtinOptions=shared if first else None,
            builtinOptions2Type=second,
            builtinOptions2=shared if second else None,
        )

    def _code(self, operator: Operator) -> int:
        key = (operator.code, operator.version)
        if key not in self._codes:
            self._codes[key] = len(self.model.operatorCodes)
            old = min(operator.code, _HIGHEST_OLD_CODE)
            self.model.operatorCodes.append(
                schema.OperatorCodeT(deprecatedBuiltinCode=old, version=operator.version, builtinCode=operator.code)
            )
        return self._codes[key]
