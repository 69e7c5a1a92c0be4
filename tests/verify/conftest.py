"""A small model trained for a moment on the embedded digits, and artifacts of it by TensorFlow's own converter."""

import hashlib
import json
import shutil
import warnings
from pathlib import Path

import keras
import make
import numpy as np
import pytest
import tensorflow as tf

from zoo.bundle import load_bundle, write_bundle
from zoo.data import get_data
from zoo.families import create_model
from zoo.registry import get_spec
from zoo.training.recipe import load_recipe
from zoo.verify.cards.render import bundle_readme
from zoo.verify.examine import measure

FILES = {target: f"{target}.tflite" for target in ("float32", "float16", "dynamic_int8", "int8")}


def as_saved_model(model: keras.Model, folder: Path, batch: int | None = None) -> Path:
    """A SavedModel of a model with the input `image`, without any code of ours."""
    archive = keras.export.ExportArchive()
    archive.track(model)
    image = tf.TensorSpec((batch, *model.input["image"].shape[1:]), tf.float32, name="image")
    archive.add_endpoint("predict", lambda image: model({"image": image}), [image])
    archive.write_out(str(folder), verbose=False)
    return folder


def as_tflite(saved_model: Path, target: str) -> bytes:
    """A `.tflite` file of a SavedModel with the input `image`, by TensorFlow's own converter."""
    converter = tf.lite.TFLiteConverter.from_saved_model(str(saved_model), signature_keys=["predict"])
    if target != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if target == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if target == "int8":
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type, converter.inference_output_type = tf.uint8, tf.int8
        images = get_data("digits").load("train").inputs["image"][:200]
        converter.representative_dataset = lambda: ({"image": image[None].astype(np.float32)} for image in images)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # its calibrator warns of an interpreter of its own
        return converter.convert()


@pytest.fixture(scope="session")
def trained():
    """`resnet_tiny` after a few epochs of digits: better than chance by far, and with clear answers."""
    keras.utils.set_random_seed(7)
    model, train = create_model("resnet_tiny"), get_data("digits").load("train")
    model.compile("adam", {"logits": keras.losses.SparseCategoricalCrossentropy(from_logits=True)})
    images, labels = train.inputs["image"].astype("float32"), {"logits": train.targets["logits"]}
    model.fit({"image": images}, labels, batch_size=32, epochs=4, verbose=0)
    return model


@pytest.fixture(scope="session")
def batch_of_four(trained, tmp_path_factory):
    """A float32 file of the model that takes four images at once."""
    path = tmp_path_factory.mktemp("four") / "float32.tflite"
    path.write_bytes(as_tflite(as_saved_model(trained, path.with_name("m"), batch=4), "float32"))
    return path


@pytest.fixture(scope="session")
def recipe():
    """What the model below could have been trained by: it promises little, as four epochs cannot hold more."""
    return load_recipe("resnet_tiny.digits", {"reach": {"accuracy": 0.5}})


@pytest.fixture(scope="session")
def manifest():
    """Of the trained model, without `files`."""
    of_user = make.manifest(
        {"image": make.tensor(1, 8, 8, 1, kind="image")},
        {"logits": make.tensor(1, 10)},
        {"logits": make.classes(list("0123456789"))},
        targets=(*FILES, "saved_model"),
        name="resnet_tiny.digits",
    )
    return make.of_family(of_user, "resnet_tiny", "digits", "resnet", dict(get_spec("resnet_tiny").arguments))


@pytest.fixture(scope="session")
def artifacts(trained, tmp_path_factory):
    """A folder with an artifact of the model for every target."""
    folder, single = tmp_path_factory.mktemp("artifacts"), tmp_path_factory.mktemp("single")
    as_saved_model(trained, folder / "saved_model")
    as_saved_model(trained, single, batch=1)
    for target, file in FILES.items():
        (folder / file).write_bytes(as_tflite(single, target))
    return folder


@pytest.fixture(scope="session")
def measured(artifacts, manifest, trained, recipe):
    sha256 = hashlib.sha256(recipe.to_yaml().encode()).hexdigest()
    training = {"recipe_sha256": sha256, "seed": 1, "epochs": 4, "seconds": 9, "hardware": "a", "versions": {}}
    made = {
        "int8": {
            "calibration": {"source": "digits train", "examples": 200, "of": 1400, "seed": 0},
            "int8_scheme": None,
            "forms": {},
        }
    }
    return measure(artifacts, manifest, model=trained, recipe=recipe, training=training, made=made)


@pytest.fixture(scope="session")
def bundle(artifacts, manifest, trained, recipe, measured, tmp_path_factory):
    """All of it as a bundle on disk; tests that change it take a copy."""
    out = tmp_path_factory.mktemp("bundles")
    with write_bundle(out, manifest["name"], dict(manifest)) as folder:
        shutil.copytree(artifacts, folder, dirs_exist_ok=True)
        (folder / "recipe.yaml").write_text(recipe.to_yaml())
        trained.save_weights(folder / "model.weights.h5")
        (folder / "card.json").write_text(json.dumps(measured.card))
        (folder / "README.md").write_text(bundle_readme(measured.card))
    return load_bundle(out / manifest["name"])


@pytest.fixture
def copy(bundle, tmp_path):
    """A bundle of the test's own."""
    return load_bundle(shutil.copytree(bundle.path, tmp_path / bundle.name))
