"""Whether XNNPACK's weight cache may be used for a `.tflite` file.

XNNPACK packs the weights of each operator into the order that its kernels read.  With the cache, operators that share a
weight share what was packed, and an unrolled recurrence runs up to three times faster and in a fifth of the memory.
The cache finds what was packed by the buffers of weight and bias (in dynamic_int8, of the weight alone) and by a
checksum of sizes.  But what is packed depends on more: on the weight's shape and scales, in int8 on the input's zero
point and on the input's and output's scales, in dynamic_int8 on the bias.  Operators that are alike in the first and
not in the second get each other's weights, without a word.  Wrong answers were measured in int8 for a layer that is
used twice, in dynamic_int8 for weights of equal bytes and unlike scales or biases, in float32 and float16 for a weight
and its other reshaping.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from ai_edge_litert import schema_py_generated as schema

from zoo.runtime.engine.flatbuffer import builtin_code, is_constant, opened

# operators that pack weights -> where their input, weight and bias stand
PACKING: dict[int, tuple[int, int, int | None]] = {
    schema.BuiltinOperator.FULLY_CONNECTED: (0, 1, 2),
    schema.BuiltinOperator.CONV_2D: (0, 1, 2),
    schema.BuiltinOperator.DEPTHWISE_CONV_2D: (0, 1, 2),
    schema.BuiltinOperator.TRANSPOSE_CONV: (2, 1, 3),
    schema.BuiltinOperator.BATCH_MATMUL: (0, 1, None),
}

_FLOATS = (schema.TensorType.FLOAT32, schema.TensorType.FLOAT16)


def is_safe(data: bytes) -> bool:
    """Whether all operators of a file that share weight and bias, in whatever subgraph, are packed alike.

    Only what packs weights is read: about 10 ms for a thousand operators.

    Raises:
        BundleError: it is no TFLite file, or is cut short.
    """
    packed: dict[Hashable, Hashable] = {}
    with opened(data) as model:
        codes = [builtin_code(model.OperatorCodes(index)) for index in range(model.OperatorCodesLength())]
        return all(
            packed.setdefault(shared, what) == what
            for number in range(model.SubgraphsLength())
            for shared, what in _packings(model, model.Subgraphs(number), codes)
        )


def _packings(model: schema.Model, subgraph: schema.SubGraph, codes: list[int]) -> Iterator[tuple[Hashable, Hashable]]:
    """(what the cache knows, all that packing depends on) of each operator with a constant weight."""
    tensors: dict[int, _Facts] = {}

    def facts(index: int) -> _Facts:
        if index not in tensors:
            tensors[index] = _Facts(model, subgraph.Tensors(index))
        return tensors[index]

    for position in range(subgraph.OperatorsLength()):
        operator = subgraph.Operators(position)
        code = codes[operator.OpcodeIndex()]
        if code == schema.BuiltinOperator.DEQUANTIZE and facts(operator.Inputs(0)).constant:
            tensors[operator.Outputs(0)] = facts(operator.Inputs(0))  # float16: XNNPACK packs what lies behind it
        elif code in PACKING:
            source, weight, bias = PACKING[code]
            source, weight = facts(operator.Inputs(source)), facts(operator.Inputs(weight))
            if not weight.constant:
                continue
            has_bias = bias is not None and bias < operator.InputsLength() and operator.Inputs(bias) >= 0
            result = facts(operator.Outputs(0))
            bias = facts(operator.Inputs(bias)).buffer if has_bias else None
            # In float the grids of input and output play no part; a grid may have been left behind by a conversion.
            grids = () if source.type in _FLOATS else (source.grid, result.grid)
            what = (code, weight.type, weight.shape, weight.grid, source.channels, grids, _strides(code, operator))
            dynamic = source.type in _FLOATS and weight.type not in _FLOATS
            yield (weight.buffer, None if dynamic else bias), (what, bias)


class _Facts:
    """What packing may depend on, of one tensor; bytes are as good as numbers to compare."""

    def __init__(self, model: schema.Model, tensor: schema.Tensor):
        quantization = tensor.Quantization()
        self.buffer = tensor.Buffer()
        self.constant = is_constant(model, tensor)
        self.type = tensor.Type()
        self.shape = _bytes(tensor, "Shape")
        self.channels = self.shape[-4:]
        self.grid = (_bytes(quantization, "Scale"), _bytes(quantization, "ZeroPoint")) if quantization else ()


def _bytes(table: schema.Tensor | schema.QuantizationParameters, name: str) -> bytes:
    return bytes(getattr(table, f"{name}AsNumpy")()) if getattr(table, f"{name}Length")() else b""


def _strides(code: int, operator: schema.Operator) -> tuple[int, ...]:
    """Of a transposed convolution, whose weights are cut up by them."""
    if code != schema.BuiltinOperator.TRANSPOSE_CONV:
        return ()
    options = schema.TransposeConvOptions()
    table = operator.BuiltinOptions()
    options.Init(table.Bytes, table.Pos)
    return options.StrideH(), options.StrideW()
