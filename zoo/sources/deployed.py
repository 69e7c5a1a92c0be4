"""The model that a user's bundle is made from and compared with: that of the file, in the form that a device can have.

`zoo export` converts this form and `zoo verify` compares with it, so both mean the same numbers by "as Keras answers".
"""

from collections.abc import Mapping
from pathlib import Path

import keras
import tensorflow as tf

from zoo.sources.channels_first import put_channels_last
from zoo.sources.keras_file import load_keras_file
from zoo.sources.names import input_names, output_names, unique_name


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
    names, answers = input_names(model), output_names(model)
    _rename(model)
    for layer in [model, *model._flatten_layers(include_self=False)]:
        if layer.dtype_policy.name.startswith("mixed_"):
            layer.dtype_policy = "float32"
        if getattr(layer, "stateful", False):
            layer.stateful = False
        put_channels_last(layer)
    inputs = [_fixed(tensor, name, shapes or {}) for tensor, name in zip(model.inputs, names, strict=True)]
    outputs = keras.tree.flatten(model(keras.tree.pack_sequence_as(_input_structure(model), inputs)))
    outputs = _of_known_sizes(model, inputs, outputs)
    return keras.Model(
        {tensor.name: tensor for tensor in inputs},
        dict(zip(answers, outputs, strict=True)),
        name=model.name,
    )


def _rename(model: keras.Model) -> None:
    """Gives every layer a name that TensorFlow traces; those inside a layer need not differ from others'."""
    model.name = unique_name(model.name, (), "model")
    taken: set[str] = set()
    for layer in model._flatten_layers(include_self=False):
        layer.name = unique_name(layer.name, taken if layer in model.layers else (), "layer")
        taken.add(layer.name)


def _fixed(tensor, name: str, shapes: Mapping[str, tuple[int, ...]]) -> keras.KerasTensor:
    """An input like `tensor` with any batch and no other open axis; floats of all widths come in as float32."""
    own = tensor.shape[1:]
    given = shapes.get(name, own)
    shape = [size if size is not None else wanted for size, wanted in zip(own, given, strict=True)]
    return keras.Input(shape, name=name, dtype="float32" if "float" in tensor.dtype else tensor.dtype)


def _of_known_sizes(model: keras.Model, inputs: list, outputs: list) -> list:
    """The outputs, with the sizes that a layer leaves open for any input (EinsumDense does) as they are for these."""
    if not any(None in tensor.shape[1:] for tensor in outputs):
        return outputs
    specs = [tf.TensorSpec((1, *tensor.shape[1:]), tensor.dtype) for tensor in inputs]

    def run(*given):
        return keras.tree.flatten(model(keras.tree.pack_sequence_as(_input_structure(model), list(given))))

    found = tf.function(run, autograph=False).get_concrete_function(*specs).outputs
    return [
        keras.layers.Reshape(traced.shape[1:])(tensor) if None in tensor.shape[1:] else tensor
        for tensor, traced in zip(outputs, found, strict=True)
    ]


def _input_structure(model: keras.Model):
    """What a call of the model takes: one tensor, or a list or dict of them."""
    return model.inputs[0] if isinstance(model, keras.Sequential) else model.input
