"""Recipes: every shipped one can be followed, and every mistake in one is a sentence that names file and key."""

import re
from pathlib import Path

import pytest
import yaml

from zoo.errors import RecipeError, UnknownNameError, ZooError
from zoo.families import create_model
from zoo.paths import shipped
from zoo.tasks import get_task, list_tasks
from zoo.training import load_recipe, train
from zoo.training.input_pipeline.augmentation import AUGMENTATIONS
from zoo.training.recipe import parse_overrides
from zoo.training.recipe.reading import KEYS
from zoo.training.recipe.subject import subject_of
from zoo.training.recipe.validation import check_model

SHIPPED = sorted(shipped("recipes").glob("*.yaml"))

VALID = {
    "model": "resnet_tiny",
    "data": "digits",
    "seed": 1,
    "epochs": 5,
    "batch_size": 32,
    "optimizer": "adam",
    "learning_rate": 0.01,
    "schedule": "cosine",
    "validation": 200,
    "reach": {"accuracy": 0.9},
}
BEATS = {"model": "ecg_cnn_tiny", "data": "mitbih_beats", "validation": [101], "reach": {"macro_f1": 0.5}}


@pytest.fixture
def write(tmp_path):
    """A function that writes a valid recipe with changes and gives its path; None leaves a key out."""

    def write(**changes):
        values = {key: value for key, value in {**VALID, **changes}.items() if value is not None}
        path = tmp_path / "mine.yaml"
        path.write_text(yaml.safe_dump(values), "utf-8")
        return path

    return write


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_recipes_can_be_followed(path):
    recipe = load_recipe(path)
    assert recipe.full_name == path.stem
    subject = subject_of(recipe)
    check_model(recipe, create_model(recipe.model, **subject.spec.arguments), subject)


def test_every_option_serves_a_shipped_recipe():
    used = [yaml.safe_load(path.read_text("utf-8")) for path in SHIPPED]
    own = {key for name in list_tasks() for key in get_task(name).Settings.model_fields}
    # What fine-tuning is for, data of a user's own, cannot be shipped; of the shipped bundles and data sets none is a
    # body for another's data.  tests/training/test_fine_tuning.py trains such recipes.
    assert (set(KEYS) | own) - {"init", "freeze"} == {key for values in used for key in values}
    assert {values["optimizer"] for values in used} == {"sgd", "adam"}
    assert set(AUGMENTATIONS) == {name for values in used for name in values.get("augment", [])}


def test_a_recipe_is_found_by_name_and_written_as_it_was_read(tmp_path):
    recipe = load_recipe("resnet_tiny.digits")
    path = tmp_path / "again.yaml"
    path.write_text(recipe.to_yaml(), "utf-8")
    assert load_recipe(path) == recipe


def test_settings_replace_keys(write):
    recipe = load_recipe(write(), parse_overrides(["epochs=3", "learning_rate=1e-4", "reach={macro_f1: 0.7}"]))
    assert (recipe.epochs, recipe.learning_rate, recipe.headline) == (3, 1e-4, "macro_f1")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"epoch": 3}, ["mine.yaml", "unknown key `epoch`", "`epochs`"]),
        ({"seed": None}, ["mine.yaml", "`seed` is missing"]),
        ({"epochs": "ten"}, ["mine.yaml", "`epochs`", "`ten`", "integer"]),
        ({"epochs": True}, ["`epochs`", "`True`"]),
        ({"epochs": 0}, ["`epochs`", "`0`"]),
        ({"batch_size": 32.5}, ["`batch_size`", "`32.5`"]),
        ({"learning_rate": float("nan")}, ["`learning_rate`", "`nan`"]),
        ({"optimizer": "lion"}, ["`optimizer`", "`lion`", "`sgd`"]),
        ({"tag": "../up"}, ["`tag`", "`../up`"]),
        ({"validation": "all"}, ["`validation`", "`all`"]),
        ({"reach": {"accuracy": 85}}, ["`reach`", "85", "fraction"]),
        ({"reach": {"accuracy": 0.8, "macro_f1": 0.8}}, ["`reach`"]),
        ({"model": "stacked_rnn_tiny", "reach": {"accuracy": -1}}, ["`reach`", "-1", "fraction"]),
        ({"model": "resnet_tine"}, ["mine.yaml", "unknown model: `resnet_tine`", "`resnet_tiny`"]),
        ({"data": "digit"}, ["mine.yaml", "unknown data set: `digit`", "`digits`"]),
        ({"reach": {"acuracy": 0.8}}, ["`reach`", "'acuracy'", "`accuracy`"]),
        ({"monitor": "f1_11"}, ["`monitor`", "'f1_11'", "`f1_1`"]),
        ({"augment": ["flop"]}, ["unknown augmentation: `flop`", "`flip`"]),
        ({**BEATS, "augment": ["crop"]}, ["`crop`", "`image`", "`mitbih_beats` has none"]),
        ({"warmup_epochs": 5}, ["`warmup_epochs`", "5"]),
        ({"weight_decay": 1}, ["`weight_decay`", "`1`", "below 1"]),
        ({"validation": [1, 2]}, ["`validation`", "a number of examples"]),
        ({**BEATS, "validation": 100}, ["`validation`", "a list of records"]),
        ({"ranges": {"image": [0, 1]}}, ["`ranges`", "'image'", "none"]),
        ({**BEATS, "ranges": {"rr": [3, 0]}}, ["`ranges`", "[3.0, 0.0]", "`rr`"]),
        ({**BEATS, "ranges": {"rr": [0]}}, ["`ranges`"]),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_mistakes_are_named(write, changes, words):
    with pytest.raises(RecipeError) as error:
        load_recipe(write(**changes))
    assert not [word for word in words if word not in str(error.value)], str(error.value)


def test_a_mistake_in_a_setting_names_the_setting(write):
    with pytest.raises(RecipeError, match=r"`--set epoch=\.\.\.`: unknown key `epoch`"):
        load_recipe(write(), parse_overrides(["epoch=3"]))
    with pytest.raises(RecipeError, match="key=value"):
        parse_overrides(["epochs"])
    with pytest.raises(RecipeError, match="not YAML"):
        parse_overrides(["reach={accuracy"])


@pytest.mark.parametrize("value", ["010", "1:30", "0x1f", "0b11", "0o17", "1_000", "08", "yes", "2026-01-01"])
@pytest.mark.parametrize("key", ["epochs", "learning_rate"])
def test_what_readers_of_yaml_take_for_different_numbers_is_refused(write, key, value):
    path = write(**{key: None})
    path.write_text(f"{path.read_text()}\n{key}: {value}\n")
    with pytest.raises(RecipeError, match=f"wrong value of `{key}`: found `{value}`") as caught:
        load_recipe(path)
    assert value[0].isalpha() or "-" in value or "plain digits" in caught.value.hint
    with pytest.raises(RecipeError, match=f"found `{value}`"):
        load_recipe(write(), parse_overrides([f"{key}={value}"]))


def test_a_number_of_thousands_of_digits_is_refused(write):
    path = write(seed=None)
    path.write_text(f"{path.read_text()}\nseed: {'7' * 5000}\n")
    with pytest.raises(RecipeError, match=r"mine\.yaml` is not a recipe: .*5000 digits"):
        load_recipe(path)
    with pytest.raises(RecipeError, match=r"the value is not YAML: .*5000 digits") as caught:
        parse_overrides([f"seed={'7' * 5000}"])
    assert len(caught.value.message) < 500


def test_a_missing_blank_is_pointed_at(write):
    with pytest.raises(RecipeError, match=r"found `\{'f1:0.5': None\}`") as caught:
        load_recipe(write(), parse_overrides(["reach={f1:0.5}"]))
    assert "`{f1: 0.5}`" in caught.value.hint


@pytest.mark.parametrize("tag", ["1e4", "010", "yes", "true", "12"])
def test_a_tag_that_looks_like_a_number_stays_a_text(write, tmp_path, tag):
    recipe = load_recipe(write(tag=tag), {"tag": tag})
    path = tmp_path / "again.yaml"
    path.write_text(recipe.to_yaml(), "utf-8")
    assert load_recipe(path).tag == tag


@pytest.mark.parametrize(
    "text",
    [
        "- model\n",
        "model: [",
        "seed: 1\nseed: 2\n",
        "a: &a [1]\nb: *a\n",
        "!!python/object:os.system {}",
        "[" * 5000,
        "\x00",
    ],
    ids=["list", "broken", "twice", "alias", "object", "deep", "binary"],
)
def test_what_is_no_recipe_is_refused(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(RecipeError, match=r"mine\.yaml` is not a recipe"):
        load_recipe(path)


def test_a_missing_recipe_lists_the_nearest():
    with pytest.raises(UnknownNameError, match=r"resnet_tiny\.digits"):
        load_recipe("resnet_tiny.digit")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model": "ecg_cnn_tiny"}, ["inputs", "ecg_cnn_tiny"]),
        ({"batch_size": 1201}, ["`batch_size`", "1200"]),
        ({"validation": 1400}, ["both sides need some"]),
    ],
)
def test_what_only_the_data_can_tell(write, tmp_path, changes, words):
    with pytest.raises(ZooError) as error:
        train(load_recipe(write(**changes)), tmp_path)
    assert not [word for word in words if word not in str(error.value)], str(error.value)
    assert not list(tmp_path.glob("*/*")), "what cannot be trained leaves no run"


def test_the_page_on_training_lists_every_key():
    page = (Path(__file__).parents[2] / "docs" / "training.md").read_text("utf-8")
    own = [get_task(name).Settings.model_fields for name in list_tasks()]
    for key, field in [item for fields in (KEYS, *own) for item in fields.items()]:
        assert re.search(rf"\| `{key}` \| [^|]+ \| {re.escape(field.description)} \|\n", page), key
