"""The folder of a training: a new one, or the one that `--resume` goes on with if nothing speaks against it."""

import re
import time
from pathlib import Path

from zoo._system.durable import write_text
from zoo.errors import InputError, RecipeError
from zoo.training._files import write_json
from zoo.training.environment import BINDING
from zoo.training.recipe import Recipe
from zoo.training.run import Run

_STARTED = re.compile(r"\d{8}-\d{6}(-\d+)?")


def new_run(recipe: Recipe, out: Path) -> Run:
    """Makes an empty folder named after the time.

    Raises:
        InputError: it cannot be made in `out`.
    """
    parent = out / recipe.full_name
    try:
        parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"`{out}` cannot hold runs: {error.strerror}") from error
    name, count = time.strftime("%Y%m%d-%H%M%S"), 1
    while True:
        path = parent / (name if count == 1 else f"{name}-{count}")
        try:
            path.mkdir()
            return Run(path)
        except FileExistsError:  # another training began within this second
            count += 1


def newest_run(recipe: Recipe, out: Path) -> Run | None:
    """The run of this recipe's name that began last, None where there is none."""
    paths = [path for path in (out / recipe.full_name).glob("*") if _STARTED.fullmatch(path.name) and path.is_dir()]
    return Run(max(paths, key=_start)) if paths else None


def _start(path: Path) -> tuple[str, int]:
    date, clock, *count = path.name.split("-")
    return date + clock, int(count[0]) if count else 1


def has_state(run: Run) -> bool:
    """Whether the run got as far as its first saved state."""
    return any((run.path / "state").glob("*.state"))


def write_head(run: Run, recipe: Recipe, environment: dict) -> None:
    """Writes what describes the run; the recipe last, since a folder without one is no run yet."""
    write_json(run.path / "environment.json", environment)
    write_text(run.path / "recipe.yaml", recipe.to_yaml())


def ended_run(recipe: Recipe, out: Path) -> Run | None:
    """The newest run, if it has ended and `recipe` asks for nothing more.

    Raises:
        RecipeError: see `refuse_changed_recipe`.
    """
    run = newest_run(recipe, out)
    if run is None or not (run.path / "recipe.yaml").exists():
        return None
    refuse_changed_recipe(run, recipe)
    return run if run.evaluation is not None and run.recipe.epochs == recipe.epochs else None


def refuse_changed_recipe(run: Run, recipe: Recipe) -> None:
    """Does nothing if `recipe` is the run's own, or has more epochs.

    Raises:
        RecipeError: it differs; the message lists each key with both values.
    """
    before, now = run.recipe.values(), recipe.values()
    differing = [key for key in now if now[key] != before.get(key) and not (key == "epochs" and now[key] > before[key])]
    if differing:
        values = "; ".join(f"`{key}` was {before.get(key)!r}, now {now[key]!r}" for key in differing)
        raise RecipeError(
            f"`{run.path}` cannot go on with a changed recipe: {values}",
            "`epochs` alone may grow; without `--resume` a new run begins",
        )


def refuse_other_bits(run: Run, environment: dict) -> None:
    """Does nothing if a deterministic run can go on here bit for bit.

    Raises:
        RecipeError: it began without `--deterministic`, or on something else that changes the bits.
    """
    before = run.environment
    if not before["deterministic"]:
        raise RecipeError(
            f"`{run.path}` began without `--deterministic`, so its bits cannot be reproduced",
            "`--resume` alone goes on with it; without `--resume` a new run begins",
        )
    differing = [key for key in BINDING if before[key] != environment[key]]
    if differing:
        values = "; ".join(f"{key} was {before[key]}, now {environment[key]}" for key in differing)
        raise RecipeError(
            f"`{run.path}` cannot go on bit for bit: {values}",
            "go on where it began; without `--resume` a new run begins",
        )
