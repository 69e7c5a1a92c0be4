"""The Keras model as the reference that artifacts are compared with: named arrays in, named arrays out."""

from collections.abc import Mapping

import keras
import numpy as np

from zoo._system.progress import ignore
from zoo.bundle import Bundle
from zoo.families import PREDICT, load_model, parts
from zoo.registry import get_spec
from zoo.sources.channels_first import plain_bias
from zoo.sources.deployed import load_source

ROWS = 256
"""Examples in a call."""


def keras_outputs(
    model: keras.Model, inputs: Mapping[str, np.ndarray], report=ignore, stage: str = "Keras"
) -> dict[str, np.ndarray]:
    """Runs a model on every example.

    Args:
        model: functional, a dict of named inputs -> a dict of named outputs.
        inputs: by name, (n, ...), in a dtype that turns into the model's without loss; it may hold more than those.
        report: called with the stage, the examples done and those in all.
        stage: what that is called.

    Returns:
        By output name, (n, ...).
    """
    count, results = len(next(iter(inputs.values()))), []
    for begin in range(0, count, ROWS):
        # The last call is filled up: TensorFlow would trace the model again for another number of rows.
        rows = np.minimum(np.arange(begin, begin + min(ROWS, count)), count - 1)
        arrays = {name: inputs[name][rows].astype(tensor.dtype) for name, tensor in model.input.items()}
        with plain_bias():
            results.append(model.predict_on_batch(arrays))
        report(stage, min(begin + ROWS, count), count)
    return {name: np.concatenate([each[name] for each in results])[:count] for name in model.output}


def keras_model(bundle: Bundle) -> keras.Model:
    """The Keras model of a bundle: built by our code and given the weights, or the user's own file as it is deployed.

    Raises:
        InputError: the user's file is refused, see `keras_file`.
        BundleError: a file is not what the manifest says.
    """
    if bundle.family is not None:
        return load_model(bundle.path)
    shapes = {name: tuple(facts["shape"]) for name, facts in bundle.parts[PREDICT]["inputs"].items()}
    return load_source(bundle.file(bundle.manifest["source"]), shapes)


def keras_parts(bundle: Bundle, model: keras.Model) -> dict[str, keras.Model]:
    """The parts of a bundle's Keras model by name."""
    if bundle.family is None:
        return {PREDICT: model}
    return {name: part.model for name, part in parts(get_spec(bundle.manifest["model"]), model).items()}
