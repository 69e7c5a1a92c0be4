"""From a recipe to a finished run: `train`."""

import functools
import logging
from pathlib import Path

import keras

from zoo import registry
from zoo.bundle import ignore
from zoo.data import get_data, hold_out
from zoo.families import create_model
from zoo.tasks import get_task
from zoo.training import environment as environments
from zoo.training import resume as resuming
from zoo.training.augmentation import augment
from zoo.training.batches import steps_per_epoch
from zoo.training.evaluation import evaluate_run
from zoo.training.feasible import check_examples, check_model
from zoo.training.learner import Learner
from zoo.training.loop import Training
from zoo.training.recipe import Recipe
from zoo.training.run import Run

log = logging.getLogger(__name__)


def train(
    recipe: Recipe, out: Path | str = "runs", resume: bool = False, deterministic: bool = False, report=ignore
) -> Run:
    """Trains a recipe and evaluates what came out; writes a run.

    Args:
        recipe: what `load_recipe` gives.
        out: folder of all runs.
        resume: go on with the newest run of this recipe, if there is one.
        deterministic: the same bits on every run on this machine, killed and resumed or not; a little slower.
        report: told of the stages `training`, `validating`, `saving` and `evaluating`.

    Raises:
        RecipeError: the recipe does not fit the model, the data or the run to be resumed, or the training broke down.
        DataError: the data set is not prepared.
        StoppedError: SIGINT or SIGTERM came; the state is saved.
    """
    out = Path(out)
    run = resuming.newest_run(recipe, out) if resume else None
    if resume and run is None:
        log.info("no run of `%s` in `%s` to go on with: a new one begins", recipe.full_name, out)
    environment = environments.describe(recipe, deterministic)
    if run is not None and (run.path / "recipe.yaml").exists():
        resuming.refuse_changed_recipe(run, recipe)
        if run.evaluation is not None and run.recipe.epochs == recipe.epochs:
            log.info("`%s` has ended: there is nothing to go on with", run.path)
            return run
    if run is not None and resuming.has_state(run):
        environment = _environment_to_go_on_with(run, environment)
    environments.apply(environment)
    return _train(recipe, run, out, environment, report)


def _environment_to_go_on_with(run: Run, environment: dict) -> dict:
    """A run that began deterministic stays so, asked for or not."""
    if environment["deterministic"] or run.environment["deterministic"]:
        resuming.refuse_other_bits(run, {**environment, "deterministic": True})
        return run.environment
    return environment


def _train(recipe: Recipe, run: Run | None, out: Path, environment: dict, report) -> Run:
    training = _prepare(recipe, report)
    run = run or resuming.new_run(recipe, out)
    training.folder = run.path
    resuming.write_head(run, recipe, environment)
    if training.restore():
        log.info("going on with `%s` after step %d of %d", run.path, training.progress.position, training.end)
    for outdated in ("evaluation.json", "model.weights.h5"):
        (run.path / outdated).unlink(missing_ok=True)
    training.fit()
    run = Run(run.path)
    evaluate_run(run, report)
    return run


def _prepare(recipe: Recipe, report) -> Training:
    """Everything in memory, at step 0.  Seeds first: fresh weights are drawn from them."""
    data, task = get_data(recipe.data), get_task(registry.get_spec(recipe.model).task)
    train, validation = hold_out(data.load("train"), recipe.validation)
    check_examples(recipe, train)
    keras.utils.set_random_seed(recipe.seed)
    model = create_model(recipe.model)
    check_model(recipe, model, data)
    weights = None
    if recipe.class_weight is not None:
        weights = task.class_weights(train.labels, len(data.labels), recipe.class_weight)
    learner = Learner(model, recipe, steps_per_epoch(len(train), recipe.batch_size), task.loss, weights)
    augmenting = functools.partial(augment, recipe.augment, data)
    return Training(Path(), recipe, learner, task, data, train, validation, augmenting, report)
