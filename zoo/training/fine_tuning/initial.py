"""The key `init`: a training begins with the weights of a bundle or a run."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import keras

from zoo.bundle import Bundle
from zoo.errors import InputError, RecipeError, ZooError
from zoo.families import load_model
from zoo.families._head import head_layers, take_over
from zoo.open_any import open_trained
from zoo.training.recipe import Recipe
from zoo.training.recipe.subject import Subject, subject_of
from zoo.training.run import load_run

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Initial:
    """Where weights come from."""

    name: str
    """`name.tag` of a bundle, the folder of a run."""
    size: str
    """The name of the model."""
    build: Mapping
    labels: tuple[str, ...] | None
    model: keras.Model


def take_initial_weights(recipe: Recipe, model: keras.Model, subject: Subject) -> None:
    """Gives `model` the weights that the recipe's `init` names, and says which of its layers stay fresh.

    The head stays fresh if it tells other classes, or as many others.

    Raises:
        RecipeError: there are no such weights, or they are of another model.
    """
    try:
        initial = _open(recipe)
    except ZooError as error:
        raise _impossible(recipe, error, error.hint) from error
    # Classes of other names would begin with what was learned of others that have their places.
    others = None not in (initial.labels, subject.data.labels) and initial.labels != subject.data.labels
    arguments = subject.spec.arguments
    changed = [name for name in arguments if initial.build.get(name) != arguments[name]]
    try:
        fresh = take_over(initial.model, model, changed, list(head_layers(model)) if others else None)
    except InputError as error:
        raise _impossible(recipe, error, "without `init` it begins with fresh weights") from error
    new = f"; fresh: the head, {', '.join(f'`{name}`' for name in fresh)}" if fresh else ""
    log.info("`%s` begins with the weights of `%s`%s", recipe.full_name, initial.name, new)


def _impossible(recipe: Recipe, error: ZooError, hint: str | None) -> RecipeError:
    return RecipeError(f"`{recipe.full_name}`: impossible value of `init`: {error.message}", hint)


def _open(recipe: Recipe) -> _Initial:
    opened = open_trained(recipe.init)
    if isinstance(opened, Bundle):
        if opened.family is not None:
            _check_size(recipe, opened.name, opened.manifest["model"])
        model = load_model(opened.path)
        return _Initial(opened.name, opened.manifest["model"], opened.manifest["build"], opened.labels, model)
    run = load_run(opened.path)
    _check_size(recipe, str(run.path), run.recipe.model)
    subject = subject_of(run.recipe)
    return _Initial(str(run.path), run.recipe.model, subject.spec.arguments, subject.data.labels, run.model())


def _check_size(recipe: Recipe, name: str, size: str) -> None:
    if size != recipe.model:
        raise InputError(
            f"found `{name}`, which is a `{size}`, expected weights of a `{recipe.model}`, which the recipe trains",
            f"`model: {size}` trains one that these weights fit",
        )
