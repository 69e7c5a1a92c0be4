"""The weights of a zip that Keras 2.12 to 2.15 wrote: folders that follow the objects of the model.

`layers/lstm/cell/vars/0` is the first weight of the cell of the first LSTM: layers are called after their class, in
snake case, and numbered where one repeats, in the order of the configuration.  On Windows the folders were written with
backslashes, and those of a functional model begin with `_layer_checkpoint_dependencies`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import h5py
import keras
import numpy as np

from zoo.errors import InputError
from zoo.sources.keras_2.load import build
from zoo.sources.keras_2.translate import Part
from zoo.sources.keras_2.weights import finish, set_weights

CONTAINERS = ("layers", "_layer_checkpoint_dependencies")


def load_zip_of_keras_2(config: dict, version: str, file: str, weights: h5py.File) -> keras.Model:
    """The model that such a zip describes.

    Args:
        config: of the model, as the file has it.
        version: of the Keras that wrote it.
        file: its name, for messages.
        weights: its member `model.weights.h5`, open.

    Raises:
        InputError: see `load_keras_2`.
    """
    model, parts = build(config, version, file)
    tree: dict[str, Any] = {}
    weights.visititems(lambda path, data: _grow(tree, path, data))
    _load_model(model, parts, tree, file)
    finish(model)
    return model


def _grow(tree: dict, path: str, data: object) -> None:
    """Puts an array into its folder, however the folder's name is written."""
    if isinstance(data, h5py.Dataset):
        *folders, last = path.replace("\\", "/").split("/")
        for folder in folders:
            tree = tree.setdefault(folder, {})
        tree[last] = np.asarray(data)


def _load_model(model: keras.Model, parts: Sequence[Part], tree: Mapping, file: str) -> None:
    folders = next((tree[each] for each in CONTAINERS if each in tree), {})
    layers = {layer.name: layer for layer in model.layers}
    counts: dict[str, int] = {}
    for part in parts:
        folder = _numbered(_snake(part.kind), counts)
        if part.name in layers and layers[part.name].weights:
            if folder not in folders:
                raise InputError(f"`{file}` has no weights for layer `{part.old}`: nothing in it is called `{folder}`")
            _load_layer(layers[part.name], part, folders[folder], file)


def _load_layer(layer: keras.Layer, part: Part, tree: Mapping, file: str) -> None:
    if isinstance(layer, keras.Model):
        _load_model(layer, part.inner, tree, file)
    elif part.inner and isinstance(layer, keras.layers.Wrapper):
        _load_layer(layer.layer, part, tree.get("layer", {}), file)
    else:
        variables, arrays = _of_layer(layer, tree)
        if missed := [each.name for each in layer.weights if not any(each is found for found in variables)]:
            raise InputError(f"`{file}` has no `{missed[0]}` for layer `{part.old}`")
        set_weights(part.old, variables, arrays, file)


def _of_layer(layer: keras.Layer, tree: Mapping) -> tuple[list[keras.Variable], list[np.ndarray]]:
    """The weights of a layer and of all inside it, and the arrays that are theirs, in one order."""
    arrays = [tree["vars"][key] for key in sorted(tree.get("vars", {}), key=int)]
    variables = [*layer._trainable_variables, *layer._non_trainable_variables] if arrays else []
    variables = [each for each in variables if any(each is weight for weight in layer.weights)]
    for folder, inside in tree.items():
        for part, content in _parts(getattr(layer, folder, None), inside):
            more_variables, more_arrays = _of_layer(part, content)
            variables, arrays = variables + more_variables, arrays + more_arrays
    return variables, arrays


def _parts(attribute: object, tree: Mapping) -> list[tuple[keras.Layer, Mapping]]:
    """The layers that a folder holds the weights of: one, or several in a list."""
    if isinstance(attribute, keras.Layer):
        return [(attribute, tree)]
    counts: dict[str, int] = {}
    parts = attribute if isinstance(attribute, list | tuple) else ()
    named = [(_numbered(_snake(type(each).__name__), counts), each) for each in parts]
    return [(each, tree[name]) for name, each in named if name in tree]


def _numbered(name: str, counts: dict[str, int]) -> str:
    number = counts[name] = counts.get(name, -1) + 1
    return f"{name}_{number}" if number else name


def _snake(name: str) -> str:
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
