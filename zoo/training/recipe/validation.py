"""What a recipe asks for and cannot have: combinations that are refused before anything is trained."""

import keras

from zoo._system.processor import usable_cores
from zoo.data import DataSet, Examples
from zoo.errors import InputError, RecipeError, UnknownNameError, the_nearest
from zoo.training.input_pipeline import augmentation
from zoo.training.recipe.recipe import Recipe
from zoo.training.recipe.subject import Subject, subject_of


def check_recipe(recipe: Recipe, where: str) -> None:
    """Checks a recipe against the registry, its data set's description and itself; no data is read.

    Args:
        where: the file, for the message.

    Raises:
        RecipeError: an unknown model or data set, a task that does not fit the data, or a combination of values that
            cannot be.
    """
    try:
        subject = subject_of(recipe)
    except (UnknownNameError, InputError) as error:
        raise RecipeError(f"`{where}`: {error.message}", error.hint) from error
    data = subject.data
    if recipe.warmup_epochs >= recipe.epochs:
        _refuse(where, "warmup_epochs", recipe.warmup_epochs, f"fewer than the {recipe.epochs} of `epochs`")
    if recipe.validation is None and "validation" not in data.counts:
        expected = Recipe.model_fields["validation"].description
        raise RecipeError(f"`{where}`: the key `validation` is missing", f"it expects {expected}")
    if recipe.validation is not None and (data.group_name is not None) != isinstance(recipe.validation, list):
        expected = f"a list of {data.group_name}s" if data.group_name else "a number of examples"
        _refuse(where, "validation", recipe.validation, f"{expected}, as `{data.name}` has them")
    if recipe.threads and recipe.threads > usable_cores():
        _refuse(where, "threads", recipe.threads, f"{usable_cores()} at most, the cores of this machine")
    _check_metrics(recipe, subject, where)
    _check_ranges(recipe, data, where)
    augmentation.check(recipe.augment, data, where)


def _check_metrics(recipe: Recipe, subject: Subject, where: str) -> None:
    known = subject.task.metrics(subject.data)
    for key, metric, names in (
        ("reach", recipe.headline, list(known)),
        ("monitor", recipe.monitored, ["loss", *known]),
    ):
        if metric not in names:
            _refuse(where, key, metric, f"a metric of `{subject.data.name}`; {the_nearest(metric, names)}")
    if known[recipe.headline].span == 1.0 and not 0 <= recipe.goal <= 1:
        _refuse(where, "reach", recipe.goal, f"a fraction from 0 to 1, as `{recipe.headline}` is")


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


def check_model(recipe: Recipe, model: keras.Model, subject: Subject) -> None:
    """Raises RecipeError if the model's inputs or outputs are not what the task has of the data."""
    data = subject.data
    takes = {tensor.name: tuple(tensor.shape[1:]) for tensor in model.inputs}
    inputs = {name: tuple(shape) for name, shape in subject.task.inputs(data).items()}
    if not _fit(takes, inputs):
        _refuse(
            recipe.full_name, "data", recipe.data, f"inputs {takes} for `{recipe.model}`; `{data.name}` has {inputs}"
        )
    gives = {name: tuple(tensor.shape[1:]) for name, tensor in model.output.items()}
    outputs = {name: tuple(shape) for name, shape in subject.task.outputs(data).items()}
    if not _fit({name: gives.get(name) for name in outputs}, outputs):
        _refuse(
            recipe.full_name,
            "data",
            recipe.data,
            f"outputs {gives} for `{recipe.model}`; {subject.task.name} of `{data.name}` has {outputs}",
        )


def _fit(model: dict, data: dict) -> bool:
    """Whether shapes are the same by name; an open size takes any."""
    return model.keys() == data.keys() and all(
        shape is not None
        and len(shape) == len(data[name])
        and all(None in (size, other) or size == other for size, other in zip(shape, data[name], strict=True))
        for name, shape in model.items()
    )


def _refuse(where: str, key: str, found: object, expected: str) -> None:
    raise RecipeError(f"`{where}`: impossible value of `{key}`: found {found!r}, expected {expected}")
