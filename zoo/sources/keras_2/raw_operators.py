"""Operators of TensorFlow's graph that `tf.keras` 1.13 to 2.3 kept as layers (`TensorFlowOpLayer`), by their functions.

Such a layer holds one node of a graph as JSON, and by place those of its inputs that were constants.
"""

import json
from collections.abc import Mapping

from zoo.sources.keras_2.settings import UnsayableError

_BINARY = {
    "Add": "add",
    "AddV2": "add",
    "Sub": "subtract",
    "Mul": "multiply",
    "RealDiv": "truediv",
    "Maximum": "maximum",
    "Minimum": "minimum",
    "Pow": "pow",
}
_UNARY = {
    "Relu": ("relu", "features"),
    "Relu6": ("relu6", "features"),
    "Sigmoid": ("sigmoid", "x"),
    "Tanh": ("tanh", "x"),
    "Exp": ("exp", "x"),
    "Log": ("log", "x"),
    "Sqrt": ("sqrt", "x"),
    "Square": ("square", "x"),
    "Abs": ("abs", "x"),
    "Neg": ("negative", "x"),
    "Softmax": ("softmax", "logits"),
    "Identity": ("identity", "input"),
}
_REDUCTIONS = {"Mean": "reduce_mean", "Sum": "reduce_sum", "Max": "reduce_max", "Min": "reduce_min"}
_WITH_ONE_SETTING = {"Reshape": "shape", "ExpandDims": "axis", "Transpose": "perm", "Tile": "multiples"}
_NAMES = {"Reshape": "reshape", "ExpandDims": "expand_dims", "Transpose": "transpose", "Tile": "tile"}


def function_of(config: Mapping, tensors: list) -> tuple[str, list, dict]:
    """The function that a node is the operator of, and what it was given by place and by name.

    Args:
        config: of the layer.
        tensors: what it was given, in the order of those inputs that are no constants.

    Raises:
        UnsayableError: it is none that is known.
    """
    try:
        node = json.loads(config["node_def"])
    except (KeyError, TypeError, ValueError):
        raise UnsayableError("in a form that is not read here") from None
    kind, attributes = str(node.get("op")), node.get("attr", {})
    constants = {int(place): value for place, value in (config.get("constants") or {}).items()}
    rest = iter(tensors)
    given = [constants[place] if place in constants else next(rest) for place in range(len(tensors) + len(constants))]
    if kind in _BINARY and len(given) == 2:
        return _BINARY[kind], given[:1], {"y": given[1]}
    if kind in _UNARY and len(given) == 1:
        return _UNARY[kind][0], given, {}
    if kind in _REDUCTIONS and len(given) == 2:
        return (
            _REDUCTIONS[kind],
            given[:1],
            {"axis": given[1], "keepdims": bool(attributes.get("keep_dims", {}).get("b"))},
        )
    if kind in _WITH_ONE_SETTING and len(given) == 2:
        return _NAMES[kind], given[:1], {_WITH_ONE_SETTING[kind]: given[1]}
    if kind == "ConcatV2":
        return "concat", [given[:-1]], {"axis": given[-1]}
    if kind == "Squeeze":
        dims = attributes.get("squeeze_dims", {}).get("list", {}).get("i", [])
        return "squeeze", given, {"axis": [int(dim) for dim in dims] or None}
    if kind == "StridedSlice" and len(given) == 4:
        return "getitem", given[:1], {"slice_spec": _slices(*given[1:], attributes)}
    raise UnsayableError(f"whose operator `{kind}` has no operation of Keras 3 that is known to be the same")


def _slices(begin: list, end: list, strides: list, attributes: Mapping) -> list:
    masks = {key: int(attributes.get(f"{key}_mask", {}).get("i", 0)) for key in ("begin", "end", "shrink_axis")}
    if any(int(attributes.get(f"{key}_mask", {}).get("i", 0)) for key in ("ellipsis", "new_axis")):
        raise UnsayableError("with an index that is not read here")
    spec: list = []
    for place, (first, last, step) in enumerate(zip(begin, end, strides, strict=True)):
        if masks["shrink_axis"] >> place & 1:
            spec.append(first)
        else:
            start = None if masks["begin"] >> place & 1 else first
            stop = None if masks["end"] >> place & 1 else last
            spec.append({"start": start, "stop": stop, "step": step})
    return spec
