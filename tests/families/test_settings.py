"""What the zoo builds is channels_last and float32, whatever a user's Keras is set to, which stays as it was."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from zoo.families import create_model, load_model


@pytest.fixture
def settings(request):
    """Keras as a `keras.json` or a program may have set it."""
    found = read()
    write(*request.param)
    yield
    write(*found)


def read() -> tuple[str, str, str]:
    return keras.config.image_data_format(), keras.config.floatx(), keras.config.dtype_policy().name


def write(data_format: str, floatx: str, policy: str) -> None:
    keras.config.set_image_data_format(data_format)
    keras.config.set_floatx(floatx)
    keras.config.set_dtype_policy(policy)


OTHERS = [("channels_first", "float32", "float32"), ("channels_last", "float64", "mixed_float16")]


@pytest.mark.parametrize("settings", OTHERS, indirect=True)
def test_a_model_is_the_same_under_other_settings(settings):
    model = create_model("resnet_tiny")
    assert {getattr(layer, "data_format", "channels_last") for layer in model.layers} == {"channels_last"}
    assert {layer.dtype_policy.name for layer in model.layers} == {"float32"}
    assert load_model("resnet_tiny.digits").output["logits"].dtype == "float32"


@pytest.mark.parametrize("settings", OTHERS, indirect=True)
def test_a_users_settings_stay(settings, request):
    expected = request.node.callspec.params["settings"]
    create_model("resnet_tiny")
    with pytest.raises(Exception, match="cannot be built"):
        create_model("resnet_tiny", width=0)
    assert read() == expected


def test_answers_do_not_depend_on_the_settings():
    image = np.random.default_rng(0).uniform(0, 16, (3, 8, 8, 1)).astype("float32")
    expected = load_model("resnet_tiny.digits")({"image": image})["logits"]
    keras.config.set_image_data_format("channels_first")
    try:
        found = load_model("resnet_tiny.digits")({"image": image})["logits"]
    finally:
        keras.config.set_image_data_format("channels_last")
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("backend", ["jax", "torch", "nonsense"])
def test_another_backend_is_a_sentence(backend):
    """Whether it is installed or not."""
    code = (
        "from zoo import ZooError\nfrom zoo._keras import check_backend\n"
        "try: check_backend('this')\nexcept ZooError as error: print(error)"
    )
    environment = {**os.environ, "KERAS_BACKEND": backend}
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert backend in process.stdout.splitlines()[0], process.stderr
    assert "KERAS_BACKEND" in process.stdout.splitlines()[1]
