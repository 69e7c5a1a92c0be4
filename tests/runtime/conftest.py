"""Three small models, converted by TensorFlow and packed as bundles: a picture, a beat of two inputs, a user's own."""

import shutil
import warnings

import make
import numpy as np
import pytest
from make import tensor

from zoo.bundle import load_bundle

LABELS = ["cat", "dog", "sun"]


def image_model(keras):
    image = keras.Input((8, 8, 3), batch_size=1, name="image")
    x = keras.layers.Conv2D(4, 3, activation="relu")(keras.layers.Rescaling(1 / 255)(image))
    logits = keras.layers.Dense(3, name="logits")(keras.layers.Flatten()(x))
    return keras.Model({"image": image}, {"logits": logits})


def beat_model(keras):
    ecg = keras.Input((12, 1), batch_size=1, name="ecg")
    rr = keras.Input((4,), batch_size=1, name="rr")
    x = keras.layers.Concatenate()([keras.layers.Flatten()(ecg), rr])
    return keras.Model({"ecg": ecg, "rr": rr}, {"logits": keras.layers.Dense(2, name="logits")(x)})


def own_model(keras):
    """`low = x W`, `high = 2 x`: a model of a user, without classes."""
    x = keras.Input((10,), batch_size=1, name="x")
    low = keras.layers.Dense(2, use_bias=False, kernel_initializer="ones", name="low")(x)
    return keras.Model({"x": x}, {"low": low, "high": keras.layers.Rescaling(2.0, name="high")(x)})


MODELS = {
    "image": (
        image_model,
        {"image": tensor(1, 8, 8, 3, kind="image", fit={"mode": "crop", "filter": "bilinear"})},
        {"logits": tensor(1, 3)},
    ),
    "beat": (
        beat_model,
        {
            "ecg": tensor(1, 12, 1, kind="signal", unit="mV", sample_rate=360),
            "rr": tensor(1, 4, kind="features", unit="s"),
        },
        {"logits": tensor(1, 2)},
    ),
    "own": (own_model, {"x": tensor(1, 10, kind="array")}, {"low": tensor(1, 2), "high": tensor(1, 10)}),
}
RANGES = {"image": (0, 255), "ecg": (-2, 2), "rr": (0, 3), "x": (-1, 1)}


def convert(model, saved_model, target):
    """The bytes of a `.tflite` file with the signature `predict`, by TensorFlow's own converter."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_saved_model(str(saved_model), signature_keys=["predict"])
    if target == "int8":
        random = np.random.default_rng(0)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.uint8 if model.inputs[0].name == "image" else tf.int8
        converter.inference_output_type = tf.int8
        converter.representative_dataset = lambda: (example(model, random) for _ in range(16))
    with warnings.catch_warnings():  # calibration uses an interpreter that TensorFlow itself deprecates
        warnings.filterwarnings("ignore", ".*tf.lite.Interpreter is deprecated")
        return converter.convert()


def example(model, random):
    """One random input of a model by name, inside the ranges above."""
    shapes = {tensor.name: tuple(tensor.shape) for tensor in model.inputs}
    return {name: random.uniform(*RANGES[name], shape).astype(np.float32) for name, shape in shapes.items()}


def save(model, folder):
    import keras
    import tensorflow as tf

    archive = keras.export.ExportArchive()
    archive.track(model)
    inputs = {tensor.name: tf.TensorSpec(tensor.shape, tf.float32, name=tensor.name) for tensor in model.inputs}
    archive.add_endpoint("predict", model.call, input_signature=[inputs])
    archive.write_out(str(folder), verbose=False)


@pytest.fixture(scope="session")
def models():
    """The Keras models by name."""
    import keras

    keras.utils.set_random_seed(3)
    return {name: build(keras) for name, (build, _, _) in MODELS.items()}


@pytest.fixture(scope="session")
def bundles(models, tmp_path_factory):
    """A folder with a bundle of each model: `image.test`, `beat.test`, `own.test`; to be read only."""
    root = tmp_path_factory.mktemp("bundles")
    for name, (_, inputs, outputs) in MODELS.items():
        saved_model = tmp_path_factory.mktemp(name)
        save(models[name], saved_model)
        choices = {key: make.classes(LABELS[: facts["shape"][-1]]) for key, facts in outputs.items() if key == "logits"}
        models[name].save(saved_model / "source.keras")
        files = {"source.keras": (saved_model / "source.keras").read_bytes()}
        files |= {f"{target}.tflite": convert(models[name], saved_model, target) for target in ("float32", "int8")}
        manifest = make.manifest(inputs, outputs, choices, targets=("float32", "int8"))
        make.bundle(root, f"{name}.test", manifest, files)
    return root


@pytest.fixture
def changed(bundles, tmp_path):
    """A function `changed(name, change)`: a copy of a bundle with `change(manifest)` applied, as a path."""

    def copy(name, change):
        return make.forged(shutil.copytree(bundles / name, tmp_path / name), change)

    return copy


@pytest.fixture
def load(bundles):
    """A function `load(name)` -> Bundle."""
    return lambda name: load_bundle(bundles / name)
