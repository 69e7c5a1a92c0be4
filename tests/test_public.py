"""The public face: one name for each step of the way, seen by editors too."""

import re
from pathlib import Path

import pytest

import zoo

STEPS = {"list_models", "get_spec", "create_model", "load_model", "train", "evaluate", "export_model", "verify"}


def test_there_is_a_name_for_each_step():
    assert {*STEPS, "load_bundle", "runtime", "ZooError", "__version__"} == set(zoo.__all__) == set(dir(zoo))
    assert [name for name in STEPS if not callable(getattr(zoo, name))] == []


def test_editors_see_what_is_there():
    stub = Path(zoo.__file__).with_suffix(".pyi").read_text("utf-8")
    seen = set(re.findall(r" as (\w+)$", stub, re.M)) | set(re.findall(r"^(\w+):", stub, re.M))
    assert seen == set(zoo.__all__)


def test_scores_by_name():
    found = zoo.evaluate("resnet_tiny.digits", "int8")
    card = zoo.load_bundle("resnet_tiny.digits").card["artifacts"]["int8"]
    assert found["bundle"] == "resnet_tiny.digits"
    assert found["artifacts"]["int8"]["metrics"]["accuracy"] == pytest.approx(card["metrics"]["accuracy"], abs=0.003)


def test_a_target_is_of_no_run(tmp_path):
    (tmp_path / "recipe.yaml").write_text("model: resnet_tiny", "utf-8")
    (tmp_path / "environment.json").write_text("{}", "utf-8")
    with pytest.raises(zoo.ZooError, match="`--target int8` is for a bundle"):
        zoo.evaluate(tmp_path, "int8")


def test_a_name_of_nothing_is_not_verified():
    with pytest.raises(zoo.ZooError, match=r"unknown bundle: `resnet_tiny\.digit`"):
        zoo.verify("resnet_tiny.digit")
