"""The model that a user's bundle is made from and compared with: that of the file, in the form that a device can have.

`zoo export` converts this form and `zoo verify` compares with it, so both mean the same numbers by "as Keras answers".
"""

import re
from collections.abc import Mapping
from pathlib import Path

import keras

from zoo.sources.channels_first import put_channels_last
from zoo.sources.keras_file import load_keras_file


def load_source(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> keras.Model:
    """The deployed form of the model in a bundle's `source.keras`.

    Args:
        path: the file.
        shapes: by input name, the shape that the manifest gives, batch included.

    Raises:
        InputError: see `load_keras_file`.
    """
    return deployed(load_keras_file(path), {name: tuple(shape[1:]) for name, shape in shapes.items()})


def deployed(model: keras.Model, shapes: Mapping[str, tuple[int, ...]] | None = None) -> keras.Model:
    """A functional model over the layers of `model`: dict of named inputs -> dict of named outputs, all batch first.

    Four things are taken away, because an artifact cannot have them; **the layers of `model` are changed**:
    - mixed precision, which is a way to train: the float32 weights compute in float32;
    - state between calls: stateful layers begin each call with zeros;
    - unknown sizes: every open axis of an input, time as a rule, gets the given one;
    - convolutions with their channels first: transposes stand around those with channels last.

    Args:
        model: a built functional or Sequential model.
        shapes: by input name its shape without the batch; only open axes take what it says.
    """
    for layer in [model, *model._flatten_layers(include_self=False)]:
        layer.name = as_name(layer.name)  # TensorFlow traces no layer whose name holds a space
        if layer.dtype_policy.name.startswith("mixed_"):
            layer.dtype_policy = "float32"
        if getattr(layer, "stateful", False):
            layer.stateful = False
        put_channels_last(layer)
    inputs = [_fixed(tensor, shapes or {}) for tensor in model.inputs]
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
    """The same for outputs: keys of dicts, nested ones joined by `_`, where no dict is the layers that give them.

    A number is added where a name repeats.
    """
    structure = model.output if not isinstance(model, keras.Sequential) else model.outputs
    names = [
        _key(path) if any(isinstance(part, str) for part in path) else _layer_of(tensor)
        for path, tensor in keras.tree.flatten_with_path(structure)
    ]
    unique: list[str] = []
    for name in map(as_name, names):
        count = sum(other == name or re.fullmatch(rf"{name}_\d+", other) is not None for other in unique)
        unique.append(f"{name}_{count}" if name in unique else name)
    return unique


def as_name(name: str) -> str:
    """A name that Keras, TensorFlow and TFLite all take as it is."""
    return re.sub(r"[^A-Za-z0-9_]", "_", name)


def _key(path: tuple[str | int, ...]) -> str:
    """What an output in nested dicts and lists is called: `{"state": {"h": h, "c": [a, b]}}` has `state_c_1`."""
    return "_".join(map(str, path))


def _fixed(tensor, shapes: Mapping[str, tuple[int, ...]]) -> keras.KerasTensor:
    """An input like `tensor` with any batch and no other open axis; floats of all widths come in as float32."""
    name = as_name(_layer_of(tensor))
    own = tensor.shape[1:]
    given = shapes.get(name, own)
    shape = [size if size is not None else wanted for size, wanted in zip(own, given, strict=True)]
    return keras.Input(shape, name=name, dtype="float32" if "float" in tensor.dtype else tensor.dtype)


def _input_structure(model: keras.Model):
    """What a call of the model takes: one tensor, or a list or dict of them."""
    return model.inputs[0] if isinstance(model, keras.Sequential) else model.input


def _layer_of(tensor) -> str:
    return tensor._keras_history.operation.name
