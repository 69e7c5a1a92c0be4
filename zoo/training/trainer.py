"""From a recipe to a finished run: `train`."""

import functools
import logging
from contextlib import ExitStack
from pathlib import Path

import keras

from zoo import registry
from zoo._keras import check_backend, own_settings
from zoo._system.progress import ignore
from zoo.data import validation_of
from zoo.families import create_model
from zoo.training import environment as environments
from zoo.training import resume as resuming
from zoo.training.alone import alone
from zoo.training.answering import Answering
from zoo.training.evaluation import evaluate_run
from zoo.training.fine_tuning.freezing import freeze
from zoo.training.fine_tuning.front import way_through
from zoo.training.fine_tuning.initial import take_initial_weights
from zoo.training.input_pipeline.augmentation import augment
from zoo.training.input_pipeline.batches import steps_per_epoch
from zoo.training.learner import Learner
from zoo.training.loop import Training
from zoo.training.recipe import Recipe, load_recipe
from zoo.training.recipe.subject import Subject, subject_of
from zoo.training.recipe.validation import check_examples, check_model
from zoo.training.run import Run
from zoo.training.signals import StopRequest, stop_requests
from zoo.training.talk import talk

log = logging.getLogger(__name__)


@talk()
@own_settings()
def train(
    recipe: Recipe | str | Path,
    out: Path | str = "runs",
    resume: bool = False,
    deterministic: bool = False,
    report=ignore,
) -> Run:
    """Trains a recipe and evaluates what came out; writes a run, and says a line an epoch on stderr (see `talk`).

    Args:
        recipe: what `load_recipe` gives, or takes: a path, or the `name.tag` of a shipped recipe.
        out: folder of all runs.
        resume: go on with the newest run of this recipe, if there is one.
        deterministic: the same bits on every run on this machine, killed and resumed or not; a little slower.  Holds
            for all that TensorFlow does in this process afterwards.
        report: told of the stages `training`, `validating`, `saving` and `evaluating`, and of `frozen front` where
            features are kept.

    Raises:
        RecipeError: the recipe does not fit the model, the data or the run to be resumed, or the training broke down.
        DataError: the data set is not prepared.
        InputError: another process is at work on the run, a file of it is damaged, or the disk is full.
        StoppedError: SIGINT or SIGTERM came; the state is saved.
    """
    check_backend("training")
    recipe = recipe if isinstance(recipe, Recipe) else load_recipe(recipe)
    out = Path(out)
    if resume and (ended := resuming.ended_run(recipe, out)):
        log.info("`%s` has ended: there is nothing to go on with", ended.path)
        return ended
    run = resuming.newest_run(recipe, out) if resume else None
    if resume and run is None:
        log.info("no run of `%s` in `%s` to go on with: a new one begins", recipe.full_name, out)
    with ExitStack() as held:
        if run is not None:
            held.enter_context(alone(run.path))
        environment = environments.describe(recipe, deterministic)
        begun = run is not None and resuming.has_state(run)
        if begun:
            environment = _environment_to_go_on_with(run, environment)
        environments.apply(environment)
        training = _prepare(recipe, begun, report)
        if run is None:
            run = resuming.new_run(recipe, out)
            held.enter_context(alone(run.path))
        resuming.write_head(run, recipe, environment)
        with stop_requests() as request:
            _carry_through(training, run.path, begun, request)
    return Run(run.path)


def _environment_to_go_on_with(run: Run, environment: dict) -> dict:
    """A run that began deterministic stays so, asked for or not."""
    if environment["deterministic"] or run.environment["deterministic"]:
        resuming.refuse_other_bits(run, {**environment, "deterministic": True})
        return run.environment
    return environment


def _carry_through(training: Training, folder: Path, begun: bool, request: StopRequest) -> None:
    """Trains to the end, from the state in `folder` if there is one, and evaluates."""
    if training.open(folder):
        log.info("going on with `%s` after step %d of %d", folder, training.progress.position, training.end)
    elif begun and training.recipe.init:  # there are states, and all are torn
        take_initial_weights(training.recipe, training.learner.model, training.subject)
    for outdated in ("evaluation.json", "model.weights.h5"):
        (folder / outdated).unlink(missing_ok=True)
    training.fit(request)

    def report(stage: str, done: int, total: int) -> None:
        request.heed(f"the evaluation; the training of `{folder}` has ended")
        training.report(stage, done, total)

    evaluate_run(Run(folder), report)


def _prepare(recipe: Recipe, begun: bool, report) -> Training:
    """Everything at hand, at step 0.  Seeds first: fresh weights are drawn from them.

    Args:
        begun: whether a saved state will take the place of all weights.
    """
    subject = subject_of(recipe)
    data, task = subject.data, subject.task
    for note in data.left_out:
        log.info("`%s`: %s", recipe.data, note)
    train, validation = validation_of(data, data.load("train"), recipe.validation)
    train = task.prepare(train, data)
    check_examples(recipe, train)
    keras.utils.set_random_seed(recipe.seed)
    model = _build(recipe, subject)
    check_model(recipe, model, subject)
    task.check_examples(model, train, data)
    loss = task.loss(recipe.settings, train, data)
    if recipe.init and not begun:
        take_initial_weights(recipe, model, subject)
    freeze(recipe, model)
    forward = way_through(recipe, model, train, loss)
    learner = Learner(model, recipe, steps_per_epoch(len(train), recipe.batch_size), loss, forward)
    augmenting = functools.partial(augment, recipe.augment, data)
    return Training(recipe, learner, Answering(model, subject), subject, train, validation, augmenting, report)


def _build(recipe: Recipe, subject: Subject) -> keras.Model:
    """The model in the size that fits the data, with fresh weights; says where that is not the size of its name."""
    usual = registry.get_spec(recipe.model).arguments
    if changed := {name: value for name, value in subject.spec.arguments.items() if usual[name] != value}:
        values = ", ".join(f"`{name}` {value} (usually {usual[name]})" for name, value in changed.items())
        log.info("`%s` is built for `%s`: %s", recipe.model, recipe.data, values)
    return create_model(recipe.model, **changed)
