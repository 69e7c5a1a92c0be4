"""Whether LiteRT's GPU delegate takes a `.tflite` file whole, and answers rightly: rules that were measured.

Each operator was run alone, and artifacts of every kind as they are, on the WebGPU accelerator of ai-edge-litert 2.3
(ML Drift) on a software Vulkan, and compared with the CPU.  TensorFlow's own compatibility checks pass files that the
delegate refuses, and the delegate takes some graphs whole that it gets wrong: both get the verdict no here, and so does
an operator that nobody has run there.  Of speed, and of half precision, a software Vulkan says nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from zoo.runtime.engine.flatbuffer import Graph, OperatorView, TensorView

Places = set[tuple[int, int]]
"""(subgraph, index) of tensors."""

MOST_AXES = 4

# Run whole there, with an error of at most 2e-5 of the output (SIN and COS: 2e-4), int8 within a step or so.
RIGHT = frozenset(
    """
    ABS ADD ARG_MAX AVERAGE_POOL_2D BATCH_MATMUL CAST CEIL CONCATENATION CONV_2D COS CUMSUM DEPTH_TO_SPACE
    DEPTHWISE_CONV_2D DEQUANTIZE DIV ELU EXP FLOOR FULLY_CONNECTED GATHER GELU GREATER HARD_SWISH LEAKY_RELU LOG
    LOGICAL_AND LOGISTIC MAX_POOL_2D MAXIMUM MEAN MINIMUM MIRROR_PAD MUL NEG ONE_HOT PACK PAD PADV2 POW QUANTIZE
    REDUCE_MAX REDUCE_MIN REDUCE_PROD RELU RELU6 RESHAPE RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR REVERSE_V2 ROUND RSQRT
    SELECT SELECT_V2 SIGN SIN SLICE SOFTMAX SPACE_TO_DEPTH SPLIT SPLIT_V SQRT SQUARE SQUARED_DIFFERENCE STRIDED_SLICE
    SUB SUM TANH TILE TOPK_V2 TRANSPOSE TRANSPOSE_CONV UNPACK
    """.split()  # noqa: SIM905 - seventy quoted lines would hide the rules
)


@dataclass(frozen=True)
class Rule:
    """Something about an operator that the delegate refuses or gets wrong."""

    applies: Callable[[OperatorView, Places], bool]
    """(operator, where the tensors stand that something reads) -> whether the operator is such a one."""
    reason: str


def _always(operator: OperatorView, read: Places) -> bool:
    return True


def _reads_a_constant(operator: OperatorView, read: Places) -> bool:
    return operator.inputs[0].constant


def _multiplies_rows_and_drops_axes(operator: OperatorView, read: Places) -> bool:
    source, weight = operator.inputs[:2]
    rows = operator.outputs[0].elements // operator.outputs[0].shape[-1]
    return weight.dtype == "int8" and rows > 1 and len(operator.outputs[0].shape) < len(source.shape)


def _is_a_thinning_product(operator: OperatorView, read: Places) -> bool:
    weight = operator.inputs[1]
    strided = max(operator.options.StrideH(), operator.options.StrideW()) > 1
    return weight.dtype == "int8" and weight.shape[1:3] == (1, 1) and strided


REFUSED = "the delegate does not support it"
WRONG = "the delegate takes it and computes it wrongly"

# operator -> what of it is refused or wrong
RULES: dict[str, tuple[Rule, ...]] = {
    **{
        name: (Rule(_always, REFUSED),)
        for name in (
            "BROADCAST_TO",
            "CONV_3D",
            "GATHER_ND",
            "L2_NORMALIZATION",
            "LOG_SOFTMAX",
            "SPACE_TO_BATCH_ND",
            "WHILE",
        )
    },
    "CONV_2D": (Rule(_is_a_thinning_product, f"1x1 with int8 weights and a stride: {WRONG}"),),
    "DYNAMIC_UPDATE_SLICE": (
        Rule(lambda operator, read: operator.inputs[2].constant, f"at a constant position: {REFUSED}"),
    ),
    "FULLY_CONNECTED": (
        Rule(_reads_a_constant, f"of a constant: {REFUSED}"),
        Rule(_multiplies_rows_and_drops_axes, f"with int8 weights, on many rows and with fewer axes after it: {WRONG}"),
    ),
    "GATHER": (Rule(lambda operator, read: len(operator.inputs[1].shape) != 1, f"by other than one axis: {REFUSED}"),),
    "SLICE": (Rule(lambda operator, read: not operator.inputs[1].constant, f"from a computed position: {REFUSED}"),),
    "SPLIT": (
        Rule(
            lambda operator, read: (
                operator.outputs[0].dtype == "int8" and not read.issuperset(map(_place, operator.outputs))
            ),
            "in int8 with an output that nothing reads: the delegate ends the process",
        ),
    ),
    "STRIDED_SLICE": (
        Rule(lambda operator, read: operator.options.ShrinkAxisMask() != 0, f"that drops an axis: {REFUSED}"),
        Rule(lambda operator, read: min(operator.inputs[3].integers, default=1) < 0, f"backwards: {REFUSED}"),
        Rule(lambda operator, read: operator.version > 2, f"of version 3 or more: {REFUSED}"),
    ),
    "UNPACK": (Rule(lambda operator, read: operator.inputs[0].dtype == "bool", f"of truth values: {REFUSED}"),),
}
OF_ALL = (
    Rule(
        lambda operator, read: any(len(tensor.shape) > MOST_AXES for tensor in _tensors(operator)),
        f"with more than {MOST_AXES} axes: {REFUSED}",
    ),
    Rule(lambda operator, read: any(tensor.dtype == "int16" for tensor in _tensors(operator)), f"in int16: {REFUSED}"),
)


def verdict(graph: Graph) -> dict:
    """What a card says of a file: `whole`, and where that is false `why_not`, each reason once."""
    read = {_place(tensor) for operator in graph.operators for tensor in operator.inputs if tensor is not None}
    read.update(_place(tensor) for signature in graph.signatures.values() for tensor in signature.outputs.values())
    reasons = dict.fromkeys(
        f"{operator.name}: {reason}" for operator in graph.operators if (reason := _objection(operator, read))
    )
    return {"whole": not reasons, "why_not": "; ".join(reasons) or None}


def _objection(operator: OperatorView, read: Places) -> str | None:
    """The first reason why an operator is not taken, None where there is none."""
    for rule in (*RULES.get(operator.name, ()), *OF_ALL):
        if rule.applies(operator, read):
            return rule.reason
    return None if operator.name in RIGHT else "never run there"


def _place(tensor: TensorView) -> tuple[int, int]:
    return tensor.subgraph, tensor.index


def _tensors(operator: OperatorView) -> list[TensorView]:
    return [tensor for tensor in (*operator.inputs, *operator.outputs) if tensor is not None]
