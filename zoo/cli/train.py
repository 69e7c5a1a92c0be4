"""`zoo train`: from a recipe to a run."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from zoo.cli._output import print_table


def train(
    recipe: Annotated[str, typer.Argument(help="A recipe's file, or the `name.tag` of a shipped one.")],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Replace a key of the recipe; may be given again."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the newest run of this recipe.")] = False,
    deterministic: Annotated[
        bool, typer.Option("--deterministic", help="The same bits every time, killed and resumed or not.")
    ] = False,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of all runs.")] = Path("runs"),
) -> None:
    """Trains a recipe: `zoo train recipes/resnet_tiny.digits.yaml`.  Killed or stopped, `--resume` goes on with it."""
    from zoo.training import load_recipe
    from zoo.training import train as train_recipe
    from zoo.training.recipe import parse_overrides

    run = train_recipe(load_recipe(recipe, parse_overrides(settings or [])), out, resume, deterministic)
    print(run.evaluation)
    run.check_reach()
