"""Calls of TensorFlow in a functional model of Keras 2 (`x + y`, `x[:, -1]`, `tf.reduce_mean(x, 1)`), as `keras.ops`.

Keras 2 wrote such a call as a layer that holds a function's name: `TFOpLambda` and `SlicingOpLambda`.  One table says
which operation of Keras 3 computes the same; what is not in it, or is given an argument that it does not name, is
refused by the layer's name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from zoo.errors import InputError
from zoo.sources.keras_2.changes import Origin
from zoo.sources.keras_2.functions import HARD_SIGMOID
from zoo.sources.keras_2.raw_operators import function_of
from zoo.sources.keras_2.settings import SPECIAL, UnsayableError

OPERATOR_LAYERS = ("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer")
_HINT = "build the model anew in Keras 3 with `keras.ops` in its place, and give it the weights"
_NUMPY, _NN, _MATH, _CORE = (f"keras.src.ops.{each}" for each in ("numpy", "nn", "math", "core"))


@dataclass(frozen=True)
class Call:
    """What a function was given: tensors and values by place, and by name."""

    positional: list
    named: Mapping


@dataclass(frozen=True)
class Operation:
    """One of `keras.ops` (or a layer of Keras), and how the arguments of TensorFlow's function are said to it.

    Args:
        home: the module of its class.
        kind: the class.
        tensors: what TensorFlow calls the arguments that are tensors, in the order in which Keras takes them.
        settings: by TensorFlow's name of any other argument, Keras's.
        defaults: what TensorFlow means by an argument that is not given, by its own name, where Keras means another.
    """

    home: str
    kind: str
    tensors: tuple[str, ...] = ("x",)
    settings: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, object] = field(default_factory=dict)


def _table() -> dict[str, Operation]:
    table: dict[str, Operation] = {}

    def row(names: str, home: str, kind: str, *tensors: str, defaults: Mapping | None = None, **settings: str) -> None:
        for name in names.split():
            table[name] = Operation(home, kind, tensors or ("x",), settings, defaults or {})

    for names, kind in {
        "add": "Add",
        "subtract": "Subtract",
        "multiply": "Multiply",
        "truediv divide": "TrueDivide",
        "floordiv": "FloorDivide",
        "floormod mod": "Mod",
        "pow": "Power",
        "maximum": "Maximum",
        "minimum": "Minimum",
        "greater": "Greater",
        "greater_equal": "GreaterEqual",
        "less": "Less",
        "less_equal": "LessEqual",
        "equal": "Equal",
        "not_equal": "NotEqual",
        "logical_and": "LogicalAnd",
        "logical_or": "LogicalOr",
    }.items():
        row(names, _NUMPY, kind, "x", "y")
    for names, kind in {
        "negative": "Negative",
        "abs": "Absolute",
        "exp": "Exp",
        "log": "Log",
        "log1p": "Log1p",
        "sqrt": "Sqrt",
        "square": "Square",
        "sin": "Sin",
        "cos": "Cos",
        "tanh": "Tanh",
        "sign": "Sign",
        "floor": "Floor",
        "ceil": "Ceil",
        "logical_not": "LogicalNot",
    }.items():
        row(names, _NUMPY, kind)
    for name, kind in {
        "relu": "Relu",
        "relu6": "Relu6",
        "elu": "Elu",
        "selu": "Selu",
        "softplus": "Softplus",
        "softsign": "Softsign",
    }.items():
        row(name, _NN, kind, "features")
    row("sigmoid", _NN, "Sigmoid")
    row("silu swish", _NN, "Silu", "features")
    row("gelu", _NN, "Gelu", "features", approximate="approximate", defaults={"approximate": False})
    row("leaky_relu", _NN, "LeakyRelu", "features", alpha="negative_slope", defaults={"alpha": 0.2})
    row("softmax", _NN, "Softmax", "logits", axis="axis", defaults={"axis": -1})
    row("log_softmax", _NN, "LogSoftmax", "logits", axis="axis", defaults={"axis": -1})
    row("rsqrt", _MATH, "Rsqrt")
    row("erf", _MATH, "Erf")
    for name, kind in {"mean": "Mean", "sum": "Sum", "max": "Max", "min": "Min", "prod": "Prod"}.items():
        row(f"reduce_{name}", _NUMPY, kind, "input_tensor", axis="axis", keepdims="keepdims")
        row(name, _NUMPY, kind, axis="axis", keepdims="keepdims")
    row("reduce_any", _NUMPY, "Any", "input_tensor", axis="axis", keepdims="keepdims")
    row("reduce_all", _NUMPY, "All", "input_tensor", axis="axis", keepdims="keepdims")
    row("reduce_logsumexp", _MATH, "Logsumexp", "input_tensor", axis="axis", keepdims="keepdims")
    row("argmax", _NUMPY, "Argmax", "input", axis="axis", defaults={"axis": 0})
    row("argmin", _NUMPY, "Argmin", "input", axis="axis", defaults={"axis": 0})
    row("cumsum", _NUMPY, "Cumsum", axis="axis", defaults={"axis": 0})
    row("concat", _NUMPY, "Concatenate", "values", axis="axis")
    row("concatenate", _NUMPY, "Concatenate", "tensors", axis="axis", defaults={"axis": -1})
    row("stack", _NUMPY, "Stack", "values", axis="axis", defaults={"axis": 0})
    row("unstack", _CORE, "Unstack", "value", num="num", axis="axis")
    row("expand_dims", _NUMPY, "ExpandDims", "input", axis="axis", defaults={"axis": -1})
    row("reshape", _NUMPY, "Reshape", "tensor", shape="newshape")
    row("transpose", _NUMPY, "Transpose", "a", perm="axes")
    row("permute_dimensions", _NUMPY, "Transpose", pattern="axes")
    row("clip_by_value", _NUMPY, "Clip", "t", clip_value_min="x_min", clip_value_max="x_max")
    row("clip", _NUMPY, "Clip", min_value="x_min", max_value="x_max")
    row("tile", _NUMPY, "Tile", "input", multiples="repeats")
    row("reverse", _NUMPY, "Flip", "tensor", axis="axis")
    row("cast", _CORE, "Cast", dtype="dtype")
    row("where", _NUMPY, "Where", "condition", "x", "y")
    row("gather", _NUMPY, "Take", "params", "indices", axis="axis", defaults={"axis": 0})
    row("one_hot", _NN, "OneHot", "indices", depth="num_classes", axis="axis", dtype="dtype")
    row("zeros_like", _NUMPY, "ZerosLike", "input", dtype="dtype")
    row("ones_like", _NUMPY, "OnesLike", "input", dtype="dtype")
    row("add_n", "keras.layers", "Add", "inputs")
    row("identity stop_gradient convert_to_tensor", "keras.layers", "Identity", "input")
    return table


OPERATIONS = _table()
"""By the last part of TensorFlow's name of a function."""

_SAYS_NOTHING = {"conjugate": False, "batch_dims": 0, "exclusive": False, "dtype_hint": None}
"""Arguments that may be given these values, or None, without a change."""


def keras_operation(entry: Mapping, calls: Sequence[Call], origin: Origin) -> dict:
    """A layer of Keras 3's configuration that computes what one call of TensorFlow did.

    Args:
        entry: the layer, as the file has it.
        calls: what it was given.
        origin: the file.

    Raises:
        InputError: there is no such operation, or it was given what cannot be said to it.
    """
    described = f"layer `{entry['name']}` of `{origin.file}` calls TensorFlow"
    try:
        if len(calls) != 1:
            raise UnsayableError(f"{len(calls)} times, expected once")
        if entry["class_name"] == "TensorFlowOpLayer":
            tensors = calls[0].positional
            flat = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], list) else tensors
            name, positional, named = function_of(entry["config"], flat)
        else:
            function = str(entry["config"].get("function"))
            described = f"layer `{entry['name']}` of `{origin.file}` calls `tf.{function}`"
            name, positional, named = function.rpartition(".")[2], calls[0].positional, calls[0].named
        return _said(name, Call(positional, named))
    except UnsayableError as error:
        raise InputError(f"{described}, {error}", _HINT) from None


def _said(name: str, call: Call) -> dict:
    if name == "hard_sigmoid":
        return _entry("keras.layers", "Activation", {"activation": dict(HARD_SIGMOID)}, call.positional)
    if name in SPECIAL:
        return _entry(*SPECIAL[name](call.positional, _given(call.named)))
    if name not in OPERATIONS:
        raise UnsayableError("for which Keras 3 has no operation that is known to be the same")
    return _by_table(OPERATIONS[name], call)


def _by_table(operation: Operation, call: Call) -> dict:
    named = {**operation.defaults, **_given(call.named)}
    tensors = [*call.positional]
    for tensor in operation.tensors[len(tensors) :]:
        if tensor not in named:
            raise UnsayableError(f"without its argument `{tensor}`")
        tensors.append(named.pop(tensor))
    settings = {}
    for key, value in named.items():
        if key in operation.settings:
            settings[operation.settings[key]] = value
        elif key == "dtype" and operation.kind == "Identity":
            continue
        elif value is not None and _SAYS_NOTHING.get(key, ...) != value:
            raise UnsayableError(f"with `{key}={value!r:.60}`, which Keras 3 does not take there")
    if any(_is_tensor(value) for value in settings.values()):
        raise UnsayableError("with a setting that is computed in the model")
    return _entry(operation.home, operation.kind, settings, [_constant(each) for each in tensors])


def _entry(home: str, kind: str, settings: Mapping, args: list) -> dict:
    return {
        "module": home,
        "class_name": kind,
        "config": dict(settings),
        "registered_name": None,
        "inbound_nodes": [{"args": args, "kwargs": {}}],
    }


def _given(named: Mapping) -> dict:
    """The arguments without those that are not given; of old names the new ones."""
    old = {"keep_dims": "keepdims", "reduction_indices": "axis", "squeeze_dims": "axis"}
    return {old.get(key, key): value for key, value in named.items() if value is not None and key != "name"}


def _constant(value: object) -> object:
    """A tensor, or an array that the file holds as lists of numbers."""
    if isinstance(value, list) and not any(_is_tensor(each) for each in value):
        return {"class_name": "__numpy__", "config": {"value": value, "dtype": "float32"}}
    return value


def _is_tensor(value: object) -> bool:
    if isinstance(value, list):
        return any(map(_is_tensor, value))
    return isinstance(value, dict) and value.get("class_name") == "__keras_tensor__"
