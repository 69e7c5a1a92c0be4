"""A configuration of Keras 2, said as Keras 3 says it."""

import copy
import inspect
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import keras

from zoo.errors import InputError
from zoo.sources.classes import check_classes
from zoo.sources.keras_2.changes import OldLayer, Origin
from zoo.sources.keras_2.differences import apply_differences
from zoo.sources.keras_2.graph import MODELS, Graph, is_model
from zoo.sources.keras_2.operators import OPERATOR_LAYERS
from zoo.sources.names import unique_name

_WAS = "was"
HOMES = ("keras.layers", "keras", "keras.initializers", "keras.regularizers", "keras.constraints")
"""Where the classes are that a file of Keras 2 names; its own modules are no longer there."""


@dataclass(frozen=True)
class Part:
    """A layer of a model, as the file has it and as it is now.

    Args:
        old: its name in the file.
        kind: its class there.
        name: what it is called now.
        inner: its own layers, in the order of the file, if it is a model or wraps one.
    """

    old: str
    kind: str
    name: str
    inner: tuple["Part", ...] = ()


def translate(config: dict, origin: Origin) -> tuple[dict, tuple[Part, ...]]:
    """The configuration of a model for `keras.saving.deserialize_keras_object`.

    Args:
        config: `{"class_name": ..., "config": ...}` of a model, as the file has it.
        origin: the file.

    Returns:
        The configuration, and the model's layers in the order of the file.

    Raises:
        InputError: something of it cannot be said in Keras 3; the message names the layer.
    """
    check_classes(config, origin.file, only_code=True)
    entry = _model(copy.deepcopy(config), origin)
    parts = _parts(entry)
    check_classes(entry, origin.file)
    return entry, parts


def _parts(entry: dict) -> tuple[Part, ...]:
    """The layers of a model, or of one that a layer wraps; takes what they were called out of the configuration."""
    config = entry["config"]
    if isinstance(config.get("layers"), list):
        return tuple(
            Part(*each.pop(_WAS), each["config"]["name"], _parts(each)) for each in config["layers"] if _WAS in each
        )
    wrapped = config.get("layer")
    return _parts(wrapped) if isinstance(wrapped, dict) and "config" in wrapped else ()


def _entry(entry: dict, origin: Origin, call: dict) -> dict:
    """One object of the file: a layer, a cell, a model."""
    if is_model(entry):
        return _model(entry, origin)
    return _layer(entry, origin, call)


def _layer(entry: dict, origin: Origin, call: dict) -> dict:
    config = entry["config"] if isinstance(entry["config"], dict) else {}
    config = {key: _value(value, origin) for key, value in config.items()}
    name = str(entry.get("name") or config.get("name") or entry["class_name"])
    registered = _registered(entry)
    layer = OldLayer(entry["class_name"], config, name, origin, call)
    if registered is None and not _is_of_old_keras(entry):
        return entry  # `check_classes` refuses it by name
    if registered is None:
        apply_differences(layer)
        _check_arguments(layer)
    return {
        "module": None if registered else _home(layer.kind),
        "class_name": layer.kind,
        "config": layer.config,
        "registered_name": registered,
    }


def _value(value: object, origin: Origin) -> object:
    """An argument: objects in it are translated, NumPy's numbers and Python's tuples unwrapped."""
    if isinstance(value, list):
        return [_value(each, origin) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get("type") == "ndarray" and "value" in value:
        return value["value"]
    if value.get("class_name") == "__tuple__":
        return [_value(each, origin) for each in value.get("items", [])]
    if isinstance(value.get("class_name"), str) and "config" in value:
        kind = value["class_name"]
        is_layer = kind in MODELS or _home(kind) == "keras.layers" or _registered(value)
        return _entry(value, origin, {}) if is_layer or kind in _OLD_LAYERS else value
    return {key: _value(each, origin) for key, each in value.items()}


_OLD_LAYERS = ("CuDNNLSTM", "CuDNNGRU", "ThresholdedReLU", "BatchNormalizationV1", "BatchNormalizationV2")


def _model(entry: dict, origin: Origin) -> dict:
    kind, config = entry["class_name"], entry["config"]
    if isinstance(config, list):  # a Sequential of Keras 2.2.2 and before
        config = {"layers": config}
    name = entry.get("name") or config.get("name") or kind.lower()
    described = {"name": unique_name(name, (), "model"), "trainable": bool(config.get("trainable", True))}
    if "input_layers" in config:
        described |= _functional(config, origin)
    else:
        described["layers"] = _sequential(config, origin)
    registered = _registered(entry)
    kind = "Functional" if kind == "Model" else kind
    home = {"Sequential": "keras", "Functional": "keras.src.models.functional"}.get(kind, "")
    return {
        "module": None if registered else home,
        "class_name": kind,
        "config": described,
        "registered_name": registered,
    }


def _sequential(config: Mapping, origin: Origin) -> list[dict]:
    """Layers one after the other, the first of them an InputLayer wherever the file says the shape."""
    layers: list[dict] = []
    entries = config["layers"]
    if entries and entries[0]["class_name"] != "InputLayer" and (shape := _shape(entries[0], config)):
        described = {
            "batch_input_shape": shape,
            "dtype": _input_dtype(entries[0]),
            "name": f"{_name(entries[0])}_input",
        }
        layers.append(_input(described, origin))
    for entry in entries:
        call: dict = {}
        is_input = entry["class_name"] == "InputLayer"
        translated = _input(entry["config"], origin) if is_input else _entry(entry, origin, call)
        if call:
            raise InputError(f"layer `{_name(entry)}` of `{origin.file}` takes {call} at its call: found a Sequential")
        taken = [each["config"].get("name") for each in layers]
        translated["config"]["name"] = unique_name(_name(entry), taken, "layer")
        layers.append({**translated, _WAS: (_name(entry), entry["class_name"])})
    return layers


def _functional(config: Mapping, origin: Origin) -> dict:
    """Layers with the calls of each, and which of them are the model's inputs and outputs."""
    graph = Graph(config, origin)
    layers = []
    for entry in config["layers"]:
        old, call = entry["name"], {}
        if entry["class_name"] in OPERATOR_LAYERS:
            translated = graph.operator(entry)
        elif entry["class_name"] == "InputLayer":
            translated = {**_input(entry["config"], origin), "inbound_nodes": []}
        else:
            translated = _entry(entry, origin, call)
            translated["inbound_nodes"] = graph.calls(entry, translated["class_name"], call)
        translated["config"]["name"] = translated["name"] = graph.names[old]
        layers.append({**translated, _WAS: (old, entry["class_name"])})
    return {"layers": layers, **{key: graph.ends(config[key]) for key in ("input_layers", "output_layers")}}


def _input(config: Mapping, origin: Origin) -> dict:
    if config.get("ragged"):
        raise InputError(
            f"input `{config.get('name')}` of `{origin.file}` is ragged, which Keras 3 has not",
            "build the model anew with padded rows and a mask",
        )
    shape = config.get("batch_input_shape") or config.get("batch_shape") or [None, *(config.get("input_shape") or [])]
    described = {
        "batch_shape": shape,
        "dtype": config.get("dtype") or config.get("input_dtype") or "float32",
        "sparse": bool(config.get("sparse")),
        "name": unique_name(str(config.get("name") or "input"), (), "input"),
    }
    return {"module": "keras.layers", "class_name": "InputLayer", "config": described, "registered_name": None}


def _shape(entry: Mapping, outer: Mapping) -> list | None:
    """What the first layer of a Sequential is given, batch and all; None if the file does not say."""
    config = entry["config"]
    if is_model(entry):
        inner = config if isinstance(config, list) else config["layers"]
        return _shape(inner[0], {}) if inner else None
    if shape := config.get("batch_input_shape") or config.get("batch_shape"):
        return shape
    if config.get("input_shape"):
        return [None, *config["input_shape"]]
    if entry["class_name"] == "Bidirectional" and (shape := _shape(config["layer"], {})):
        return shape
    if entry["class_name"] == "Embedding":
        length = config.get("input_length")
        return [None, *(length if isinstance(length, list) else [length])]
    if config.get("input_dim"):
        time = [config.get("input_length")] if "recurrent_activation" in config or "return_sequences" in config else []
        return [None, *time, config["input_dim"]]
    return outer.get("build_input_shape")


def _input_dtype(entry: Mapping) -> str:
    """The dtype of what the first layer of a Sequential is given: the layer's own, of which a policy is no dtype."""
    config = entry["config"]
    found = config.get("input_dtype") or config.get("dtype") if isinstance(config, dict) else None
    return found if isinstance(found, str) and not found.startswith(("mixed", "infer", "_infer")) else "float32"


def _name(entry: Mapping) -> str:
    config = entry["config"]
    return str(entry.get("name") or (config.get("name") if isinstance(config, dict) else None) or "")


def _registered(entry: Mapping) -> str | None:
    """The name under which this process knows a class: the file's, or without the package that the file puts before."""
    kind = entry["class_name"]
    for name in (entry.get("registered_name"), kind, kind.rpartition(">")[2]):
        if name and keras.saving.get_registered_object(name) is not None:
            return name
    return None


def _is_of_old_keras(entry: Mapping) -> bool:
    """Whether a class is Keras 2's by what the file says of its module, which most files do not."""
    return str(entry.get("module") or "keras").split(".")[0] in ("keras", "tf_keras", "tensorflow")


def _home(kind: str) -> str:
    return next((home for home in HOMES if isinstance(getattr(sys.modules[home], kind, None), type)), "")


def _check_arguments(layer: OldLayer) -> None:
    """Refuses an argument that Keras 3's class does not take."""
    kind = getattr(keras.layers, layer.kind, None)
    if kind is None:
        return  # refused by `check_classes`
    taken: set[str] = set()
    for base in kind.__mro__:
        if "__init__" in vars(base):
            parameters = inspect.signature(base.__init__).parameters.values()
            taken |= {each.name for each in parameters}
            if not any(each.kind is each.VAR_KEYWORD for each in parameters):
                break
    if "trainable" not in taken:  # a few layers without weights
        layer.config.pop("trainable", None)
    for key, value in list(layer.config.items()):
        if key not in taken:
            layer.refuse(
                f"has the argument `{key}={value!r:.80}`, which Keras 3 has not",
                "build the model anew in Keras 3 and give it the weights",
            )
