"""From a bundle and an input to an answer; what cannot be right is refused before anything runs."""

import os
import subprocess
import sys

import numpy as np
import pytest

from zoo import runtime
from zoo.errors import BundleError, UnknownNameError
from zoo.runtime.answers.classes import softmax


@pytest.mark.parametrize("target", ["auto", None, "float32", "int8"])
def test_a_picture_gets_the_probabilities_of_keras(load, models, target):
    picture = np.random.default_rng(5).integers(0, 256, (8, 8, 3), np.uint8)
    found = runtime.load(load("image.test"), target)(picture)
    expected = softmax(np.asarray(models["image"]({"image": picture[None].astype(np.float32)})["logits"]))[0]
    np.testing.assert_allclose(found.probabilities, expected, atol=1e-5 if target != "int8" else 0.02)
    assert found.target == (target if target in ("float32", "int8") else "float32")
    assert found.label == ["cat", "dog", "sun"][int(np.argmax(expected))]


def test_two_inputs_go_to_their_names(bundles, models):
    random = np.random.default_rng(6)
    ecg, rr = random.uniform(-2, 2, 12), random.uniform(0, 3, 4)
    found = runtime.load(bundles / "beat.test")({"rr": rr, "ecg": ecg})
    inputs = {"ecg": ecg.reshape(1, 12, 1).astype(np.float32), "rr": rr.reshape(1, 4).astype(np.float32)}
    np.testing.assert_allclose(found.outputs["logits"], np.asarray(models["beat"](inputs)["logits"]), atol=1e-5)


def test_a_users_model_gives_its_outputs(bundles):
    found = runtime.load(bundles / "own.test")(np.arange(10) / 10)
    np.testing.assert_allclose(found.outputs["low"], [[4.5, 4.5]], rtol=1e-6)
    np.testing.assert_allclose(found.outputs["high"], [np.arange(10) / 5], rtol=1e-6)
    assert found.probabilities is None
    assert found.answers == {}


def test_bundles_are_found_by_name(bundles, monkeypatch):
    monkeypatch.setenv("ZOO_HOME", str(bundles))
    assert runtime.load("own.test").target == "float32"


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("int9", r"LiteRT runs no target `int9`; the nearest are `int8`"),
        ("saved_model", "LiteRT runs no target `saved_model`"),
        ("float16", r"ships no artifact for the target `float16`: it has float32, int8"),
    ],
)
def test_a_target_that_cannot_run_is_refused(load, target, message):
    with pytest.raises(UnknownNameError, match=message):
        runtime.load(load("image.test"), target)


def put(name, key, value):
    return lambda manifest: manifest["parts"]["predict"][name].update({key: value})


LOGITS = {"shape": [1, 3], "dtype": "float32"}
FORGED = {
    "another shape": (
        lambda manifest: manifest["parts"]["predict"]["inputs"]["image"].update(shape=[1, 9, 9, 3]),
        BundleError,
        r"has other inputs than its manifest: found {'image': \(1, 8, 8, 3\)}, expected {'image': \(1, 9, 9, 3\)}",
    ),
    "another output": (put("outputs", "more", LOGITS), BundleError, "has other outputs than its manifest"),
    "a batch": (
        lambda manifest: manifest["parts"]["predict"]["inputs"]["image"].update(shape=[4, 8, 8, 3]),
        BundleError,
        r"has inputs and outputs of unlike batches: found \[\[4, 8, 8, 3\], \[1, 3\]\], expected one first axis",
    ),
}


@pytest.mark.parametrize("case", FORGED)
def test_a_manifest_that_its_file_contradicts_is_refused(changed, case):
    change, kind, message = FORGED[case]
    with pytest.raises(kind, match=message):
        runtime.load(changed("image.test", change))


def test_a_damaged_artifact_is_not_run(changed):
    path = changed("image.test", lambda manifest: None)
    data = bytearray((path / "float32.tflite").read_bytes())
    data[len(data) // 2] ^= 1
    (path / "float32.tflite").write_bytes(data)
    with pytest.raises(BundleError, match=r"float32\.tflite` has the wrong SHA-256"):
        runtime.load(path)
    assert runtime.load(path, "int8").target == "int8"


def test_a_user_without_a_home_has_the_shipped_bundles():
    """As in a container that runs under a number that no user has."""
    code = (
        "import pwd\ndef nobody(number): raise KeyError(number)\npwd.getpwuid = nobody\n"
        "from zoo import runtime; print(runtime.load('resnet_tiny.digits').target)"
    )
    bare = {name: value for name, value in os.environ.items() if name not in ("HOME", "XDG_CACHE_HOME", "ZOO_HOME")}
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=bare)
    assert process.stdout.strip() == "float32", process.stderr
