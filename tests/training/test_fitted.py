"""A model is trained, exported and loaded in the size that fits its data, whatever its table says."""

import json

import pytest

from zoo.export import export_model
from zoo.families import create_model, load_model
from zoo.training import load_recipe, load_run
from zoo.training.recipe.subject import subject_of


@pytest.mark.parametrize(
    ("settings", "shape", "classes"),
    [
        ({"model": "resnet20"}, [8, 8, 1], 10),
        ({"model": "resnet8", "data": "cifar10"}, [32, 32, 3], 10),
        ({"model": "stacked_rnn_tiny", "data": "cifar10"}, [32, 32, 3], 10),
    ],
    ids=lambda value: value["model"] if isinstance(value, dict) else "",
)
def test_sizes_are_those_of_the_data(small_recipe, settings, shape, classes):
    arguments = subject_of(load_recipe(small_recipe, settings)).spec.arguments
    assert (arguments["input_shape"], arguments["num_classes"]) == (shape, classes)


def test_a_family_without_such_an_argument_is_left_as_it_is():
    recipe = load_recipe("ecg_lstm4.mitbih")
    assert "input_shape" not in subject_of(recipe).spec.arguments


def test_a_run_of_a_fitted_model_becomes_a_bundle(small_recipe, undisturbed, tmp_path, converter):
    """`resnet8` is 32 x 32 x 3 by its table, 8 x 8 x 1 for digits."""
    recipe = load_recipe(small_recipe, {"model": "resnet8", "tag": "small"})
    path = tmp_path / "run"
    path.mkdir()
    (path / "recipe.yaml").write_text(recipe.to_yaml(), "utf-8")
    (path / "environment.json").write_text(json.dumps(undisturbed[0].environment), "utf-8")
    create_model("resnet8", input_shape=[8, 8, 1]).save_weights(path / "model.weights.h5")
    bundle = export_model(path, "float32", out=tmp_path / "bundles")
    assert bundle.manifest["build"]["input_shape"] == [8, 8, 1]
    assert load_run(path).model().input["image"].shape == (None, 8, 8, 1)
    assert load_model(bundle.path).input["image"].shape == (None, 8, 8, 1)
    assert export_model(bundle.path, "float32", out=tmp_path / "again").manifest["build"] == bundle.manifest["build"]
