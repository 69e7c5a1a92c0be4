"""The names that a model's inputs and outputs bear in every signature, and the call that goes by them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import keras


def input_names(model: keras.Model) -> list[str]:
    """Of a functional or Sequential model: the names of its `keras.Input`s."""
    return [tensor.name for tensor in model.inputs]


def call(model: keras.Model, values: Mapping[str, object]) -> dict[str, object]:
    """Runs a model on named inputs, as at inference.

    Args:
        model: any Keras model.
        values: an array or tensor for each input.

    Returns:
        Its outputs.  A dictionary keeps its keys; a list or a single tensor is named after the layers that it comes from
        (`dense`, `lstm`, `lstm_1`), or `output`, `output_1` where the model does not say.
    """
    outputs = model(_arguments(model, values), training=False)
    paths, tensors = zip(*keras.tree.flatten_with_path(outputs), strict=True)
    if isinstance(outputs, dict):
        names = ["_".join(map(str, path)) for path in paths]
    else:
        names = _layer_names(model)
        names = names if len(names) == len(tensors) else ["output"] * len(tensors)
    return dict(zip(_numbered(names), tensors, strict=True))


def _arguments(model: keras.Model, values: Mapping[str, object]) -> object:
    """The values in the structure that the model is called with."""
    if not isinstance(model, keras.Sequential) and hasattr(model, "inputs"):
        return keras.tree.map_structure(lambda tensor: values[tensor.name], model.input)
    return next(iter(values.values())) if len(values) == 1 else dict(values)


def _layer_names(model: keras.Model) -> list[str]:
    if isinstance(model, keras.Sequential):
        return [model.layers[-1].name]
    return list(getattr(model, "output_names", []))


def _numbered(names: list[str]) -> list[str]:
    """Names that come again get a number: `lstm`, `lstm_1`."""
    seen: Counter[str] = Counter()
    unique = []
    for name in names:
        unique.append(f"{name}_{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return unique
