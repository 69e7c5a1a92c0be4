"""A bundle says what it is, and is found by path or by name."""

import shutil

import pytest

from zoo.bundle import load_bundle
from zoo.errors import BundleError, UnknownNameError


def test_a_bundle_says_what_it_is(bundle):
    assert bundle.name == "sun.rise"
    assert bundle.task == "classification"
    assert bundle.family == "star"
    assert bundle.labels == ("day", "night")
    assert bundle.parts["predict"]["inputs"]["image"]["shape"] == [1, 4, 4, 3]
    assert bundle.targets == ("saved_model", "float32", "int8")
    assert bundle.card == {}


def test_files_are_handed_out_by_path(bundle):
    assert bundle.artifact("int8").read_bytes() == b"weights in one byte"
    assert bundle.file("saved_model/saved_model.pb").read_bytes() == b"a graph"
    assert bundle.artifact("saved_model") == bundle.path / "saved_model"


def test_a_saved_model_that_was_left_out_is_no_target(bundle):
    """The wheel carries bundles without it."""
    shutil.rmtree(bundle.path / "saved_model")
    assert bundle.targets == ("float32", "int8")
    with pytest.raises(UnknownNameError) as caught:
        bundle.artifact("saved_model")
    assert "not in the wheel" in caught.value.hint


def test_a_name_is_looked_up_in_the_roots(bundle, monkeypatch):
    monkeypatch.setenv("ZOO_HOME", str(bundle.path.parent))
    assert load_bundle("sun.rise").path == bundle.path


def test_a_path_goes_before_a_name(bundle, monkeypatch, tmp_path):
    monkeypatch.setenv("ZOO_HOME", str(bundle.path.parent))
    (tmp_path / "here").mkdir()
    shutil.copytree(bundle.path, tmp_path / "here" / "sun.rise")
    monkeypatch.chdir(tmp_path / "here")
    assert load_bundle("sun.rise").path.resolve() == tmp_path / "here" / "sun.rise"


def test_a_wrong_name_lists_the_nearest_and_the_places(bundle, monkeypatch):
    monkeypatch.setenv("ZOO_HOME", str(bundle.path.parent))
    with pytest.raises(UnknownNameError, match=r"unknown bundle: `sun\.rice`; the nearest are `sun\.rise`") as caught:
        load_bundle("sun.rice")
    assert str(bundle.path.parent) in caught.value.hint


@pytest.mark.parametrize(
    ("path", "found"), [("nowhere/at_all", "nothing"), ("empty", "a folder without"), ("f", "a file")]
)
def test_what_is_no_bundle_is_refused(tmp_path, path, found):
    (tmp_path / "empty").mkdir()
    (tmp_path / "f").touch()
    with pytest.raises(BundleError, match=f"is not a bundle: found {found}"):
        load_bundle(tmp_path / path)


def test_an_unshipped_target_says_what_is_there(bundle):
    with pytest.raises(UnknownNameError, match=r"no artifact for the target `float16`: .*saved_model, float32, int8"):
        bundle.artifact("float16")
