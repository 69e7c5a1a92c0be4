"""The reading of the test split: once, after the training, with the weights that ship."""

from collections.abc import Mapping

import numpy as np

from zoo._keras import own_settings
from zoo._system.progress import ignore
from zoo.data import Examples, validation_of
from zoo.training._files import write_json
from zoo.training.answering import Answering
from zoo.training.recipe.subject import subject_of
from zoo.training.run import Run


@own_settings()
def evaluate_run(run: Run, report=ignore) -> dict:
    """Scores `model.weights.h5` on the test split and writes `evaluation.json`.

    Returns:
        `metrics` of the test split, `ci95` {headline metric: [low, high]}, `baselines` {name: metrics}, `reach`
        {metric: goal}, `reached`, `epochs`, `best_epoch`, `validation` (metrics of that epoch), `seed`, and `data`
        {name, version, splits}.  Nothing in it depends on the clock: time is in `metrics.csv`, the machine in
        `environment.json`.

    Raises:
        InputError: the training has not ended.
        DataError: the data set is not prepared.
    """
    recipe, subject = run.recipe, subject_of(run.recipe)
    data, task, metric = subject.data, subject.task, recipe.headline
    train, test = data.load("train"), data.load("test")
    answers = answers_of_run(run, test, report)
    metrics = task.score(answers, test, data)
    kept, held = validation_of(data, train, recipe.validation)
    evaluation = {
        "schema": 1,
        "model": run.full_name,
        "data": {
            "name": data.name,
            "version": data.version,
            "splits": {"train": len(kept), "validation": len(held), "test": len(test)},
        },
        "seed": recipe.seed,
        "metrics": metrics,
        "ci95": {metric: list(task.interval(metric, answers, test, data))},
        "baselines": task.baselines(data, train, test),
        "reach": recipe.reach,
        "reached": subject.metric.reaches(metrics[metric], recipe.goal),
        **_chosen_epoch(run),
    }
    write_json(run.path / "evaluation.json", evaluation)
    return evaluation


def answers_of_run(run: Run, examples: Examples, report=ignore) -> Mapping[str, np.ndarray]:
    """What the trained model of a run answers, as its task keeps it.

    Raises:
        InputError: the training has not ended.
    """
    subject = subject_of(run.recipe)
    return Answering(run.model(), subject).answers(examples, "evaluating", report)


def _chosen_epoch(run: Run) -> dict:
    """Which epoch's weights these are, and what validation said of it: of equal ones the first, as in the loop."""
    subject, lines, name = subject_of(run.recipe), run.epochs, f"validation_{run.recipe.monitored}"
    metric, best = subject.task.metric(run.recipe.monitored, subject.data), lines[0]
    for line in lines[1:]:
        if metric.is_better(line[name], best[name]):
            best = line
    validation = {
        name.removeprefix("validation_"): value for name, value in best.items() if name.startswith("validation_")
    }
    return {"epochs": len(lines), "best_epoch": int(best["epoch"]), "validation": validation}
