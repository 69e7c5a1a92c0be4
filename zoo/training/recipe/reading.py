"""Reads recipes: one flat YAML each, checked before anything is done; what is wrong is said with its file and key."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

import yaml
from pydantic import ValidationError

from zoo import registry
from zoo.data import get_data, list_data
from zoo.data.own import looks_like_a_path
from zoo.errors import PluginError, RecipeError, UnknownNameError, the_nearest
from zoo.paths import recipe_path
from zoo.tasks import Task, get_task, list_tasks
from zoo.tasks.task import Settings
from zoo.training.recipe import _yaml
from zoo.training.recipe.recipe import Recipe
from zoo.training.recipe.validation import check_recipe

FIELDS = {key: field for key, field in Recipe.model_fields.items() if key != "settings"}
"""Those of every recipe."""
KEYS = {key: field for key, field in FIELDS.items() if key != "data_version"}
"""Those that a person writes."""


def load_recipe(recipe: Path | str, overrides: dict[str, object] | None = None) -> Recipe:
    """Reads a recipe and checks what can be checked without data.

    Args:
        recipe: the path of a YAML, or the `name.tag` of a shipped recipe.
        overrides: values that replace those of the file, as `--set key=value` gives them.

    Raises:
        UnknownNameError: no such file, and no such shipped recipe.
        RecipeError: not YAML, an unknown key, a wrong type, an unknown name, an impossible combination.
    """
    path = Path(recipe) if Path(recipe).is_file() else recipe_path(str(recipe))
    overrides = overrides or {}
    parsed = _with_files_at_hand(_validate({**_read(path), **overrides}, path, overrides))
    check_recipe(parsed, str(path))
    return parsed


def _with_files_at_hand(recipe: Recipe) -> Recipe:
    """Files by their whole path; data of one's own held to what they contain now, if no run says what they must."""
    if recipe.init and (os.sep in recipe.init or os.path.exists(recipe.init)):
        recipe = recipe.model_copy(update={"init": os.path.abspath(os.path.expanduser(recipe.init))})
    if recipe.data in list_data() or not looks_like_a_path(recipe.data):
        return recipe
    path = os.path.abspath(os.path.expanduser(recipe.data))
    version = recipe.data_version or (get_data(path).version if os.path.exists(path) else None)
    return recipe.model_copy(update={"data": path, "data_version": version})


def parse_overrides(settings: list[str]) -> dict[str, object]:
    """`["epochs=3", "reach={accuracy: 0.9}"]` as a dict; values are YAML.

    Raises:
        RecipeError: a setting is not of the form `key=value`.
    """
    overrides = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key.strip():
            raise RecipeError(f"`--set` expects key=value: found `{setting}`", "for example `--set epochs=3`")
        try:
            overrides[key.strip()] = _yaml.parse(value)
        except yaml.YAMLError as error:
            raise RecipeError(f"`--set {setting[:80]}`: the value is not YAML: {_one_line(error)}") from error
    return overrides


def _read(path: Path) -> dict:
    try:
        values = _yaml.parse(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise RecipeError(f"`{path}` is not a recipe: {_one_line(error)}") from error
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise RecipeError(f"`{path}` is not a recipe: found a {type(values).__name__}, expected lines `key: value`")
    return values


def _validate(values: dict, path: Path, overrides: dict) -> Recipe:
    task = _task_of(values)
    schema = task.Settings if task else Settings
    own = {key: value for key, value in values.items() if key in schema.model_fields}
    try:
        return Recipe(**{key: value for key, value in values.items() if key not in own}, settings=schema(**own))
    except ValidationError as error:
        # An unknown key is named first: a misspelt one also leaves a key missing, which would mislead.
        faults = sorted(error.errors(), key=lambda fault: fault["type"] != "extra_forbidden")
        raise RecipeError(*_explain(faults[0], path, overrides, task)) from error


def _task_of(values: dict) -> Task | None:
    """The task of the model that a recipe names; None where there is no such model, which is said later."""
    try:
        return get_task(registry.get_spec(values["model"]).task)
    except (KeyError, TypeError, AttributeError, UnknownNameError):
        return None


def _explain(fault: dict, path: Path, overrides: dict, task: Task | None) -> tuple[str, str | None]:
    """Message and hint for one complaint of pydantic."""
    key = str(fault["loc"][0])
    where = f"`--set {key}=...`" if key in overrides else f"`{path}`"
    fields = FIELDS | (task.Settings.model_fields if task else {})
    if fault["type"] == "extra_forbidden":
        return f"{where}: {_unknown(key, fields, task)}", None
    expected = fields[key].description
    if fault["type"] == "missing":
        return f"{where}: the key `{key}` is missing", f"it expects {expected}"
    message = f"{where}: wrong value of `{key}`: found `{str(_found(fault))[:80]}`, expected {expected}"
    return message, _hint(fault["loc"][-1], fault["input"])


def _unknown(key: str, fields: Mapping, task: Task | None) -> str:
    owners = [name for name in list_tasks() if key in _keys_of(name)]
    if task and owners:
        return f"`{key}` is a key of recipes for {' and '.join(owners)}: the model is for {task.name}"
    return f"unknown key `{key}`; {the_nearest(key, fields)}"


def _keys_of(task: str) -> Mapping:
    """The keys of one task; none of a plug-in's that is faulty, which is no fault of the recipe."""
    try:
        return get_task(task).Settings.model_fields
    except PluginError:
        return {}


def _found(fault: dict) -> object:
    """The value that is wrong; nothing is shown with the key that it was meant for."""
    *outer, last = fault["loc"]
    return {last: None} if outer and fault["input"] is None else fault["input"]


def _hint(key: object, value: object) -> str | None:
    """What YAML made of something that was meant otherwise."""
    if value is None and isinstance(key, str) and ":" in key:
        name, _, meant = key.partition(":")
        return f"YAML takes `{key}` for a name: a blank belongs behind the colon, `{{{name}: {meant}}}`"
    if isinstance(value, str) and re.fullmatch(r"[-+]?[0-9][0-9_.:]*|0[xob][0-9a-fA-F_]+", value):
        return f"`{value}` is not one and the same number to all readers of YAML: write it in plain digits"
    return None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
