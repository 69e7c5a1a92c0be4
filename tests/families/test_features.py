"""Models cut open to their features, and pretrained ones of other sizes: every family, those of plug-ins too."""

import keras
import numpy as np
import pytest
from tiny_plugin import TINY, bundle_of_weights, tiny_models

from zoo import registry
from zoo.errors import InputError, UnknownNameError
from zoo.export import export_model
from zoo.families import create_model, load_model

OURS = registry.list_models("*_tiny")
OTHERS = sorted(f"{path.stem}_tiny" for path in (TINY / "tiny_models" / "families").glob("*.toml"))


@pytest.fixture(autouse=True, scope="module")
def _plugin():
    with tiny_models():
        yield


def arrays(model):
    generator = np.random.default_rng(0)
    return {
        tensor.name: generator.integers(1, 4, (2, *tensor.shape[1:])).astype(tensor.dtype) for tensor in model.inputs
    }


def of_layer(model, layer, inputs):
    """What a layer gives, by a model made by hand."""
    return keras.Model(model.input, model.get_layer(layer).output)(inputs)


@pytest.mark.parametrize("name", [*OURS, *OTHERS])
def test_every_family_gives_what_its_head_reads(name):
    if name == "moves_tiny":
        with pytest.raises(InputError, match=r"reads 2 tensors that cannot be joined: `pool` .*, `gru` ") as caught:
            create_model(name, features=["features"])
        assert caught.value.hint == "name these layers themselves"
        return
    model = create_model(name, features=["features"])
    assert list(model.output) == ["features"]
    assert np.isfinite(model(arrays(model))["features"]).all()


def test_features_are_what_the_layers_give():
    keras.utils.set_random_seed(1)
    model = create_model("resnet_tiny")
    keras.utils.set_random_seed(1)
    opened = create_model("resnet_tiny", features=["features", "stage1", "stage2_block1", "stem_conv"])
    assert opened.name == model.name
    inputs = arrays(model)
    found = opened(inputs)
    for name, layer in {
        "features": "pool",
        "stage1": "stage1_block1_relu",
        "stage2_block1": "stage2_block1_relu",
        "stem_conv": "stem_conv",
    }.items():
        np.testing.assert_allclose(found[name], of_layer(model, layer, inputs), rtol=1e-5, atol=1e-5)


def test_a_head_of_two_layers_reads_both_side_by_side():
    model = create_model("ecg_cnn_tiny", features=["features", "stage2"])
    shape, rhythm = 8, registry.get_spec("ecg_cnn_tiny").arguments["rhythm_units"][-1]
    assert model.output["features"].shape == (None, shape + rhythm)
    found = model(arrays(model))["features"]
    np.testing.assert_array_equal(found[:, :shape], of_layer(model, "pool", arrays(model)))


def test_inputs_are_those_that_are_needed():
    assert list(create_model("ecg_cnn_tiny", features=["pool"]).input) == ["ecg"]
    assert list(create_model("bars_tiny", features=["see"]).input) == ["image"]


def test_a_layer_with_states_gives_its_sequence():
    assert create_model("bars_tiny", features=["gru"]).output["gru"].shape == (None, 8, 24)


@pytest.mark.parametrize(
    ("features", "error", "words"),
    [
        (["stage9"], UnknownNameError, "has no layer `stage9`; the nearest are `stage[123]`"),
        (["feature"], UnknownNameError, "the nearest are `features`"),
        ("pool", InputError, "wrong value of `features`: found 'pool', expected a list of names"),
        ([], InputError, "wrong value of `features`"),
        ([3], InputError, "wrong value of `features`"),
    ],
)
def test_wrong_features_are_a_sentence(features, error, words):
    with pytest.raises(error, match=words):
        create_model("resnet_tiny", features=features)


def test_trained_features_are_those_of_the_weights(tmp_path, converter):
    whole, opened = load_model("resnet_tiny.digits"), load_model("resnet_tiny.digits", features=["features"])
    inputs = arrays(whole)
    found = opened(inputs)["features"]
    np.testing.assert_array_equal(found, of_layer(whole, "pool", inputs))
    assert opened.labels is None
    bundle = export_model(opened, "float32", out=tmp_path, name="body")
    assert bundle.parts["predict"]["inputs"]["image"]["kind"] == "image"
    assert list(bundle.parts["predict"]["outputs"]) == ["features"]


def test_another_input_shape_keeps_all_weights():
    trained, wider = load_model("resnet_tiny.digits"), load_model("resnet_tiny.digits", input_shape=(16, 12, 1))
    assert wider.input["image"].shape == (None, 16, 12, 1)
    assert wider.labels == trained.labels
    for ours, theirs in zip(trained.get_weights(), wider.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_recurrence_over_rows_takes_more_rows_and_no_other_width():
    assert load_model("stacked_rnn_tiny.digits", input_shape=[12, 8, 1]).input["image"].shape == (None, 12, 8, 1)
    with pytest.raises(InputError, match=r"its layer `gru1` .* weights depend on `input_shape`: found \[\(8, 96\)"):
        load_model("stacked_rnn_tiny.digits", input_shape=[8, 9, 1])


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("ecg_cnn13.mitbih", {"input_shape": [512, 1]}, "`ecg_cnn13` has no argument `input_shape`; the nearest are"),
        ("resnet_tiny.digits", {"num_values": 3}, "`resnet_tiny` has no argument `num_values`; the nearest are"),
        ("resnet_tiny.digits", {"num_classes": {"logits": 3}}, "wrong value of `num_classes`: found {'logits': 3}"),
        ("resnet_tiny.digits", {"input_shape": [8, 8]}, "wrong value of `input_shape`: found .8, 8., expected 3 whole"),
        ("resnet_tiny.digits", {"width": 8}, "its layer `stem_conv` is no part of a new head, .* depend on `width`"),
        ("resnet_tiny.digits", {"depth": 14}, "with another `depth` its family builds other layers"),
    ],
)
def test_what_cannot_change_is_a_sentence(name, changes, words):
    with pytest.raises(InputError, match=words):
        load_model(name, **changes)


def test_what_no_weight_depends_on_may_change():
    changed = load_model("ecg_cnn13.mitbih", dropout=0.1)
    assert changed.get_layer("dropout").rate == 0.1
    assert changed.labels is not None
    for ours, theirs in zip(load_model("ecg_cnn13.mitbih").get_weights(), changed.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_one_head_of_two_becomes_new(tmp_path):
    bundle, model = bundle_of_weights(tmp_path, "moves_tiny.drawn")
    changed = load_model(bundle.path, num_classes={"kind": 5})
    assert {name: tensor.shape[-1] for name, tensor in changed.output.items()} == {"kind": 5, "phase": 3}
    for layer in ("gru", "phase"):
        for ours, theirs in zip(model.get_layer(layer).weights, changed.get_layer(layer).weights, strict=True):
            np.testing.assert_array_equal(ours, theirs)
    for wrong, words in (
        ({"kinds": 5}, "`moves_tiny` has no head `kinds`; the nearest are `kind`"),
        (5, "wrong value of `num_classes`: found 5, expected a value for each of kind, phase"),
    ):
        with pytest.raises(InputError, match=words):
            load_model(bundle.path, num_classes=wrong)


def test_sizes_of_other_heads_are_arguments_too(tmp_path):
    bundle, model = bundle_of_weights(tmp_path, "sums_tiny.drawn")
    changed = load_model(bundle.path, num_values=4)
    assert changed.output["value"].shape == (None, 4)
    np.testing.assert_array_equal(model.get_layer("gru").weights[0], changed.get_layer("gru").weights[0])
    bundle, _ = bundle_of_weights(tmp_path, "speech_tiny.drawn")
    assert load_model(bundle.path, vocabulary_size=9).output["logits"].shape[-1] == 9
    bundle, _ = bundle_of_weights(tmp_path, "rhyme_tiny.drawn")
    with pytest.raises(InputError, match=r"its layer `embed` is no part of a new head, .* depend on `vocabulary_size`"):
        load_model(bundle.path, vocabulary_size=9)
