"""The target `saved_model`: TensorFlow's own format, one signature a part, loadable where `zoo` is not installed."""

from collections.abc import Mapping
from pathlib import Path

import keras
import tensorflow as tf

from zoo.sources.channels_first import plain_bias


def write_saved_model(models: Mapping[str, keras.Model], folder: Path) -> None:
    """Writes a SavedModel.

    `model.export` would call the outputs `output_0`, `output_1`; here a signature has the model's own names.

    Args:
        models: by the signature's name, functional models from a dict of named inputs to a dict of named outputs; they
            may share layers.  Inputs keep an open batch, so that a server may send as many rows as it likes.
        folder: which it becomes.
    """
    archive = keras.export.ExportArchive()
    for name, model in models.items():
        archive.track(model)
        archive.add_endpoint(name, _inference(model), input_signature=[signature(model)])
    archive.write_out(str(folder), verbose=False)


def signature(model: keras.Model) -> dict[str, tf.TensorSpec]:
    """The named inputs of a model as TensorFlow describes them."""
    return {name: tf.TensorSpec(tensor.shape, tensor.dtype, name=name) for name, tensor in model.input.items()}


def _inference(model: keras.Model):
    def infer(inputs):
        with plain_bias():
            return model(inputs, training=False)

    return infer
