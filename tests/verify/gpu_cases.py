"""Tiny files of what the GPU delegate takes, refuses, and gets wrong: name -> (the file, why not)."""

import numpy as np
from tiny_files import BuiltinOperator as Op
from tiny_files import Graph, Quantization, Tensor, TensorType, apply, file_of, int8, product, schema, weight

CASES: dict[str, tuple[bytes, str | None]] = {}


def case(name: str, *shape: int, why_not: str | None = None, kind=Tensor):
    """Makes a file of a function (graph, x) -> output, or outputs by name."""

    def add(make):
        graph, x = Graph(), kind(shape)
        made = make(graph, x)
        CASES[name] = (file_of(graph, {"x": x}, made if isinstance(made, dict) else {"y": made}), why_not)

    return add


def ints(*values):
    return weight(values, np.int32)


def strided(graph, x, begin, end, step, shape, *, shrink=0, version=1):
    options = schema.StridedSliceOptionsT(shrinkAxisMask=shrink)
    given = [x, ints(*begin), ints(*end), ints(*step)]
    return apply(graph, Op.STRIDED_SLICE, given, Tensor(shape), options, version)


def convolved(graph, x, size, stride, out):
    """A convolution with int8 weights, of an int8 or a float32 picture of 4 channels."""
    filters = weight(np.random.default_rng(0).integers(-99, 99, (4, size, size, 4)), np.int8, 0.02)
    filters.quantization = Quantization((0.02,) * 4, (0,) * 4)
    bias = ints(50, 0, -50, 90) if x.quantization else weight([0.1, 0, -0.1, 0.2])
    if x.quantization:
        bias.quantization = Quantization((0.02 * x.quantization.scale[0],) * 4, (0,) * 4)
    options = schema.Conv2DOptionsT(padding=schema.Padding.SAME, strideH=stride, strideW=stride)
    options.dilationHFactor = options.dilationWFactor = 1
    return apply(graph, Op.CONV_2D, [x, filters, bias], out, options, version=5)


def split(graph, x, unread):
    out = [x.like((1, 4)) for _ in range(2)]
    graph.add(Op.SPLIT, [weight(1, np.int32), x], out, schema.SplitOptionsT(numSplits=2), version=2)
    return {"y": out[0]} if unread else {"y": out[0], "z": out[1]}


def loop(graph, x):
    condition, body = Graph(), Graph()
    count, limit = Tensor((1,), TensorType.INT32), Tensor((), TensorType.BOOL)
    apply(condition, Op.GREATER, [ints(3), count], limit, schema.GreaterOptionsT())
    condition.inputs, condition.outputs = [count, x.like()], [limit]
    inside, before = x.like(), Tensor((1,), TensorType.INT32)
    after = apply(body, Op.ADD, [before, ints(1)], before.like(), schema.AddOptionsT())
    body.inputs = [before, inside]
    body.outputs = [after, apply(body, Op.ADD, [inside, inside], x.like(), schema.AddOptionsT())]
    out = [Tensor((1,), TensorType.INT32), x.like()]
    graph.add(Op.WHILE, [ints(0), x], out, schema.WhileOptionsT(), subgraphs=(condition, body))
    return out[1]


def gathered(graph, x, *indices):
    out = Tensor((*np.shape(indices), 8))
    return apply(graph, Op.GATHER, [x, weight(indices, np.int32)], out, schema.GatherOptionsT())


def int16(shape):
    return Tensor(shape, TensorType.INT16, Quantization((0.001,), (0,)))


MATRIX = np.random.default_rng(1).integers(-99, 99, (4, 8))
UNSUPPORTED = "the delegate does not support it"
WRONG = "the delegate takes it and computes it wrongly"


@case("products", 1, 6, 8)
def _(graph, x):
    return product(graph, x, weight(MATRIX))


@case("a product of a constant", 1, 4, why_not=f"FULLY_CONNECTED: of a constant: {UNSUPPORTED}")
def _(graph, x):
    always = product(graph, weight(np.ones((1, 8))), weight(MATRIX))
    return apply(graph, Op.ADD, [x, always], x.like(), schema.AddOptionsT())


@case("rows in int8", 1, 6, 8, kind=int8)
def _(graph, x):
    return product(graph, x, weight(MATRIX, np.int8, 0.01), int8((1, 6, 4)), keepNumDims=True)


LOWERED = "FULLY_CONNECTED: with int8 weights, on many rows and with fewer axes after it"


@case("rows in int8, an axis lost", 1, 6, 8, kind=int8, why_not=f"{LOWERED}: {WRONG}")
def _(graph, x):
    return product(graph, x, weight(MATRIX, np.int8, 0.01), int8((6, 4)))


@case("rows in dynamic int8, an axis lost", 1, 6, 8, why_not=f"{LOWERED}: {WRONG}")
def _(graph, x):
    return product(graph, x, weight(MATRIX, np.int8, 0.01), Tensor((6, 4)))


@case("rows in float, an axis lost", 1, 6, 8)
def _(graph, x):
    return product(graph, x, weight(MATRIX), Tensor((6, 4)))


@case("convolution 3x3 in int8, stride 2", 1, 8, 8, 4, kind=int8)
def _(graph, x):
    return convolved(graph, x, 3, 2, int8((1, 4, 4, 4), 0.3))


@case("convolution 1x1 in int8", 1, 8, 8, 4, kind=int8)
def _(graph, x):
    return convolved(graph, x, 1, 1, int8((1, 8, 8, 4), 0.3))


THINNING = "CONV_2D: 1x1 with int8 weights and a stride"


@case("convolution 1x1 in int8, stride 2", 1, 8, 8, 4, kind=int8, why_not=f"{THINNING}: {WRONG}")
def _(graph, x):
    return convolved(graph, x, 1, 2, int8((1, 4, 4, 4), 0.3))


@case("convolution 3x3 in dynamic int8, stride 2", 1, 8, 8, 4)
def _(graph, x):
    return convolved(graph, x, 3, 2, Tensor((1, 4, 4, 4)))


@case("convolution 1x1 in dynamic int8, stride 2", 1, 8, 8, 4, why_not=f"{THINNING}: {WRONG}")
def _(graph, x):
    return convolved(graph, x, 1, 2, Tensor((1, 4, 4, 4)))


@case("split in int8", 1, 8, kind=int8)
def _(graph, x):
    return split(graph, x, unread=False)


UNREAD = "SPLIT: in int8 with an output that nothing reads: the delegate ends the process"


@case("split in int8, one part unread", 1, 8, kind=int8, why_not=UNREAD)
def _(graph, x):
    return split(graph, x, unread=True)


@case("a loop", 1, 8, why_not=f"WHILE: {UNSUPPORTED}")
def _(graph, x):
    return loop(graph, x)


@case("some of the steps", 1, 6, 8)
def _(graph, x):
    return strided(graph, x, (0, 2, 0), (1, 3, 8), (1, 1, 1), (1, 1, 8))


@case("one of the steps", 1, 6, 8, why_not=f"STRIDED_SLICE: that drops an axis: {UNSUPPORTED}")
def _(graph, x):
    return strided(graph, x, (0, 2, 0), (1, 3, 8), (1, 1, 1), (1, 8), shrink=2)


@case("backwards", 1, 6, 8, why_not=f"STRIDED_SLICE: backwards: {UNSUPPORTED}")
def _(graph, x):
    return strided(graph, x, (0, 5, 0), (1, -7, 8), (1, -1, 1), (1, 6, 8))


@case("some of the steps, version 3", 1, 6, 8, why_not=f"STRIDED_SLICE: of version 3 or more: {UNSUPPORTED}")
def _(graph, x):
    return strided(graph, x, (0, 2, 0), (1, 3, 8), (1, 1, 1), (1, 1, 8), version=3)


@case("from a computed position", 1, 6, 8, why_not=f"SLICE: from a computed position: {UNSUPPORTED}")
def _(graph, x):
    begin = apply(graph, Op.CAST, [x], x.like(), schema.CastOptionsT())  # of numbers that no file knows
    begin = strided(graph, begin, (0, 0, 0), (1, 1, 3), (1, 1, 1), (1, 1, 3))
    begin = apply(graph, Op.RESHAPE, [begin, ints(3)], Tensor((3,)), schema.ReshapeOptionsT([3]))
    begin = apply(graph, Op.MUL, [begin, weight(np.zeros(3))], Tensor((3,)), schema.MulOptionsT())
    begin = apply(graph, Op.CAST, [begin], Tensor((3,), TensorType.INT32), schema.CastOptionsT())
    return apply(graph, Op.SLICE, [x, begin, ints(1, 2, 8)], Tensor((1, 2, 8)), schema.SliceOptionsT())


@case("put at a constant position", 6, 8, why_not=f"DYNAMIC_UPDATE_SLICE: at a constant position: {UNSUPPORTED}")
def _(graph, x):
    given = [x, weight(np.ones((1, 8))), ints(2, 0)]
    return apply(graph, Op.DYNAMIC_UPDATE_SLICE, given, x.like(), schema.DynamicUpdateSliceOptionsT())


@case("rows by a list", 5, 8)
def _(graph, x):
    return gathered(graph, x, 3, 0, 3)


@case("rows by a table", 5, 8, why_not=f"GATHER: by other than one axis: {UNSUPPORTED}")
def _(graph, x):
    return gathered(graph, x, (3, 0), (1, 2))


@case("five axes", 1, 2, 3, 2, 4, why_not=f"ADD: with more than 4 axes: {UNSUPPORTED}")
def _(graph, x):
    return apply(graph, Op.ADD, [x, x], x.like(), schema.AddOptionsT())


@case("int16", 1, 8, why_not=f"ADD: in int16: {UNSUPPORTED}", kind=int16)
def _(graph, x):
    return apply(graph, Op.ADD, [x, x], int16((1, 8)), schema.AddOptionsT(potScaleInt16=False), version=2)


@case("normalised", 1, 8, why_not=f"L2_NORMALIZATION: {UNSUPPORTED}")
def _(graph, x):
    return apply(graph, Op.L2_NORMALIZATION, [x], x.like(), schema.L2NormOptionsT())


@case("log softmax", 1, 8, why_not=f"LOG_SOFTMAX: {UNSUPPORTED}")
def _(graph, x):
    return apply(graph, Op.LOG_SOFTMAX, [x], x.like(), schema.LogSoftmaxOptionsT())


@case("broadcast", 1, 8, why_not=f"BROADCAST_TO: {UNSUPPORTED}")
def _(graph, x):
    return apply(graph, Op.BROADCAST_TO, [x, ints(3, 8)], x.like((3, 8)), schema.BroadcastToOptionsT(), version=2)


@case("into batches", 1, 4, 4, 3, why_not=f"SPACE_TO_BATCH_ND: {UNSUPPORTED}")
def _(graph, x):
    given = [x, ints(2, 2), weight([[0, 0], [0, 0]], np.int32)]
    return apply(graph, Op.SPACE_TO_BATCH_ND, given, x.like((4, 2, 2, 3)), schema.SpaceToBatchNDOptionsT())


@case("points by a table", 3, 8, why_not=f"GATHER_ND: {UNSUPPORTED}")
def _(graph, x):
    given = [x, weight([[1], [0]], np.int32)]
    return apply(graph, Op.GATHER_ND, given, x.like((2, 8)), schema.GatherNdOptionsT())


@case("never measured", 1, 8, why_not="REVERSE_SEQUENCE: never run there")
def _(graph, x):
    options = schema.ReverseSequenceOptionsT(seqDim=1, batchDim=0)
    return apply(graph, Op.REVERSE_SEQUENCE, [x, ints(8)], x.like(), options)
