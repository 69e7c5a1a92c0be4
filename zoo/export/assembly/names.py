"""Names of tensors: short, unique in their file, and of layer, step and what it is: `encoder/t12/h`.

Netron, profilers and quantisers show or want them.  The converter's own are paths through Python's calls, several to
a tensor where it has fused operators; an unrolled recurrence would take more room for these than for its weights.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from ai_edge_litert.schema_py_generated import BuiltinOperator

from zoo.export.assembly.graph import Graph, Operator, Tensor
from zoo.runtime.engine.weight_cache import PACKING

LONGEST = 16
"""Letters of a layer's name where every step repeats it."""

_COUNTED = re.compile(r"(.*)_\d+")
_STEP = re.compile(r"(/t\d+)?/[^/]*$")


def layers_in(name: str, layers: Collection[str] = ()) -> str:
    """The layers in a converter's name: `functional_1/mha_1/query_1/MatMul` -> `mha/query`.

    Args:
        name: of several operators that were fused the last, which does the work.
        layers: names of a model's layers, which a trace may have numbered.
    """
    path = name.rpartition(";")[2].split("/")[:-1]
    return "/".join(layer for part in path if (layer := _layer(part, layers)))


def _layer(part: str, layers: Collection[str]) -> str | None:
    if part in layers:
        return part
    counted = _COUNTED.fullmatch(part)
    return counted[1] if counted and counted[1] in layers else None


class Names:
    """Hands out the names of one file, each once."""

    def __init__(self):
        self._taken: dict[str, int] = {}

    def of(self, graph: Graph, called: str, ends: Mapping[Tensor, str]) -> dict[Tensor, str]:
        """A name for every tensor of a graph.

        Args:
            graph: whose.
            called: its own name.
            ends: what its inputs and outputs are called, and are named unless the file has such a name already.
        """
        names = {}
        for tensor, name in ends.items():
            names[tensor] = self._free(f"{called}/{name}" if name in self._taken else name)
        for tensor in graph.inputs:
            self._give(names, tensor, "input")
        for operator in graph.operators:
            for tensor in operator.outputs:
                self._give(names, tensor, operator.word)
        for operator in graph.operators:
            place = _STEP.sub("", names[operator.outputs[0]]) if operator.outputs else ""
            for position, tensor in enumerate(operator.inputs):
                if tensor is not None:
                    self._give(names, tensor, f"{place}/{_role(operator, position, tensor)}".lstrip("/"))
        for tensor in graph.outputs:
            self._give(names, tensor, "output")
        return names

    def _give(self, names: dict[Tensor, str], tensor: Tensor, otherwise: str) -> None:
        if tensor not in names:
            names[tensor] = self._free(otherwise if tensor.constant else tensor.name or otherwise)

    def _free(self, name: str) -> str:
        """The name, or with the first number that makes it one of its own."""
        free = name
        while free in self._taken:
            self._taken[name] += 1
            free = f"{name}_{self._taken[name]}"
        self._taken[free] = 1
        return free


def _role(operator: Operator, position: int, tensor: Tensor) -> str:
    """What a constant is to the operator that reads it."""
    _, weight, bias = PACKING.get(operator.code, (None, None, None))
    if operator.code == BuiltinOperator.DEQUANTIZE:
        return "stored"
    if position == weight:
        return "weight"
    return "bias" if position == bias else f"{operator.word}.{position}"
