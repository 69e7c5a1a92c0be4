"""`zoo evaluate`: what the test split says of a run or of one artifact of a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zoo.bundle import Bundle
from zoo.bundle.metric import Metric
from zoo.cli import _names
from zoo.cli._output import import_tensorflow, print_json, progress_bar
from zoo.cli._tables import print_table
from zoo.open_any import RunFolder, open_trained

if TYPE_CHECKING:
    from zoo.training import Run


def evaluate(
    name: Annotated[
        str,
        typer.Argument(
            metavar="RUN|BUNDLE",
            autocompletion=_names.trainings,
            help="The folder of a run, or a bundle by name or folder.",
        ),
    ],
    target: Annotated[
        str | None, typer.Option("--target", metavar="T", help="Which artifact of a bundle; all unless given.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Scores on the test split: `zoo evaluate resnet_tiny.digits --target int8`.

    A run is scored once, when its training has ended; later this prints what was found then.
    """
    import_tensorflow()
    opened = open_trained(name)
    if isinstance(opened, RunFolder):
        evaluate_training(opened.path, target, as_json)
    else:
        evaluate_artifacts(opened, target, as_json)


def evaluate_training(path: Path, target: str | None, as_json: bool) -> None:
    """Prints the evaluation of a run, which is made first if the training ended and was killed before it."""
    from zoo.training import load_run
    from zoo.verify.evaluating import evaluate as evaluate_any

    run = load_run(path)
    with progress_bar() as report:
        evaluate_any(run, target, report)
    if as_json:
        print_json(run.evaluation)
    else:
        print_evaluation(run)
    run.check_reach()


def evaluate_artifacts(bundle: Bundle, target: str | None, as_json: bool) -> None:
    """Prints the scores of a bundle's artifacts, all that ship unless `target` names one."""
    from zoo.verify.evaluating import evaluate as evaluate_any

    with progress_bar() as report:
        evaluation = evaluate_any(bundle, target, report)
    if as_json:
        print_json(evaluation)
        return
    scores = evaluation["artifacts"]
    known = {name: Metric.of(bundle.card, name) for name in next(iter(scores.values()))["metrics"]}
    rows = [(name, *(figure(score, name, metric) for score in scores.values())) for name, metric in known.items()]
    print_table(("test split", *scores), rows, title=bundle.name)


def figure(score: dict, name: str, metric: Metric) -> str:
    """A metric, with its 95 % interval where one was made."""
    interval = f" ({metric.interval(*score['ci95'][name])})" if name in score["ci95"] else ""
    return f"{metric.text(score['metrics'][name])}{interval}"


def print_evaluation(run: Run) -> None:
    """A table with a metric a row: the test split, its interval where it is the headline, and each baseline."""
    from zoo.training.recipe.subject import subject_of

    evaluation, subject = run.evaluation, subject_of(run.recipe)
    metrics = subject.task.metrics(subject.data)
    baselines, intervals = evaluation["baselines"], evaluation["ci95"]
    rows = [
        (
            name,
            metrics[name].text(value),
            metrics[name].interval(*intervals[name]) if name in intervals else "",
            *(metrics[name].text(figures.get(name)) for figures in baselines.values()),
        )
        for name, value in evaluation["metrics"].items()
    ]
    sizes = evaluation["data"]["splits"]
    print_table(
        ("metric", f"test ({sizes['test']:,})", "95 % interval", *baselines),
        rows,
        title=f"{evaluation['model']}: epoch {evaluation['best_epoch']} of {evaluation['epochs']}",
    )
