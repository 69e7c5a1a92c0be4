"""Which classes a stranger's file may name: Keras's own, and those that are registered in this process.

A class that is neither would need code from somewhere, and a few of Keras's own layers carry code in the file or open
other files.  All are refused here, by the layer's name, before Keras sees the configuration.
"""

import sys
from collections.abc import Iterator

import keras

from zoo.errors import InputError
from zoo.sources.lambdas import what_it_calls

# Keras's own layers that carry code in the file, or read another file that it names.
CARRIES_CODE = {
    "Lambda": "carries Python code in the file",
    "TFSMLayer": "reads a SavedModel from a path that the file names",
    "TorchModuleWrapper": "carries a pickle in the file",
    "JaxLayer": "carries a function in the file",
    "FlaxLayer": "carries a module in the file",
}
_REGISTER = (
    "import the code that defines it, decorated with `@keras.saving.register_keras_serializable()`, before "
    "`zoo.export_model` (`--custom module:Class` on the command line); or write it with Keras's own layers"
)
# How Keras writes values that are not objects of a class.
_VALUES = frozenset({"__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__slice__"})


def check_classes(config: dict, name: str, *, only_code: bool = False) -> None:
    """Refuses layers that carry code and classes that are neither Keras's nor registered in this process.

    Args:
        config: of a model.
        name: of the file, for messages.
        only_code: whether to look for code alone, in a file whose classes are yet to be translated.

    Raises:
        InputError: the message names the layer and the class.
    """
    for entry, layer in _objects(config):
        described = f"layer `{layer}` of `{name}`" if layer else f"`{name}`"
        kind = entry["class_name"]
        if kind == "__lambda__" or (kind in CARRIES_CODE and (only_code or _is_keras(_module(entry)))):
            reason = CARRIES_CODE.get(kind, CARRIES_CODE["Lambda"])
            calls = f"{known}, " if (known := what_it_calls(entry)) else ""
            raise InputError(
                f"{described} is refused: `{kind.strip('_')}` {reason}",
                f"{calls}write it with `keras.ops` in a functional model, or as a registered layer",
            )
        if not only_code and not _is_known(entry):
            full = ".".join(filter(None, (_module(entry), str(entry["config"] if kind == "function" else kind))))
            raise InputError(f"{described} is of a class that is neither Keras's nor registered: `{full}`", _REGISTER)


def _is_known(entry: dict) -> bool:
    kind, module = entry["class_name"], _module(entry)
    if kind in _VALUES:
        return True
    if (
        kind == "function"
    ):  # an activation by name, say; Keras itself refuses those of its functions that are no part of a model
        return (
            _is_registered(entry["config"])
            or _is_registered(entry.get("registered_name"))
            or _is_keras(module, "builtins")
        )
    if _is_registered(entry.get("registered_name", kind)):
        return True
    # Only modules that `import keras` has brought: a file must not choose what is imported.
    return _is_keras(module) and isinstance(getattr(sys.modules.get(module), kind, None), type)


def _is_registered(name: object) -> bool:
    return isinstance(name, str) and keras.saving.get_registered_object(name) is not None


def _is_keras(module: str, *also: str) -> bool:
    return module == "keras" or module.startswith("keras.") or module in also


def _module(entry: dict) -> str:
    return module if isinstance(module := entry.get("module"), str) else ""


def _objects(config: object) -> Iterator[tuple[dict, str | None]]:
    """Every object that a config describes, with the name of the layer that it belongs to; at any depth of nesting."""
    stack: list[tuple[object, str | None]] = [(config, None)]
    while stack:
        node, layer = stack.pop()
        if isinstance(node, list):
            stack.extend((value, layer) for value in reversed(node))
        elif isinstance(node, dict):
            if isinstance(node.get("class_name"), str) and "config" in node:
                inner = node["config"] if isinstance(node["config"], dict) else {}
                layer = node.get("name") or inner.get("name") or layer
                yield node, layer
            elif _is_marshalled(node):
                yield {"class_name": "__lambda__", "config": node}, layer
            stack.extend((value, layer) for value in reversed(node.values()))


def _is_marshalled(node: dict) -> bool:
    """A lambda given as an activation, which Keras writes without a class: {"value": [code, defaults, closure]}."""
    value = node.get("value")
    if set(node) != {"value"} or not isinstance(value, list) or len(value) != 3 or not isinstance(value[0], str):
        return False
    return not all(type(each) is int for each in value[1:])  # so Keras 2 wrote a tensor: [layer, call, output]
