"""What a recipe asks for and cannot have: combinations that are refused before anything is trained."""

import keras
import numpy as np

from zoo import registry
from zoo._system.processor import usable_cores
from zoo.data import DataSet, Examples, get_data
from zoo.errors import RecipeError, UnknownNameError, the_nearest
from zoo.tasks import get_task
from zoo.training.feeding import augmentation
from zoo.training.recipe.recipe import Recipe


def check_recipe(recipe: Recipe, where: str) -> None:
    """Checks a recipe against the registry, its data set's description and itself; no data is read.

    Args:
        where: the file, for the message.

    Raises:
        RecipeError: an unknown model or data set, or a combination of values that cannot be.
    """
    try:
        spec, data = registry.get_spec(recipe.model), get_data(recipe.data)
    except UnknownNameError as error:
        raise RecipeError(f"`{where}`: {error.message}", error.hint) from error
    if recipe.warmup_epochs >= recipe.epochs:
        _refuse(where, "warmup_epochs", recipe.warmup_epochs, f"fewer than the {recipe.epochs} of `epochs`")
    if (data.group_name is not None) != isinstance(recipe.validation, list):
        expected = f"a list of {data.group_name}s" if data.group_name else "a number of examples"
        _refuse(where, "validation", recipe.validation, f"{expected}, as `{data.name}` has them")
    if recipe.threads and recipe.threads > usable_cores():
        _refuse(where, "threads", recipe.threads, f"{usable_cores()} at most, the cores of this machine")
    _check_metrics(recipe, data, spec.task, where)
    _check_ranges(recipe, data, where)
    augmentation.check(recipe.augment, data, where)


def _check_metrics(recipe: Recipe, data: DataSet, task: str, where: str) -> None:
    classes = len(data.labels)
    known = list(get_task(task).metrics(np.eye(classes, dtype=np.float32), np.arange(classes), data))
    for key, metric, names in (
        ("reach", recipe.headline, known),
        ("monitor", recipe.monitored, ["loss", *known]),
    ):
        if metric not in names:
            _refuse(where, key, metric, f"a metric of `{data.name}`; {the_nearest(metric, names)}")


def _check_ranges(recipe: Recipe, data: DataSet, where: str) -> None:
    floats = [name for name, facts in data.inputs.items() if facts["dtype"] == "float32"]
    for name, (low, high) in recipe.ranges.items():
        if name not in floats:
            there = ", ".join(f"`{other}`" for other in floats) or "none"
            _refuse(where, "ranges", name, f"a float input of `{data.name}`: {there}")
        if low >= high:
            _refuse(where, "ranges", [low, high], f"[lowest, highest] of `{name}`")


def check_examples(recipe: Recipe, train: Examples) -> None:
    """Raises RecipeError if there is not one whole batch."""
    if len(train) < recipe.batch_size:
        _refuse(
            recipe.full_name, "batch_size", recipe.batch_size, f"{len(train)} at most, the examples left for training"
        )


def check_model(recipe: Recipe, model: keras.Model, data: DataSet) -> None:
    """Raises RecipeError if the model's inputs or classes are not those of the data."""
    takes = {tensor.name: tuple(tensor.shape[1:]) for tensor in model.inputs}
    gives = {name: tuple(facts["shape"]) for name, facts in data.inputs.items()}
    if takes != gives:
        _refuse(
            recipe.full_name, "data", recipe.data, f"inputs {takes} for `{recipe.model}`; `{data.name}` has {gives}"
        )
    classes = model.output["logits"].shape[-1]
    if classes != len(data.labels):
        _refuse(
            recipe.full_name, "data", recipe.data, f"{classes} classes for `{recipe.model}`; it has {len(data.labels)}"
        )


def _refuse(where: str, key: str, found: object, expected: str) -> None:
    raise RecipeError(f"`{where}`: impossible value of `{key}`: found {found!r}, expected {expected}")
