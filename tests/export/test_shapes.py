"""Open axes of inputs: given by name, kept in the manifest, and refused in a sentence where they do not fit."""

import keras
import numpy as np
import pytest
from keras import Input, Model, layers

from zoo import runtime
from zoo.bundle import load_bundle
from zoo.cli._sizes import lengths, shapes
from zoo.errors import InputError, UnknownNameError
from zoo.export import export_model
from zoo.verify.verification import verify_bundle

pytestmark = pytest.mark.usefixtures("converter")


def reader():
    """Text in a picture of open width, as OCR reads it."""
    x = Input((8, None, 1), name="image")
    h = layers.MaxPooling2D((8, 2))(layers.Conv2D(3, 3, padding="same")(x))
    h = layers.Bidirectional(layers.LSTM(4, return_sequences=True))(layers.Reshape((-1, 3))(h))
    return Model(x, {"letters": layers.Dense(5, activation="softmax")(h)})


def translator():
    """keras-io 1861: an encoder whose states start a decoder, each of its own open length."""
    one, two = Input((None, 4), name="encoder"), Input((None, 3), name="decoder")
    _, *states = layers.LSTM(5, return_state=True)(one)
    h = layers.LSTM(5, return_sequences=True)(two, initial_state=states)
    return Model([one, two], {"words": layers.Dense(3)(h)})


def test_a_width_is_given_by_its_shape(tmp_path):
    keras.utils.set_random_seed(1)
    model = reader()
    bundle = export_model(model, "float32", out=tmp_path, name="reader", shapes={"image": (8, 20, 1)})
    assert bundle.parts["predict"]["inputs"]["image"]["shape"] == [1, 8, 20, 1]
    picture = np.random.default_rng(0).normal(size=(1, 8, 20, 1)).astype(np.float32)
    wanted = np.asarray(model(picture)["letters"])
    np.testing.assert_allclose(runtime.load(bundle)(picture[0]).outputs["letters"], wanted, atol=1e-5)
    assert not verify_bundle(bundle).failures


@pytest.mark.parametrize("lengths", [{"encoder": 7, "decoder": 4}, None])
def test_lengths_are_given_by_input(lengths, tmp_path):
    shapes = None if lengths else {"encoder": (7, 4), "decoder": (4, 3)}
    bundle = export_model(translator(), "float32", out=tmp_path, name="words", length=lengths, shapes=shapes)
    found = {name: facts["shape"] for name, facts in bundle.parts["predict"]["inputs"].items()}
    assert found == {"encoder": [1, 7, 4], "decoder": [1, 4, 3]}
    assert bundle.parts["predict"]["outputs"]["words"]["shape"] == [1, 4, 3]


def test_one_length_beside_a_shape(tmp_path):
    bundle = export_model(translator(), "float32", out=tmp_path, name="words", length=6, shapes={"decoder": (4, 3)})
    found = {name: facts["shape"][1] for name, facts in bundle.parts["predict"]["inputs"].items()}
    assert found == {"encoder": 6, "decoder": 4}


def stiff():
    x = Input((None, 3), name="x")
    return Model(x, {"y": layers.Dense(2)(layers.Reshape((30,), name="flat")(x))})


def two_open():
    x = Input((None, None, 3), name="picture")
    return Model(x, {"y": layers.GlobalAveragePooling2D()(x)})


WRONG = {
    "nothing given": (reader, {}, InputError, r"axis 2 of input `image` .* found \(None, 8, None, 1\)"),
    "two open axes, one length": (two_open, {"length": 8}, InputError, "axis 2 of input `picture` is of unknown size"),
    "no such input": (translator, {"length": {"encodr": 7, "decoder": 4}}, UnknownNameError, "`encodr`.*`encoder`"),
    "no such input, shapes": (reader, {"shapes": {"img": (8, 20, 1)}}, UnknownNameError, "`img`.*`image`"),
    "one is left open": (translator, {"length": {"encoder": 7}}, InputError, "time axis of input `decoder`"),
    "a known axis changed": (reader, {"shapes": {"image": (9, 20, 1)}}, InputError, r"\(9, 20, 1\), which is no shape"),
    "too few axes": (reader, {"shapes": {"image": (20,)}}, InputError, r"\(20,\), which is no shape"),
    "an axis of none": (reader, {"shapes": {"image": (8, 0, 1)}}, InputError, r"`shapes\['image'\]`: found 0"),
    "no shape": (reader, {"shapes": {"image": 20}}, InputError, r"`shapes\['image'\]`: found 20"),
    "no mapping": (reader, {"shapes": (8, 20, 1)}, InputError, "expected a shape by input name"),
    "a length of none": (translator, {"length": {"encoder": 0, "decoder": 4}}, InputError, "found 0, expected a whole"),
    "both": (reader, {"length": 20, "shapes": {"image": (8, 20, 1)}}, InputError, "no input has a time axis"),
    "not what a layer takes": (stiff, {"length": 7}, InputError, r"layer `flat` \(Reshape\) .*30.*`x` \(7, 3\)"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_does_not_fit_is_a_sentence(case, tmp_path):
    build, options, error, message = WRONG[case]
    with pytest.raises(error, match=message):
        export_model(build(), "float32", out=tmp_path, name="model", **options)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_the_command_takes_both(zoo, tmp_path):
    translator().save(tmp_path / "words.keras")
    options = ["--length", "encoder=7", "--shape", "decoder=4,3"]
    zoo("export", "words.keras", "--target", "float32", "--out", "out", *options, cwd=tmp_path)
    inputs = load_bundle(tmp_path / "out" / "words").parts["predict"]["inputs"]
    assert [inputs[name]["shape"] for name in ("encoder", "decoder")] == [[1, 7, 4], [1, 4, 3]]


@pytest.mark.parametrize(
    ("read", "given", "said"),
    [
        (lengths, ["7", "9"], "`--length 7` names no input"),
        (lengths, ["encoder=many"], "wrong value of `--length`: found `many`"),
        (lengths, ["encoder=4", "encoder=5"], "given twice for input `encoder`"),
        (shapes, ["4,3"], "`--shape 4,3` names no input"),
        (shapes, ["encoder=4,"], "wrong value of `--shape`: found ``"),
    ],
)
def test_a_mistyped_size_is_a_sentence(read, given, said):
    with pytest.raises(InputError, match=said):
        read(given)
