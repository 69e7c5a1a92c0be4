"""Recipes that ask of a task what it cannot do: each is one sentence, before anything is trained."""

import dataclasses

import pytest
import yaml
from data_sets import described
from tiny_plugin import tiny_models

from zoo.data.dataset import Target
from zoo.errors import RecipeError
from zoo.families import create_model
from zoo.training import load_recipe, train
from zoo.training.recipe.subject import subject_of
from zoo.training.recipe.validation import check_model

VALID = {
    **{"seed": 1, "epochs": 1, "batch_size": 32, "optimizer": "adam", "learning_rate": 0.01},
    **{"schedule": "cosine", "validation": 64},
}
GOALS = {"bars": "bleu4", "moves": "accuracy", "rhyme": "bits", "speech": "cer", "sums": "mse", "resnet": "accuracy"}


@pytest.fixture(autouse=True, scope="module")
def plugin():
    with tiny_models():
        yield


@pytest.fixture
def write(tmp_path):
    """A function that writes the recipe of a model on data, both named in short, with changes."""

    def write(model: str, data: str, **changes):
        data = data if data == "digits" else f"tiny_{data}"
        reach = {GOALS[model]: 0.5}
        path = tmp_path / "mine.yaml"
        values = {"model": f"{model}_tiny", "data": data, **VALID, "reach": reach, **changes}
        path.write_text(yaml.safe_dump(values), "utf-8")
        return path

    return write


@pytest.mark.parametrize(
    ("model", "data", "changes", "words"),
    [
        ("sums", "sums", {"class_weight": 0.5}, "`class_weight` is a key of recipes for classification: the model is"),
        ("moves", "moves", {"class_weight": 2}, "`class_weight`: found `2`, expected a number in (0, 1]"),
        ("sums", "moves", {}, "`tiny_moves` has no targets for the task `regression`: found `kind` (class), `phase`"),
        ("moves", "sums", {}, "`tiny_sums` has no targets for the task `classification`: found `value` (value)"),
        ("rhyme", "moves", {}, "`tiny_moves` has no targets for the task `language_model`"),
        ("bars", "rhyme", {}, "`tiny_rhyme` has no text for the task `captioning`: found `logits` (class)"),
        ("bars", "speech", {}, "the vocabulary of `tiny_speech` has no `start` token, which a caption needs"),
        ("speech", "bars", {}, "the vocabulary of `tiny_bars` has a `start` token, which `ctc` never answers"),
        ("speech", "sums", {}, "`tiny_sums` has no text for the task `ctc`: found `value` (value), expected `tokens`"),
        ("sums", "sums", {"reach": {"accuracy": 0.5}}, "impossible value of `reach`: found 'accuracy'"),
        ("moves", "moves", {"reach": {"accuracy_kin": 0.5}}, "the nearest are `accuracy_kind`"),
        ("speech", "speech", {"reach": {"cer": 1.5}}, "found 1.5, expected a fraction from 0 to 1, as `cer` is"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 10 else "",
)
def test_what_a_task_cannot_do_is_said_before_data_are_read(write, model, data, changes, words):
    with pytest.raises(RecipeError) as caught:
        load_recipe(write(model, data, **changes))
    assert words in caught.value.message
    assert "mine.yaml" in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(("model", "data"), [("moves", "digits"), ("resnet", "moves"), ("sums", "sums")])
def test_a_model_that_does_not_fit_is_said_before_a_step(write, tmp_path, model, data):
    """Other inputs; other heads; a batch that is larger than what there is."""
    with pytest.raises(RecipeError) as caught:
        train(load_recipe(write(model, data, batch_size=300 if model == "sums" else 32)), tmp_path / "runs")
    key = "batch_size" if model == "sums" else "data"
    assert f"`: impossible value of `{key}`: found " in caught.value.message
    assert "\n" not in caught.value.message
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    "targets",
    [
        {"kind": Target("class", ("down", "up")), "turn": Target("class", ("left", "right"))},
        {"kind": Target("class", ("down", "up")), "phase": Target("class", ("a", "b", "c"), shape=(9,))},
        {"kind": Target("class", ("down", "up", "left"))},
    ],
    ids=["name", "steps", "classes"],
)
def test_outputs_that_do_not_fit_are_said(write, targets):
    recipe = load_recipe(write("moves", "moves"))
    subject = subject_of(recipe)
    other = dataclasses.replace(subject, data=described(targets, subject.data.inputs))
    with pytest.raises(
        RecipeError, match=r"`data`: found 'tiny_moves', expected outputs .* for `moves_tiny`"
    ) as caught:
        check_model(recipe, create_model("moves_tiny"), other)
    assert str(subject.task.outputs(other.data)) in caught.value.message
