"""A picture model of one's own: what its input takes is said at the export, and files are read so ever after."""

import json

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

from zoo import runtime
from zoo.errors import InputError, UnknownNameError
from zoo.export import export_model
from zoo.export.intake.declared import check_declared, read_declared


@pytest.fixture(scope="module")
def model():
    """Takes pictures of values 0..1, as most models that people train do."""
    keras.utils.set_random_seed(4)
    picture = keras.Input((12, 12, 3), name="picture")
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, activation="relu")(picture))
    return keras.Model(picture, layers.Dense(3, activation="softmax", name="kind")(x))


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    path = tmp_path_factory.mktemp("photos") / "cat.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (12, 12, 3), np.uint8)).save(path)
    return path


def wanted(model, photo):
    return model.predict(np.asarray(Image.open(photo), np.float32)[None] / 255, verbose=0)


@pytest.mark.slow
def test_the_simplest_command_and_a_picture(zoo, model, photo, tmp_path):
    model.save(tmp_path / "cnn.keras")
    process = zoo("export", "cnn.keras", "--input", "picture=picture:0..1", "--out", "exported", cwd=tmp_path)
    assert "int8 needs examples" in process.stderr
    assert "`--calibrate FILE.npz`" in process.stderr
    manifest = json.loads((tmp_path / "exported" / "cnn" / "manifest.json").read_bytes())
    assert set(manifest["artifacts"]) == {"saved_model", "float32", "float16", "dynamic_int8"}
    told = manifest["parts"]["predict"]["inputs"]["picture"]
    assert (told["kind"], told["range"]) == ("image", [0.0, 1.0])
    process = zoo("predict", "exported/cnn", photo, "--json", cwd=tmp_path)
    assert process.stderr == ""
    np.testing.assert_allclose(json.loads(process.stdout)["outputs"]["kind"], wanted(model, photo), atol=1e-5)


def test_int8_is_calibrated_on_pictures_as_they_are_read(model, photo, tmp_path, converter):
    colours = np.random.default_rng(1).integers(0, 256, (80, 1, 1, 3), np.uint8)
    pictures = np.broadcast_to(colours, (80, 20, 16, 3))  # of another size
    bundle = export_model(
        model,
        "int8",
        out=tmp_path,
        name="cnn",
        inputs={"picture": "picture:0..1"},
        calibration=pictures,
        examples=np.broadcast_to(colours[40:] / 255, (40, 12, 12, 3)),
    )
    stored = bundle.manifest["artifacts"]["int8"]["quantization"]["predict"]["picture"]
    assert stored["dtype"] == "uint8"
    assert 0.5 / 255 < stored["scale"] <= 1.01 / 255
    found = runtime.load(bundle)(photo).outputs["kind"]
    np.testing.assert_allclose(found, wanted(model, photo), atol=0.03)


def test_what_may_be_said():
    fit = {"mode": "squash", "filter": "bilinear"}
    assert read_declared(None) == {}
    assert read_declared({"x": "picture"}) == {"x": {"kind": "image", "fit": fit, "range": [0, 255]}}
    assert read_declared({"x": "picture:-1..1"})["x"]["range"] == [-1, 1]
    assert read_declared({"x": "picture:0.5..2.25"})["x"]["range"] == [0.5, 2.25]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"x": "photo"}, "wrong kind of input `x`: found 'photo', expected `picture` or `picture:LOW..HIGH`"),
        ({"x": "picture:1"}, "found 'picture:1'"),
        ({"x": 3}, "found 3"),
        ({"x": "picture:1..0"}, "found 1..0, expected the lower number first"),
        ("picture", "a mapping of input names: found str"),
    ],
)
def test_what_may_not(said, message):
    with pytest.raises(InputError, match=message):
        read_declared(said)


def test_it_is_compared_with_the_model():
    inputs = {"x": {"shape": [1, 9, 9, 2], "dtype": "float32", "kind": "array"}}
    with pytest.raises(UnknownNameError, match="unknown input: `y`"):
        check_declared(read_declared({"y": "picture"}), inputs)
    with pytest.raises(InputError, match=r"input `x` cannot be a picture: found shape \(9, 9, 2\)"):
        check_declared(read_declared({"x": "picture"}), inputs)
