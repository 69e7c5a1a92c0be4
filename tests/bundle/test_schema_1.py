"""Bundles of schema 1 are read as those of today, and are of today's schema once a file of theirs is rewritten."""

import json

import make
import pytest
from make import put, tensor

from zoo.bundle import load_bundle, update_files
from zoo.errors import BundleError
from zoo.paths import shipped


def old(outputs, labels, **parts):
    """A change of a manifest of today to one of schema 1, with these outputs."""

    def change(manifest):
        for key in ("decode", "answers"):
            del manifest[key]
        manifest["parts"]["predict"]["outputs"] = outputs
        manifest["parts"].update(parts)
        manifest.update(schema=1, decode="single", labels=labels)

    return change


def bundle_of(tmp_path, change):
    manifest = make.manifest({"x": tensor(1, 9, 3, kind="signal")}, {})
    path = make.bundle(tmp_path, "old", manifest, {"float32.tflite": b"a file"}).path
    return make.forged(path, change)


LOGITS = tensor(1, 3, kind="logits", softmax=True)
YES = tensor(1, 1, kind="yes_no")
ABC = ["a", "b", "c"]
CASES = {
    "logits": ({"y": LOGITS}, ABC, {"y": make.classes(ABC)}),
    "softmax without a kind": ({"y": tensor(1, 3, softmax=True)}, None, {"y": make.classes()}),
    "probabilities": ({"y": tensor(1, 3, kind="probabilities")}, ABC, {"y": make.classes(ABC, "probabilities")}),
    "the labelled one first": (
        {"x": tensor(1, 2, kind="logits"), "y": LOGITS},
        ABC,
        {"y": make.classes(ABC), "x": make.classes()},
    ),
    "of yes and no": ({"y": YES}, ["n", "y"], {"y": make.classes(["n", "y"], "yes_no")}),
    "yes without names": ({"y": YES}, None, {"y": make.classes(of="yes_no")}),
    "a choice goes before yes": (
        {"y": YES, "z": LOGITS},
        ABC,
        {"z": make.classes(ABC), "y": make.classes(of="yes_no")},
    ),
    "numbers": ({"y": tensor(1, 3, kind="value"), "n": tensor(1, dtype="int32", kind="whole")}, None, {}),
}


@pytest.mark.parametrize("case", CASES)
def test_what_outputs_were_becomes_their_answers(case, tmp_path):
    outputs, labels, expected = CASES[case]
    bundle = load_bundle(bundle_of(tmp_path, old(outputs, labels)))
    assert list(bundle.manifest["answers"].items()) == list(expected.items())
    assert bundle.manifest["schema"] == 2
    assert bundle.manifest["decode"] == {"loop": "single", "part": "predict"}
    assert "stream" not in bundle.manifest
    assert all(facts.keys() <= {"shape", "dtype"} for facts in bundle.parts["predict"]["outputs"].values())


def test_the_part_that_streams_keeps_its_name(tmp_path):
    row = tensor(1, 1, 3)
    step = {"inputs": {"x": row | {"kind": "signal", "time": True}}, "outputs": {"y": row | {"time": True}}}
    bundle = load_bundle(bundle_of(tmp_path, old({"y": LOGITS}, ABC, step=step | {"state": {"h": row}})))
    assert bundle.manifest["stream"] == "step"


def test_reading_changes_nothing_and_rewriting_makes_it_of_today(tmp_path):
    path = bundle_of(tmp_path, old({"y": LOGITS}, ABC))
    before = (path / "manifest.json").read_bytes()
    bundle = load_bundle(path)
    assert (path / "manifest.json").read_bytes() == before
    updated = update_files(bundle, {"README.md": b"read me"})
    assert json.loads((path / "manifest.json").read_bytes()) == updated.manifest
    assert {**updated.manifest, "files": bundle.manifest["files"]} == bundle.manifest


FORGED = {
    "a key of today": (put("answers", value={}), "unknown key `answers`"),
    "another loop": (put("decode", value="stream"), 'at `decode`: found "stream", expected one of single'),
    "labels that name nothing": (put("labels", value=["a"]), 'at `answers > y > labels`: found \\["a"\\], expected 3'),
    "no part to run": (lambda manifest: manifest["parts"].clear(), "expected one of the parts: there is none"),
}


@pytest.mark.parametrize("case", FORGED)
def test_what_is_wrong_in_it_is_refused(case, tmp_path):
    change, message = FORGED[case]
    path = make.forged(bundle_of(tmp_path, old({"y": LOGITS}, ABC)), change)
    with pytest.raises(BundleError, match=message):
        load_bundle(path)


def test_shipped_bundles_have_labels():
    found = {
        path.parent.name: load_bundle(path.parent).labels for path in shipped("saved_models").glob("*/manifest.json")
    }
    assert found["resnet_tiny.digits"] == tuple("0123456789")
    assert found["ecg_lstm4.mitbih"] == ("N", "S", "V", "F", "Q")
