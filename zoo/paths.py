"""Where bundles and recipes lie, and what can be fetched or made again."""

import os
from contextlib import suppress
from pathlib import Path

from zoo.errors import UnknownNameError, ZooError, unknown

_PACKAGE = Path(__file__).parent


class NoCacheError(ZooError):
    """A user without a home."""


def bundle_roots() -> list[Path]:
    """The folders that are searched for bundles, first match first: `$ZOO_HOME`, the user's cache, what is shipped."""
    roots = [Path(home)] if (home := os.environ.get("ZOO_HOME")) else []
    with suppress(NoCacheError):
        roots.append(user_cache())
    return [*roots, shipped("saved_models")]


def user_cache() -> Path:
    """The folder of what can be made or fetched again.

    Raises:
        NoCacheError: the user has no home, as in some containers.
    """
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hybrid-zoo"
    except RuntimeError:
        raise NoCacheError(
            "there is no folder for what can be fetched again: this user has no home", "set `XDG_CACHE_HOME` to one"
        ) from None


def recipe_path(name: str) -> Path:
    """The shipped recipe of a training, `recipes/<name.tag>.yaml`.

    Raises:
        UnknownNameError: there is none; the message lists the nearest, unless `name` is that of a file.
    """
    path = shipped("recipes") / f"{name}.yaml"
    if path.is_file():
        return path
    hint = "a recipe is the `name.tag` of a shipped one, such as `resnet8.cifar10`, or the path of a YAML file"
    if "/" in name or Path(name).suffix in (".yaml", ".yml"):
        raise UnknownNameError(f"the recipe `{name}` does not exist", hint)
    raise unknown("recipe", name, (path.stem for path in shipped("recipes").glob("*.yaml")), hint)


def shipped(folder: str) -> Path:
    """The folder `recipes` or `saved_models`, inside the package where a wheel put it, else beside it in a checkout."""
    inside = _PACKAGE / "_shipped" / folder
    return inside if inside.is_dir() else _PACKAGE.parent / folder
