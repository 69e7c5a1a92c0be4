"""What a shell completes a name to: models, trainings, recipes, targets; read from folders and TOML alone."""

from typing import Annotated

import typer

from zoo import registry
from zoo.paths import shipped
from zoo.targets import TARGETS


def models(incomplete: str) -> list[str]:
    """Names of models, and of trainings where the name has got as far as its dot."""
    return registry.list_models(f"{incomplete}*")


def trainings(incomplete: str) -> list[str]:
    """Names of bundles that are found by name: `name.tag`."""
    return [name for name in registry.list_models(pretrained=True) if name.startswith(incomplete)]


def models_and_trainings(incomplete: str) -> list[str]:
    return sorted({*models(incomplete), *trainings(incomplete)})


def recipes(incomplete: str) -> list[str]:
    """Names of shipped recipes."""
    return sorted(path.stem for path in shipped("recipes").glob(f"{incomplete}*.yaml"))


def targets(incomplete: str) -> list[str]:
    return [target for target in TARGETS if target.startswith(incomplete)]


BUNDLES = Annotated[
    list[str], typer.Argument(metavar="BUNDLE", autocompletion=trainings, help="Bundles by name or folder.")
]
"""The argument of commands that take one bundle or more."""
