"""Every registered model: built, run forward and backward, saved and loaded.  Counts against published ones."""

import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from zoo import registry
from zoo.bundle import load_bundle
from zoo.errors import BundleError, InputError
from zoo.families import _counting, create_model, load_model
from zoo.layers import formulas

NAMES = registry.list_models()
DEEP = ("resnet32", "resnet56", "resnet110")
"""Minutes for the code that resnet20 runs as well."""

EVERY = [pytest.param(name, marks=[pytest.mark.slow] if name in DEEP else []) for name in NAMES]


def inputs(model, batch=2, seed=0):
    generator = np.random.default_rng(seed)
    shapes = {tensor.name: tensor.shape[1:] for tensor in model.inputs}
    return {name: generator.uniform(0.5, 1.5, (batch, *shape)).astype("float32") for name, shape in shapes.items()}


@pytest.mark.parametrize("name", NAMES)
def test_facts_are_those_of_the_model(name):
    counted = _counting.facts(create_model(name))
    assert json.loads(json.dumps(counted)) == registry.get_spec(name).facts


@pytest.mark.parametrize("name", EVERY)
def test_forward_and_backward(name):
    model = create_model(name)
    with tf.GradientTape() as tape:
        logits = model(inputs(model), training=True)["logits"]
        loss = tf.reduce_mean(tf.square(logits))
    assert logits.shape == (2, registry.get_spec(name).arguments["num_classes"])
    assert logits.dtype == "float32"
    gradients = tape.gradient(loss, model.trainable_variables)
    assert all(gradient is not None and np.isfinite(gradient).all() for gradient in gradients)


@pytest.mark.parametrize("name", EVERY)
def test_weights_survive_saving(name, tmp_path):
    model, other = create_model(name), create_model(name)
    model.save_weights(tmp_path / "model.weights.h5")
    other.load_weights(tmp_path / "model.weights.h5")
    x = inputs(model)
    np.testing.assert_array_equal(model(x)["logits"], other(x)["logits"])


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith("_tiny")])
def test_the_whole_model_survives_saving(name, tmp_path):
    model = create_model(name)
    model.save(tmp_path / "model.keras")
    x = inputs(model)
    np.testing.assert_array_equal(model(x)["logits"], keras.saving.load_model(tmp_path / "model.keras")(x)["logits"])


@pytest.mark.parametrize(
    ("name", "parameters", "trainable", "macs"),
    [
        ("resnet8", 78_666, 78_186, 12_501_632),  # MLPerf Tiny's reference
        ("resnet20", 271_098, 269_722, 40.55e6),  # He et al., option A
        ("resnet32", 466_426, 464_154, 68.86e6),
        ("resnet56", 857_082, 853_018, 125.5e6),
        ("resnet110", 1_736_058, 1_727_962, 252.9e6),
    ],
)
def test_resnets_have_the_published_counts(name, parameters, trainable, macs):
    facts = registry.get_spec(name).facts
    assert (facts["parameters"], facts["trainable"]) == (parameters, trainable)
    assert facts["macs"] == pytest.approx(macs, rel=1e-3)


def test_resnet20_sees_81_pixels():
    """Along one axis, its last convolution; by the formula on the longest path, and by a gradient in the graph."""
    path = [(3, 1, 1)] * 7 + [(3, 2, 1)] + [(3, 1, 1)] * 5 + [(3, 2, 1)] + [(3, 1, 1)] * 5
    assert formulas.receptive_field(path) == registry.get_spec("resnet20").facts["receptive_field"] == 81


def test_the_receptive_field_is_where_the_gradient_is_not_zero():
    model = create_model("resnet8", input_shape=[96, 96, 3])
    body = keras.Model(model.inputs, model.get_layer("stage3_block1_second_conv").output)
    x = tf.constant(np.random.default_rng(0).uniform(0, 255, (1, 96, 96, 3)).astype("float32"))
    with tf.GradientTape() as tape:
        tape.watch(x)
        centre = tf.reduce_sum(tf.abs(body(x)[0, 12, 12]))
    touched = np.flatnonzero(np.abs(tape.gradient(centre, x)).sum((0, 2, 3)))
    # The gradient flows where ReLUs are open, so it may miss an edge and never goes beyond the field.
    field = registry.get_spec("resnet8").facts["receptive_field"]
    assert field - 6 <= touched.max() - touched.min() + 1 <= field


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("resnet20", {"depth": 9}, "`depth`: found 9, expected 6 n \\+ 2"),
        ("resnet20", {"depth": 2}, "`depth`: found 2"),
        ("resnet20", {"shortcut": "x"}, "`shortcut`: found 'x', expected one of pad, convolution"),
        ("ecg_lstm4", {"front": "x"}, "`front`: found 'x', expected one of rows, beat"),
        ("ecg_lstm4", {"cell": "x"}, "`cell`: found 'x', expected one of simple_rnn, lstm, gru"),
        ("resnet8", {"num_classes": 0}, "`num_classes`: found 0"),
        ("resnet8", {"width": 2.5}, "`width`: found 2.5, expected a whole number, such as 16"),
        ("resnet8", {"bias": 1}, "`bias`: found 1, expected true or false"),
        ("resnet8", {"input_shape": (32, 32)}, "`input_shape`: found \\(32, 32\\), expected 3 whole numbers from 1"),
        ("resnet8", {"input_shape": [0, 32, 3]}, "`input_shape`: found \\[0, 32, 3\\]"),
        ("ecg_lstm4", {"units": 48}, "`units`: found 48, expected a list, each a whole number"),
        ("ecg_lstm4", {"units": ["48"]}, "`units`: found \\['48'\\]"),
    ],
)
def test_a_wrong_argument_is_a_sentence(name, arguments, message):
    with pytest.raises(InputError, match=f"wrong value of {message}"):
        create_model(name, **arguments)


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("resnet8", {"width": 0}, "cannot be built with width=0: .*filters"),
        ("ecg_lstm4", {"group": 7}, "cannot be built with group=7: "),
        ("ecg_lstm4", {"layer_dropout": 2.0}, "cannot be built with layer_dropout=2.0: "),
        ("ecg_lstm4", {"units": []}, "cannot be built with units=\\[\\]: "),
    ],
)
def test_what_a_layer_cannot_take_is_a_sentence(name, arguments, words):
    with pytest.raises(InputError, match=words) as caught:
        create_model(name, **arguments)
    assert "\n" not in caught.value.message


def test_models_are_called_by_their_names():
    assert create_model("resnet_tiny").name == "resnet_tiny"
    assert load_model("resnet_tiny.digits", num_classes=3).name == "resnet_tiny_digits"


@pytest.mark.parametrize("name", ["resnet8.nonsense", "resnet8.cifar10"])
def test_create_model_takes_no_tag(name):
    with pytest.raises(InputError, match="names a training") as caught:
        create_model(name)
    assert f'zoo.load_model("{name}")' in caught.value.hint


@pytest.mark.parametrize("num_classes", [0, -1, 1.5, "3", True])
def test_a_new_head_has_a_whole_number_of_classes(num_classes):
    with pytest.raises(InputError, match="wrong value of `num_classes`"):
        load_model("resnet_tiny.digits", num_classes=num_classes)


def test_a_model_that_was_trained_once_needs_no_tag(tmp_path, monkeypatch):
    assert load_model("resnet_tiny").name == "resnet_tiny_digits"
    with pytest.raises(InputError, match="`resnet20` names a model that has no pretrained weights here"):
        load_model("resnet20")
    (tmp_path / "resnet_tiny.other").mkdir()
    (tmp_path / "resnet_tiny.other" / "manifest.json").touch()
    monkeypatch.setenv("ZOO_HOME", str(tmp_path))
    with pytest.raises(InputError, match=r"expected one of `resnet_tiny.digits`, `resnet_tiny.other`"):
        load_model("resnet_tiny")


@pytest.mark.parametrize("name", [*registry.list_models("*.digits"), *registry.list_models("ecg_*.mitbih")])
def test_a_new_head_keeps_the_body(name):
    trained, changed = load_model(name), load_model(name, num_classes=3)
    assert changed.output["logits"].shape[-1] == 3
    for layer in trained.layers:
        if not layer.name.endswith("logits"):
            for ours, theirs in zip(layer.get_weights(), changed.get_layer(layer.name).get_weights(), strict=True):
                np.testing.assert_array_equal(ours, theirs)


BUILDS = {
    "unknown key": ({"depht": 8}, "has no argument `depht`; the nearest are `depth`"),
    "text for a number": ({"width": "7"}, "wrong value of `width`: found '7', expected a whole number"),
    "number for a list": ({"input_shape": 8}, "wrong value of `input_shape`: found 8"),
    "no filters": ({"width": 0}, "cannot be built with .*width=0.*Received filters=0"),
    "no such depth": ({"depth": 9}, "wrong value of `depth`: found 9"),
    "no such shortcut": ({"shortcut": "x"}, "wrong value of `shortcut`"),
    "no classes": ({"num_classes": 0}, "wrong value of `num_classes`: found 0"),
}


@pytest.mark.parametrize("case", BUILDS)
def test_a_forged_build_is_a_sentence(tmp_path, case):
    change, message = BUILDS[case]
    bundle = load_bundle("resnet_tiny.digits")
    copy = shutil.copytree(bundle.path, tmp_path / bundle.name)
    build = {**bundle.manifest["build"], **change}
    (copy / "manifest.json").write_text(json.dumps({**bundle.manifest, "build": build}), "utf-8")
    with pytest.raises(BundleError, match=f"at `build`: .*{message}"):
        load_model(copy)


def test_families_are_pairs_of_files():
    folder = Path(registry.__file__).with_name("families")
    code = {path.stem for path in folder.glob("[a-z]*.py")}
    assert code == {path.stem for path in folder.glob("*.toml")}
