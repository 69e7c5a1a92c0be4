"""A model from what a file of Keras 2 holds: translated, built by Keras 3, and given its weights."""

import re
import warnings
from collections.abc import Mapping, Sequence

import keras
import numpy as np

from zoo.errors import InputError
from zoo.sources.keras_2.changes import Origin
from zoo.sources.keras_2.translate import Part, translate
from zoo.sources.keras_2.weights import load_arrays


def is_of_keras_2(version: str) -> bool:
    """Whether a file that names this version of Keras was written before Keras 3."""
    return version.split(".")[0] in ("", "1", "2")


def load_keras_2(config: dict, version: str, file: str, arrays: Mapping[str, Sequence[np.ndarray]]) -> keras.Model:
    """The model that an `.h5` file of Keras 2 describes.

    Args:
        config: of the model, as the file has it.
        version: of the Keras that wrote it, such as `2.2.4-tf`.
        file: its name, for messages.
        arrays: by layer, in the file's words, its weights.

    Raises:
        InputError: it is of Keras 1, or something of it cannot be said in Keras 3; the message names the layer.
    """
    model, parts = build(config, version, file)
    load_arrays(model, parts, arrays, file)
    return model


def build(config: dict, version: str, file: str) -> tuple[keras.Model, tuple[Part, ...]]:
    """The model without its weights, and its layers in the order of the file."""
    if version.split(".")[0] in ("", "1"):
        raise InputError(
            f"`{file}` was written by Keras 1, whose layers Keras 3 cannot read: expected Keras 2 or 3",
            "load and save it with Keras 2 (`pip install keras==2.2.4`), then export that file",
        )
    origin = Origin(file, tuple(map(int, re.findall(r"\d+", version)[:3])), _is_of_tensorflow(version))
    described, parts = translate(config, origin)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about what old files say in old words
        model = keras.saving.deserialize_keras_object(described, safe_mode=True)
    if not isinstance(model, keras.Model):
        raise InputError(f"`{file}` holds a {type(model).__name__}, expected a Keras model")
    if not model.built:
        raise InputError(
            f"`{file}` does not say what its first layer is given: it has no input shape",
            "build it with an input, `keras.Input(shape)`, in front, and save it again",
        )
    return model, parts


def _is_of_tensorflow(version: str) -> bool:
    """`tf.keras` called itself 2.2.4-tf, and from 2.4 on it was the only Keras."""
    return version.endswith("-tf") or tuple(map(int, re.findall(r"\d+", version)[:2])) >= (2, 4)
