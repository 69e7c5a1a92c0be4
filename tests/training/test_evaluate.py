"""`zoo evaluate` of artifacts, and what it refuses."""

import json

import pytest

from zoo import list_models, load_bundle

SHIPPED = list_models("*.digits", pretrained=True)
FIRST, *OTHERS = SHIPPED


@pytest.mark.parametrize("name", [FIRST, *(pytest.param(name, marks=pytest.mark.slow) for name in OTHERS)])
def test_artifacts_score_what_their_card_says(name, zoo):
    artifacts = load_bundle(name).card["artifacts"]
    shown = zoo("evaluate", name).stdout
    assert [target for target in artifacts if f" {target} " not in f" {shown} ".replace("\n", " ")] == []
    line = next(line for line in shown.splitlines() if line.startswith("accuracy"))
    for facts in artifacts.values():
        assert f"{100 * facts['metrics']['accuracy']:.2f} %" in line


def test_what_programs_read_is_what_people_read(undisturbed, zoo):
    run, _ = undisturbed
    assert json.loads(zoo("evaluate", run.path, "--json").stdout) == run.evaluation
    name = SHIPPED[0]
    scored = json.loads(zoo("evaluate", name, "--target", "int8", "--json").stdout)
    card = load_bundle(name).card
    assert scored["bundle"] == name
    assert scored["artifacts"]["int8"]["metrics"] == pytest.approx(card["artifacts"]["int8"]["metrics"], abs=0.002)
    assert json.loads(zoo("card", name, "--json").stdout) == [card]
    assert "exclude each other" in zoo("card", name, "--json", "--check", code=2).stderr


def test_a_run_has_no_artifacts(undisturbed, zoo):
    assert "is a run" in zoo("evaluate", undisturbed[0].path, "--target", "int8", code=2).stderr


def test_what_is_neither_run_nor_bundle_is_refused(tmp_path, zoo):
    assert f"`{tmp_path}`" in zoo("evaluate", tmp_path, code=2).stderr


def test_a_run_below_its_goal_is_not_told_twice(undisturbed, small_recipe, zoo, tmp_path):
    """A run that had ended is no news: exit 0, whatever it reached."""
    run, _ = undisturbed
    copied = tmp_path / run.full_name / run.path.name
    copied.mkdir(parents=True)
    (copied / "evaluation.json").write_text(json.dumps({**run.evaluation, "metrics": {"accuracy": 0.1}}), "utf-8")
    for name in ("recipe.yaml", "environment.json"):
        (copied / name).write_bytes((run.path / name).read_bytes())
    process = zoo("train", small_recipe, "--resume", "--out", tmp_path)
    assert process.stderr.count("has ended") == 1
    assert "10.00 %" in process.stdout


def test_what_comes_later_is_refused(small_recipe, tmp_path, zoo):
    assert "`--cache` is not there yet" in zoo("train", small_recipe, "--cache", tmp_path, code=2).stderr
