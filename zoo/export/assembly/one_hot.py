"""A repair of one-hot codes: the converter gives ONE_HOT an output on another grid than its on and off values.

The kernel copies the stored values as they are, so that zeros are read as 0.19, say.  On and off are constants: here
they are stored anew on the grid of the output.
"""

from __future__ import annotations

import numpy as np
from ai_edge_litert.schema_py_generated import BuiltinOperator, TensorType

from zoo.export.assembly.graph import Graph, Operator, Tensor
from zoo.export.assembly.repair import reachable

_ON, _OFF = 2, 3
_INTEGERS = (TensorType.INT8, TensorType.INT16)


def align_codes(graph: Graph) -> int:
    """Stores the on and off values of one-hot codes on the grid of the codes.

    Returns:
        How many operators that took.
    """
    repaired = 0
    for part in reachable(graph):
        for operator in part.operators:
            if operator.code == BuiltinOperator.ONE_HOT and _is_off(operator):
                for place in (_ON, _OFF):
                    operator.inputs[place] = _stored(operator.inputs[place], operator.outputs[0])
                repaired += 1
    return repaired


def _is_off(operator: Operator) -> bool:
    codes, values = operator.outputs[0], [operator.inputs[place] for place in (_ON, _OFF)]
    if codes.type not in _INTEGERS or codes.quantization is None:
        return False
    return all(value.constant for value in values) and any(not value.same_kind(codes) for value in values)


def _stored(value: Tensor, codes: Tensor) -> Tensor:
    """A constant on the grid of the codes."""
    real = np.frombuffer(value.data, value.dtype).astype(np.float64)
    if value.quantization is not None:
        real = (real - value.quantization.zero_point[0]) * value.quantization.scale[0]
    (scale,), (zero,) = codes.quantization.scale, codes.quantization.zero_point
    limits = np.iinfo(codes.dtype)
    data = np.clip(np.rint(real / scale) + zero, limits.min, limits.max).astype(codes.dtype).tobytes()
    return Tensor(value.shape, codes.type, codes.quantization, data)
