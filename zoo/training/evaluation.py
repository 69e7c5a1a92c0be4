"""The reading of the test split: once, after the training, with the weights that ship."""

import numpy as np

from zoo import registry
from zoo._keras import own_settings
from zoo._system.progress import ignore
from zoo.data import Examples, get_data, hold_out
from zoo.tasks import get_task
from zoo.training._files import write_json
from zoo.training.learner import inference, predict
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
    recipe = run.recipe
    data, task = get_data(recipe.data), get_task(registry.get_spec(recipe.model).task)
    train, test = data.load("train"), data.load("test")
    logits = logits_of(run, test, report)
    metrics, metric = task.metrics(logits, test.labels, data), recipe.headline
    kept, held = hold_out(train, recipe.validation)
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
        "ci95": {metric: list(task.interval(metric, logits, test.labels, test.groups, data))},
        "baselines": task.baselines(data, train, test),
        "reach": recipe.reach,
        "reached": metrics[metric] >= recipe.reach[metric],
        **_chosen_epoch(run),
    }
    write_json(run.path / "evaluation.json", evaluation)
    return evaluation


def logits_of(run: Run, examples: Examples, report=ignore) -> np.ndarray:
    """What the trained model of a run gives, (examples, classes) float32.

    Raises:
        InputError: the training has not ended.
    """
    return predict(inference(run.model()), examples.inputs, "evaluating", report)


def _chosen_epoch(run: Run) -> dict:
    """Which epoch's weights these are, and what validation said of it."""
    lines, metric = run.epochs, f"validation_{run.recipe.monitored}"
    pick = min if run.recipe.monitored == "loss" else max  # of equal ones the first, as in the loop
    best = pick(lines, key=lambda line: line[metric])
    validation = {
        name.removeprefix("validation_"): value for name, value in best.items() if name.startswith("validation_")
    }
    return {"epochs": len(lines), "best_epoch": int(best["epoch"]), "validation": validation}
