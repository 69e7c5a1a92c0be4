"""`zoo train`: from a recipe to a run."""

from pathlib import Path
from typing import Annotated

import typer

from zoo.cli import _names
from zoo.cli._output import import_tensorflow, print_json, progress_bar
from zoo.cli.evaluate import print_evaluation
from zoo.errors import InputError


def train(
    recipe: Annotated[
        str,
        typer.Argument(
            metavar="RECIPE",
            autocompletion=_names.recipes,
            help="A recipe's file, or the `name.tag` of a shipped one.",
        ),
    ],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Replace a key of the recipe; may be given again."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the newest run of this recipe.")] = False,
    deterministic: Annotated[
        bool, typer.Option("--deterministic", help="The same bits every time, killed and resumed or not.")
    ] = False,
    cache: Annotated[Path | None, typer.Option("--cache", metavar="DIR", hidden=True)] = None,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of all runs.")] = Path("runs"),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Trains a recipe: `zoo train recipes/resnet_tiny.digits.yaml`.

    Writes a run, evaluates it on the test split, and prints the command that makes a bundle of it.  A training that was
    stopped or killed goes on with `--resume`.
    """
    if cache is not None:
        raise InputError("`--cache` is not there yet: examples are read from where `zoo data prepare` put them")
    import_tensorflow()
    from zoo.training import load_recipe
    from zoo.training import train as train_recipe
    from zoo.training.recipe import parse_overrides
    from zoo.training.resume import ended_run

    parsed = load_recipe(recipe, parse_overrides(settings or []))
    had_ended = resume and ended_run(parsed, out)
    with progress_bar() as report:
        run = train_recipe(parsed, out, resume, deterministic, report)
    if as_json:
        print_json({"run": str(run.path), "evaluation": run.evaluation})
    else:
        print_evaluation(run)
        print(f"\nthe run is `{run.path}`; `zoo export {run.path} --out saved_models` makes a bundle of it")
    if not had_ended:
        run.check_reach()
