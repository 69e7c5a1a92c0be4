"""What the inputs, outputs and layers of a user's model are called in artifacts."""

import re
from collections.abc import Collection, Iterable

import keras


def input_names(model: keras.Model) -> list[str]:
    """What the inputs of a model are called in every artifact, in the order of `model.inputs`."""
    return _unique(map(_layer_of, model.inputs), "input")


def output_names(model: keras.Model) -> list[str]:
    """The same for outputs: keys of dicts, nested ones joined by `_`, where no dict is the layers that give them.

    A number is added where a name repeats.
    """
    structure = model.output if not isinstance(model, keras.Sequential) else model.outputs
    names = [
        _key(path) if any(isinstance(part, str) for part in path) else _layer_of(tensor)
        for path, tensor in keras.tree.flatten_with_path(structure)
    ]
    return _unique(names, "output")


def unique_name(name: str, taken: Collection[str], kind: str) -> str:
    """A name that Keras, TensorFlow and TFLite all take as it is, and that no other has.

    Args:
        name: any; characters other than letters (a-z), digits and `_` become `_`, and those in front are left out.
        taken: names that others have.
        kind: what it is called if nothing is left.
    """
    cleaned = re.sub(r"[^A-Za-z0-9_]", "_", name).lstrip("_") or kind
    unique, number = cleaned, 0
    while unique in taken:
        number += 1
        unique = f"{cleaned}_{number}"
    return unique


def _unique(names: Iterable[str], kind: str) -> list[str]:
    unique: list[str] = []
    for name in names:
        unique.append(unique_name(name, unique, kind))
    return unique


def _key(path: tuple[str | int, ...]) -> str:
    """What an output in nested dicts and lists is called: `{"state": {"h": h, "c": [a, b]}}` has `state_c_1`."""
    return "_".join(map(str, path))


def _layer_of(tensor) -> str:
    return tensor._keras_history.operation.name
