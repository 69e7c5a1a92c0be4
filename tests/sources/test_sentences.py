"""What is no whole Keras model is named for what it is, with the way from there; weights alone find their model."""

import base64
import marshal
import sys

import h5py
import keras
import numpy as np
import pytest
from keras import layers, ops

from zoo.errors import InputError
from zoo.export import export_model
from zoo.sources.built import load_weights_into
from zoo.sources.classes import check_classes
from zoo.sources.custom_classes import import_classes
from zoo.sources.h5_file import load_h5_file
from zoo.sources.keras_file import load_keras_file
from zoo.sources.said import said_by


def built() -> keras.Model:
    x = keras.Input((4,), name="x")
    return keras.Model(x, layers.Dense(3, name="out")(layers.Dense(5, name="hidden")(x)), name="built")


@pytest.mark.filterwarnings("ignore:You are saving")
@pytest.mark.parametrize("file", ["model.weights.h5", "legacy.h5"])
def test_weights_alone_are_given_to_what_builds_their_model(file, tmp_path):
    model, other = built(), built()
    path = tmp_path / file
    if file == "legacy.h5":  # as `save_weights` of Keras 2 wrote them
        model.save(tmp_path / "whole.h5")
        with h5py.File(tmp_path / "whole.h5") as whole, h5py.File(path, "w") as alone:
            for name in whole["model_weights"]:
                whole.copy(f"model_weights/{name}", alone)
            alone.attrs.update(whole["model_weights"].attrs)
    else:
        model.save_weights(path)
    with pytest.raises(InputError, match="holds weights alone, no model") as refused:
        load_h5_file(path)
    assert "(4, 5)" in str(refused.value)  # of the hidden layer
    assert "--model module:function" in refused.value.hint
    loaded = load_weights_into(lambda: other, path)
    for found, wanted in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_an_array_that_swells_is_refused_before_it_is_read(tmp_path):
    with h5py.File(tmp_path / "model.h5", "w") as file:
        file.create_dataset("model_weights/a", (1 << 20, 1 << 13), "f4", chunks=(1 << 10, 1 << 10), compression="gzip")
    with pytest.raises(InputError, match=r"`model\.h5` unpacks to 34,359,738,368 bytes, expected at most"):
        load_h5_file(tmp_path / "model.h5")


def test_a_builder_of_another_model_is_a_sentence(tmp_path):
    built().save_weights(tmp_path / "model.weights.h5")
    x = keras.Input((4,))
    for builder, message in (
        (lambda: keras.Model(x, layers.Dense(7)(x)), "the weights in `model.weights.h5` are not those of"),
        (lambda: 3, "gave a int, expected a built Keras model"),
        (lambda: 1 // 0, "failed: ZeroDivisionError"),
        ("no_such_module:build", "module `no_such_module` cannot be imported"),
    ):
        with pytest.raises(InputError, match=message):
            load_weights_into(builder, tmp_path / "model.weights.h5")


FOREIGN = {
    "x.onnx": "is an ONNX graph: expected",
    "x.pt": "is a PyTorch file",
    "x.json": "is an architecture without weights",
    "x.pkl": "is a pickle, which is a program",
}


@pytest.mark.parametrize("name", FOREIGN)
def test_another_format_is_named(name, tmp_path):
    with pytest.raises(InputError, match=FOREIGN[name]):
        export_model(name, "float32", out=tmp_path / "out")


def lambda_of(function) -> dict:
    code = base64.b64encode(marshal.dumps(function.__code__)).decode()
    return {"class_name": "Lambda", "module": "keras.layers", "config": {"name": "l", "function": [code, None, None]}}


def test_a_lambda_of_one_known_call_is_refused_with_that_call():
    with pytest.raises(InputError) as refused:
        check_classes(lambda_of(lambda x: ops.mean(x, axis=1)), "m.h5")
    assert "its code names `mean`, which is `keras.ops.mean`" in refused.value.hint
    with pytest.raises(InputError) as refused:
        check_classes(lambda_of(lambda x: ops.exp(ops.abs(x))), "m.h5")
    assert "its code names" not in refused.value.hint


def test_what_keras_said_is_said_whole():
    said = said_by(
        ValueError("config={'a': 1}.\n\nException encountered: One object failed. Example:\n\nLayer 'a' has no b.")
    )
    assert said == "One object failed. Example: Layer 'a' has no b."
    assert said_by(ValueError("")) == "ValueError"


def test_a_function_of_ones_own_is_taken_by_custom(tmp_path, monkeypatch):
    (tmp_path / "own_functions.py").write_text("from keras import ops\n\n\ndef bent(x):\n    return ops.abs(x) + 1\n")
    monkeypatch.chdir(tmp_path)
    try:
        import_classes(["own_functions:bent"])
        x = keras.Input((4,))
        model = keras.Model(x, layers.Dense(3, activation=sys.modules["own_functions"].bent)(x))
        model.save(tmp_path / "bent.keras")
        given = np.ones((2, 4), "float32")
        np.testing.assert_allclose(load_keras_file(tmp_path / "bent.keras")(given), model(given))
    finally:
        keras.saving.get_custom_objects().pop("bent", None)
        sys.modules.pop("own_functions", None)
