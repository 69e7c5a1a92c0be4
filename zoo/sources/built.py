"""Weights alone, put into a model that a user's function or the zoo builds."""

from collections.abc import Callable
from pathlib import Path

import h5py
import keras

from zoo.errors import InputError
from zoo.families import create_model
from zoo.sources.custom_classes import imported
from zoo.sources.h5_file import check_inside, version_of
from zoo.sources.keras_2.load import is_of_keras_2
from zoo.sources.keras_2.weights import read_groups, set_weights
from zoo.sources.said import said_by

Builder = Callable[[], keras.Model] | str


def load_weights_into(builder: Builder, path: Path) -> keras.Model:
    """The model that `builder` builds, with the weights of a file.

    Args:
        builder: a function without arguments, `module:function` of one, or the name of a model of the zoo.
        path: an `.h5` file that `model.save_weights` wrote, under Keras 2 or 3.

    Raises:
        InputError: there is no such function or file, what it builds is no model, or the weights are not its own.
        UnknownNameError: the zoo has no model of that name.
    """
    if not path.is_file() or not h5py.is_hdf5(path):
        raise InputError(f"no file of weights: `{path}`", '`model.save_weights("model.weights.h5")` writes one')
    model = _built(builder)
    try:
        with h5py.File(path, "r") as file:
            check_inside(file, path.name)
            group = file.get("model_weights", file)
            is_legacy = "layer_names" in group.attrs or "layer_names0" in group.attrs
            if is_legacy and is_of_keras_2(version_of(file)):
                _check_activations(model, path.name)
            arrays = {name: given for name, given in read_groups(group).items() if given} if is_legacy else {}
        layers = {layer.name: layer for layer in model.layers if layer.weights}
        if arrays and set(arrays) == set(layers):
            for name, layer in layers.items():
                ordered = [*layer.trainable_weights, *layer.non_trainable_weights]
                set_weights(name, ordered, arrays[name], path.name)
        else:
            model.load_weights(path)
    except InputError:
        raise
    except Exception as error:  # Keras raises whatever does not fit
        raise InputError(
            f"the weights in `{path.name}` are not those of `{model.name}`: {said_by(error)}",
            "build the model with the arguments that it was trained with",
        ) from error
    return model


def _built(builder: Builder) -> keras.Model:
    if isinstance(builder, str):
        builder = imported(builder, "--model my_models:build") if ":" in builder else _of_zoo(builder)
    try:
        model = builder()
    except Exception as error:  # whatever a user's function raises
        name = getattr(builder, "__name__", "builder")
        raise InputError(
            f"`{name}()` failed: {type(error).__name__}: {error}", "a function that needs no arguments builds the model"
        ) from error
    if not isinstance(model, keras.Model) or not model.built:
        found = "a model that was not built" if isinstance(model, keras.Model) else f"a {type(model).__name__}"
        raise InputError(f"`{getattr(builder, '__name__', 'builder')}()` gave {found}, expected a built Keras model")
    return model


def _of_zoo(name: str) -> Callable[[], keras.Model]:
    model = create_model(name)
    return lambda: model


def _check_activations(model: keras.Model, file: str) -> None:
    """`hard_sigmoid` is another function in Keras 3 than the weights of Keras 2 were trained with."""
    for layer in model._flatten_layers(include_self=False):
        for key in ("activation", "recurrent_activation"):
            if getattr(layer, key, None) is keras.activations.hard_sigmoid:
                raise InputError(
                    f"`{file}` was trained by Keras 2, whose `hard_sigmoid` layer `{layer.name}` would not compute",
                    f"`{key}=hard_sigmoid_of_keras_2`, from `zoo.sources.keras_2.functions`; or `hard_sigmoid`'s own "
                    "weights, saved by Keras 3",
                )
