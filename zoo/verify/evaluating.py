"""What the test split says of a run, or of the artifacts of a bundle."""

import os

from zoo._system.progress import ignore
from zoo.bundle import Bundle
from zoo.errors import InputError
from zoo.open_any import open_trained
from zoo.training import Run, environment, evaluate_run, load_run
from zoo.verify.verification import score_artifact


def evaluate(what: Run | Bundle | str | os.PathLike, target: str | None = None, report=ignore) -> dict:
    """Scores on the test split.

        zoo.evaluate("resnet_tiny.digits", "int8")["artifacts"]["int8"]["metrics"]

    Args:
        what: a run or its folder; a bundle, its folder or its name.
        target: which artifact of a bundle; all that ship unless given.
        report: called with the stage, the examples done and those in all.

    Returns:
        Of a run its `evaluation`, which is made once, when its training has ended; see `evaluate_run`.  Of a bundle
        `bundle`, its name, and `artifacts`, by target `metrics` and `ci95`.

    Raises:
        UnknownNameError: there is no such bundle or target.
        InputError: the training has not ended, a target was given for a run, or the bundle has no recipe.
        DataError: the data set is not prepared.
    """
    opened = what if isinstance(what, Run | Bundle) else open_trained(what)
    if isinstance(opened, Bundle):
        targets = [target] if target else opened.targets
        return {"bundle": opened.name, "artifacts": {name: score_artifact(opened, name, report) for name in targets}}
    run = opened if isinstance(opened, Run) else load_run(opened.path)
    if target is not None:
        raise InputError(f"`--target {target}` is for a bundle: `{run.path}` is a run, which has no artifacts")
    if run.evaluation is None:
        run.check_ended()
        environment.apply(run.environment)  # the bits that the training itself would have found
        evaluate_run(run, report)
    return run.evaluation
