"""A run: the folder that one training writes, `runs/<name.tag>/<time of its start>/`.

recipe.yaml        resolved            environment.json   machine, versions, threads
state/             see `state.py`      metrics.csv        one line an epoch
tensorboard/       the same            best.weights.h5    of the best epoch so far, by validation
model.weights.h5   at the end          evaluation.json    at the very end, on the test split
"""

import csv
import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from zoo.errors import GateError, InputError
from zoo.training._files import damaged, read_json
from zoo.training.recipe import Recipe, load_recipe
from zoo.training.recipe.subject import subject_of


@dataclass(frozen=True)
class Run:
    """One training on disk, under way or ended."""

    path: Path

    @cached_property
    def recipe(self) -> Recipe:
        """The resolved recipe."""
        return load_recipe(self.path / "recipe.yaml")

    @property
    def full_name(self) -> str:
        """`name.tag` of the weights."""
        return self.recipe.full_name

    @property
    def environment(self) -> dict:
        """What the training ran on: `deterministic`, `threads`, `cpu`, `hardware`, `versions`.

        Raises:
            InputError: the file is damaged.
        """
        hint = "nothing else says what the training ran on: without `--resume` a new run begins"
        return read_json(self.path / "environment.json", hint, "deterministic", "threads", "hardware", "versions")

    @property
    def evaluation(self) -> dict | None:
        """What the test split said, None before the end: see `evaluation.evaluate_run`.

        Raises:
            InputError: the file is damaged.
        """
        path = self.path / "evaluation.json"
        hint = f"remove it: `zoo evaluate {self.path}` makes it anew"
        return read_json(path, hint, "metrics") if path.exists() else None

    @property
    def epochs(self) -> list[dict[str, float]]:
        """The lines of `metrics.csv`.

        Raises:
            InputError: the file is damaged.
        """
        path = self.path / "metrics.csv"
        if not path.exists():
            return []
        with damaged(path, f"remove it: {self._again} writes it anew"), path.open(newline="", encoding="utf-8") as file:
            return [{key: float(value) for key, value in line.items()} for line in csv.DictReader(file)]

    @property
    def training(self) -> dict:
        """The block `training` of a card."""
        environment = self.environment
        return {
            "recipe_sha256": hashlib.sha256((self.path / "recipe.yaml").read_bytes()).hexdigest(),
            "seed": self.recipe.seed,
            "epochs": len(self.epochs),
            "seconds": round(sum(line["seconds"] for line in self.epochs)),
            "hardware": environment["hardware"],
            "versions": environment["versions"],
        }

    def model(self):
        """The trained `keras.Model`.

        Raises:
            InputError: the training has not ended, or the weights are damaged.
        """
        from zoo.families import create_model

        self.check_ended()
        spec = subject_of(self.recipe).spec
        model = create_model(spec.name, **spec.arguments)
        weights = self.path / "model.weights.h5"
        with damaged(weights, f"remove it and `evaluation.json`: {self._again} makes both anew from the saved state"):
            model.load_weights(weights)
        return model

    def check_ended(self) -> None:
        """Does nothing if the training has ended.

        Raises:
            InputError: it has not.
        """
        if not (self.path / "model.weights.h5").exists():
            raise InputError(
                f"the training of `{self.path}` has not ended: it has no model.weights.h5",
                f"{self._again} goes on with it",
            )

    @property
    def _again(self) -> str:
        """The command that goes on with this run."""
        return f"`zoo train {self.path / 'recipe.yaml'} --out {self.path.parent.parent} --resume`"

    def check_reach(self) -> None:
        """Does nothing if the test split gave what the recipe must reach.

        Raises:
            GateError: it gave what is worse.
        """
        name, goal, metric = self.recipe.headline, self.recipe.goal, subject_of(self.recipe).metric
        score = self.evaluation["metrics"][name]
        if not metric.reaches(score, goal):
            raise GateError(
                f"`{self.full_name}` does not reach its goal on the test split: {name} is {metric.text(score)}, "
                f"expected {metric.goal(goal)}"
            )


def load_run(path: Path | str) -> Run:
    """Opens the folder of a run.

    Raises:
        InputError: it is not one.
    """
    path = Path(path)
    for name in ("recipe.yaml", "environment.json"):
        if not (path / name).is_file():
            raise InputError(f"not a run: `{path}` has no {name}", "`zoo train` prints the folder of its run")
    return Run(path)
