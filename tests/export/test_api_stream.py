"""A bundle that streams: keyword spotting by causal convolutions and a GRU, exported, measured, fed chunk by chunk."""

import keras
import numpy as np
import pytest
from streamed_models import LENGTH, keywords, stateful

from zoo import runtime
from zoo.errors import InputError
from zoo.export import export_model
from zoo.verify.cards.render import bundle_readme
from zoo.verify.verification import verify_bundle

pytestmark = pytest.mark.usefixtures("converter")

TARGETS = ("float32", "int8")


@pytest.fixture(scope="module")
def bundle(converter, tmp_path_factory):
    keras.utils.set_random_seed(7)
    calibration = {"spectrum": np.random.default_rng(0).normal(size=(60, LENGTH, 4))}
    out = tmp_path_factory.mktemp("bundles")
    return export_model(keywords(), TARGETS, out=out, name="keywords", calibration=calibration, stream=True, chunk=3)


@pytest.mark.parametrize("target", TARGETS)
def test_keyword_spotting_is_streamed_in_chunks(bundle, target):
    predictor = runtime.load(bundle, target)
    spectrum = np.random.default_rng(1).normal(size=(LENGTH, 4)).astype(np.float32)
    whole, stream = predictor(spectrum), predictor.stream()
    assert stream.chunk == 3
    found = [stream.feed(frames) for frames in np.split(spectrum, [3, 9])]
    each = np.concatenate([answer.outputs["each"] for answer in found], axis=1)
    tolerance = 0 if target == "int8" else 1e-5
    np.testing.assert_allclose(each, whole.outputs["each"], rtol=0, atol=tolerance)
    np.testing.assert_allclose(found[-1].outputs["last"], whole.outputs["last"], rtol=0, atol=tolerance)
    stream.begin()
    np.testing.assert_array_equal(stream.feed({"spectrum": spectrum[:3]}).outputs["last"], found[0].outputs["last"])


def test_two_streams_do_not_meet(bundle):
    predictor = runtime.load(bundle, "int8")
    one, other = predictor.stream(), predictor.stream()
    frames = np.random.default_rng(2).normal(size=(6, 4)).astype(np.float32)
    first = one.feed(frames[:3])
    other.feed(frames[3:])
    predictor(np.zeros((LENGTH, 4), np.float32))
    second = one.feed(frames[3:])
    one.begin()
    both = one.feed(frames).outputs["each"]
    np.testing.assert_array_equal(both, np.concatenate([first.outputs["each"], second.outputs["each"]], axis=1))


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        (np.zeros((2, 4)), "found 2 of `spectrum`"),
        (np.zeros((3, 5)), "has the wrong shape"),
        (np.full((3, 4), np.nan), "holds NaN or infinity"),
        ({"sound": np.zeros((3, 4))}, "names an unknown input: `sound`"),
    ],
)
def test_frames_that_do_not_fit_are_refused(bundle, frames, message):
    with pytest.raises(InputError, match=message):
        runtime.load(bundle).stream().feed(frames)


def test_the_manifest_says_what_goes_round(bundle):
    stream = bundle.parts["stream"]
    assert stream["inputs"]["spectrum"] == {"shape": [1, 3, 4], "dtype": "float32", "kind": "array", "time": True}
    assert stream["outputs"] == {
        "each": {"shape": [1, 3, 3], "dtype": "float32", "time": True},
        "last": {"shape": [1, 3], "dtype": "float32"},
    }
    assert stream["state"]["far_window"] == {"shape": [1, 4, 6], "dtype": "float32"}
    assert bundle.manifest["stream"] == "stream"
    stored = bundle.manifest["artifacts"]["int8"]["quantization"]["stream"]
    assert stored["near_window"] == stored["spectrum"], "the window holds frames"


def test_the_card_says_that_it_was_measured(bundle):
    for target in TARGETS:
        streaming = bundle.card["artifacts"][target]["streaming"]
        assert (streaming["chunk"], streaming["examples"], streaming["frames"]) == (3, 256, LENGTH)
    assert bundle.card["artifacts"]["int8"]["streaming"]["max_abs"] == 0
    said = "`stream` of `int8` takes 3 frames a call: streamed, 256 examples of 12 frames differ from the whole by 0"
    assert said in bundle_readme(bundle.card)


def test_it_is_verified_again(bundle):
    verified = verify_bundle(bundle)
    assert not verified.failures
    assert {"streaming", "streamed again"} <= {gate.name for gate in verified.gates["int8"]}


def test_a_stateful_layer_hands_out_its_state(tmp_path):
    """tensorflow 37659: a model that is called frame by frame and remembers, in Keras; its file is given the state."""
    model = stateful(frames=1)
    bundle = export_model(model, "float32", out=tmp_path, name="memory", stream=True)
    stream = runtime.load(bundle).stream()
    for frame in np.random.default_rng(3).normal(size=(20, 1, 4)).astype(np.float32):
        wanted = model(frame[None])["each"]
        np.testing.assert_allclose(stream.feed(frame).outputs["each"], wanted, atol=1e-5)


@pytest.mark.slow
def test_every_usual_target_has_the_stream(tmp_path):
    keras.utils.set_random_seed(7)
    targets = ("saved_model", "float16", "dynamic_int8")
    bundle = export_model(keywords(), targets, out=tmp_path, name="keywords", stream=True)
    assert bundle.targets == targets
    assert all(entry["streaming"]["chunk"] == 1 for entry in bundle.card["artifacts"].values())
