"""The model that a user's bundle is made from and compared with: that of the file, in the form that a device can have.

`zoo export` converts this form and `zoo verify` compares with it, so both mean the same numbers by "as Keras answers".
"""

import re
from collections.abc import Mapping
from pathlib import Path

import keras

from zoo.sources.keras_file import load_keras_file


def load_source(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> keras.Model:
    """The deployed form of the model in a bundle's `source.keras`.

    Args:
        path: the file.
        shapes: by input name, the shape that the manifest gives, batch included.

    Raises:
        InputError: see `load_keras_file`.
    """
    return deployed(load_keras_file(path), {name: shape[1] for name, shape in shapes.items() if len(shape) > 1})


def deployed(model: keras.Model, lengths: Mapping[str, int] | int | None = None) -> keras.Model:
    """A functional model over the layers of `model`: dict of named inputs -> dict of named outputs, all batch first.

    Three things are taken away, because an artifact cannot have them; **the layers of `model` are changed**:
    - mixed precision, which is a way to train: the float32 weights compute in float32;
    - state between calls: stateful layers begin each call with zeros;
    - unknown length: the time axis (axis 1) of each input gets the given one.

    Args:
        model: a built functional or Sequential model.
        lengths: steps of the inputs whose time axis is open, for all of them or by input name.
    """
    for layer in [model, *model._flatten_layers(include_self=False)]:
        layer.name = as_name(layer.name)  # TensorFlow traces no layer whose name holds a space
        if layer.dtype_policy.name.startswith("mixed_"):
            layer.dtype_policy = "float32"
        if getattr(layer, "stateful", False):
            layer.stateful = False
    inputs = [_fixed(tensor, lengths) for tensor in model.inputs]
    outputs = keras.tree.flatten(model(keras.tree.pack_sequence_as(_input_structure(model), inputs)))
    return keras.Model(
        {tensor.name: tensor for tensor in inputs},
        dict(zip(output_names(model), outputs, strict=True)),
        name=model.name,
    )


def input_names(model: keras.Model) -> list[str]:
    """What the inputs of a model are called in every artifact, in the order of `model.inputs`."""
    return [as_name(_layer_of(tensor)) for tensor in model.inputs]


def output_names(model: keras.Model) -> list[str]:
    """The same for outputs: the keys of a dict, else the layers that give them, with a number where one repeats."""
    structure = model.output if not isinstance(model, keras.Sequential) else model.outputs
    if isinstance(structure, dict) and len(structure) == len(model.outputs):
        names = sorted(structure)  # the order in which Keras flattens a dict
    else:
        names = [_layer_of(tensor) for tensor in model.outputs]
    unique: list[str] = []
    for name in map(as_name, names):
        count = sum(other == name or re.fullmatch(rf"{name}_\d+", other) is not None for other in unique)
        unique.append(f"{name}_{count}" if name in unique else name)
    return unique


def as_name(name: str) -> str:
    """A name that Keras, TensorFlow and TFLite all take as it is."""
    return re.sub(r"[^A-Za-z0-9_]", "_", name)


def _fixed(tensor, lengths: Mapping[str, int] | int | None) -> keras.KerasTensor:
    """An input like `tensor` with any batch and a known length; floats of all widths come in as float32."""
    name = as_name(_layer_of(tensor))
    shape = list(tensor.shape[1:])
    if shape and shape[0] is None:
        shape[0] = lengths.get(name) if isinstance(lengths, Mapping) else lengths
    return keras.Input(shape, name=name, dtype="float32" if "float" in tensor.dtype else tensor.dtype)


def _input_structure(model: keras.Model):
    """What a call of the model takes: one tensor, or a list or dict of them."""
    return model.inputs[0] if isinstance(model, keras.Sequential) else model.input


def _layer_of(tensor) -> str:
    return tensor._keras_history.operation.name
