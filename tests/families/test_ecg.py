"""The heartbeat models: what enters, what does not matter, and what the two that are compared share."""

import keras
import numpy as np
import pytest
from keras import layers

import zoo
from zoo.families import _ecg

BEAT_MODELS = ["ecg_cnn13", "ecg_cnn_tiny", "ecg_lstm4"]


@pytest.fixture
def beats():
    """Four heartbeat-like windows in mV on an electrode's offset, and the intervals around them in seconds."""
    generator = np.random.default_rng(20)
    time = np.arange(_ecg.SAMPLES) - 90
    spike = np.exp(-((time / 6.0) ** 2))[None, :, None] * generator.uniform(0.5, 2, (4, 1, 1))
    noise = generator.normal(0, 0.02, spike.shape)
    return {
        "ecg": (spike + noise - 0.3).astype("float32"),
        "rr": generator.uniform(0.4, 1.5, (4, 4)).astype("float32"),
    }


def convolutions(model: keras.Model) -> list:
    return [layer for layer in model.layers if isinstance(layer, layers.Conv1D)]


def test_ecg_cnn13_has_thirteen_layers_on_the_path_of_the_beat():
    model = zoo.create_model("ecg_cnn13")
    assert len(convolutions(model)) == 12
    dense_after_the_pool = [
        layer.name for layer in model.layers if isinstance(layer, layers.Dense) and not layer.name.startswith("rhythm")
    ]
    assert dense_after_the_pool == ["logits"]


def test_ecg_lstm4_has_four_lstm_layers():
    model = zoo.create_model("ecg_lstm4")
    assert sum(isinstance(layer, layers.LSTM) for layer in model.layers) == 4
    assert not convolutions(model)


def test_the_compared_models_share_inputs_and_the_layers_that_read_intervals():
    cnn, lstm = zoo.create_model("ecg_cnn13"), zoo.create_model("ecg_lstm4")
    for shared in ("rhythm1", "rhythm2", "dropout"):
        assert cnn.get_layer(shared).get_config() == lstm.get_layer(shared).get_config()
    ours, theirs = zoo.get_spec("ecg_cnn13").facts, zoo.get_spec("ecg_lstm4").facts
    assert ours["inputs"] == theirs["inputs"]
    assert 1 / 2 <= ours["macs"] / theirs["macs"] <= 2


@pytest.mark.parametrize("name", ["ecg_cnn13", "ecg_cnn_tiny"])
def test_shape_does_not_choose_between_alike_classes(name, beats):
    """Whatever the shape, N less S hangs on the intervals alone; N less V does not."""
    model = zoo.create_model(name)
    logits, others = (np.asarray(model({**beats, "ecg": ecg})["logits"]) for ecg in (beats["ecg"], -beats["ecg"]))
    np.testing.assert_allclose(logits[:, 0] - logits[:, 1], others[:, 0] - others[:, 1], atol=1e-5)
    assert np.abs((logits[:, 0] - logits[:, 2]) - (others[:, 0] - others[:, 2])).max() > 1e-3


@pytest.mark.parametrize("num_classes", [1, 2, 7])
def test_alike_classes_are_those_that_there_are(num_classes, beats):
    assert zoo.create_model("ecg_cnn_tiny", num_classes=num_classes)(beats)["logits"].shape == (4, num_classes)


@pytest.mark.parametrize("name", BEAT_MODELS)
def test_five_logits_a_beat(name, beats):
    logits = zoo.create_model(name)(beats)["logits"]
    assert tuple(logits.shape) == (4, 5)
    assert np.isfinite(logits).all()


@pytest.mark.parametrize("name", BEAT_MODELS)
def test_an_electrode_offset_changes_nothing(name, beats):
    model = zoo.create_model(name)
    lifted = {**beats, "ecg": beats["ecg"] + np.float32(1.5)}
    np.testing.assert_allclose(model(lifted)["logits"], model(beats)["logits"], atol=1e-4)


@pytest.mark.parametrize("name", BEAT_MODELS)
def test_both_inputs_matter(name, beats):
    model = zoo.create_model(name)
    logits = np.asarray(model(beats)["logits"])
    early = {**beats, "rr": beats["rr"] * np.float32([0.5, 1, 1, 1])}
    upside_down = {**beats, "ecg": -beats["ecg"]}
    for changed in (early, upside_down):
        assert np.abs(np.asarray(model(changed)["logits"]) - logits).max() > 1e-3


def test_centred_takes_off_the_mean_of_the_window(beats):
    ecg = beats["ecg"].astype("float64")
    np.testing.assert_allclose(_ecg.centred(beats["ecg"]), ecg - ecg.mean(axis=1, keepdims=True), atol=1e-5)


def test_rhythm_is_six_logarithms_of_ratios(beats):
    before, after, ten, record = beats["rr"].astype("float64").T
    ratios = [before / ten, after / ten, before / record, after / record, before / after, ten / record]
    np.testing.assert_allclose(_ecg.rhythm(beats["rr"]), np.log(np.stack(ratios, axis=1)), atol=1e-5)


def test_rhythm_is_the_same_at_every_heart_rate(beats):
    slower = beats["rr"] * np.float32(1.3)
    np.testing.assert_allclose(_ecg.rhythm(slower), _ecg.rhythm(beats["rr"]), atol=1e-5)


def test_no_interval_is_out_of_range():
    """A gap of minutes, as stands where beats are not annotated, and a zero stay finite and small."""
    rr = np.array([[100, 0, 1, 1], [0, 0, 100, 100]], "float32")
    clipped = np.clip(rr, _ecg.SHORTEST, _ecg.LONGEST)
    np.testing.assert_allclose(_ecg.rhythm(rr), _ecg.rhythm(clipped))
    assert np.abs(_ecg.rhythm(rr)).max() <= np.log(_ecg.LONGEST / _ecg.SHORTEST) + 1e-5
