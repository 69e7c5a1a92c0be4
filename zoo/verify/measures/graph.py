"""What a `.tflite` file is made of, as far as gates and cards ask: operators, float ones, types of large weights."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from zoo.runtime.engine.flatbuffer import OperatorView, inspect
from zoo.verify.gpu import verdict

LARGE = 1024
"""Elements from which on a weight counts: the converter leaves smaller ones float in `dynamic_int8`."""

# The operators whose weight the converter makes int8 in `dynamic_int8`, and which of their inputs that weight is.
WEIGHT_INPUT = {"CONV_2D": 1, "DEPTHWISE_CONV_2D": 1, "TRANSPOSE_CONV": 1, "FULLY_CONNECTED": 1, "GATHER": 0}

FLOATS = ("float16", "float32", "float64")


@dataclass(frozen=True)
class GraphFacts:
    """Counts are over all subgraphs; the body of a loop counts once."""

    operators: dict[str, int]
    """How often each operator stands in the file, by its name in the schema."""
    custom: tuple[str, ...]
    """Operators that are not built in, by their own names: Flex is among them."""
    floating: dict[str, int]
    """Operators that give a float tensor."""
    large_weights: dict[str, int]
    """How many weights of at least `LARGE` elements there are of each type, in the operators of `WEIGHT_INPUT`."""
    signatures: dict[str, dict[str, dict[str, str]]]
    """By signature: `inputs` and `outputs`, each {name: type}."""
    gpu: dict
    """`gpu.verdict`."""


def read_graph(path: Path) -> GraphFacts:
    """Reads a `.tflite` file without running it.

    Raises:
        BundleError: it is no TFLite file, or is cut short.
    """
    graph = inspect(path)
    return GraphFacts(
        operators=_counted(operator.name for operator in graph.operators),
        custom=tuple(sorted({operator.name for operator in graph.operators if operator.custom})),
        floating=_counted(operator.name for operator in graph.operators if _gives_float(operator)),
        large_weights=_large_weights(graph.operators),
        signatures={
            name: {
                "inputs": {key: tensor.dtype for key, tensor in signature.inputs.items()},
                "outputs": {key: tensor.dtype for key, tensor in signature.outputs.items()},
            }
            for name, signature in graph.signatures.items()
        },
        gpu=verdict(graph),
    )


def _gives_float(operator: OperatorView) -> bool:
    return any(tensor.dtype in FLOATS for tensor in operator.outputs)


def _large_weights(operators: Iterable[OperatorView]) -> dict[str, int]:
    """Counts a weight once, however many operators share it; one that is dequantised counts as it is stored."""
    types, stored = {}, {}
    for operator in operators:
        if operator.name == "DEQUANTIZE" and operator.inputs[0].constant:
            stored[operator.subgraph, operator.outputs[0].index] = operator.inputs[0]
        weight = operator.inputs[WEIGHT_INPUT[operator.name]] if operator.name in WEIGHT_INPUT else None
        weight = weight and stored.get((weight.subgraph, weight.index), weight)
        if weight is not None and weight.constant and weight.elements >= LARGE:
            types[weight.subgraph, weight.index] = weight.dtype
    return _counted(types.values())


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))
