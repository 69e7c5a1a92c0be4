"""One of several classes for each example, scored by accuracy and F1.

Rates are fractions.  `logits` are (examples, classes) float32 and `labels` (examples,) int, NumPy arrays but in `loss`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from scipy import stats
from sklearn import metrics as scores

from zoo.data.dataset import DataSet, Examples
from zoo.tasks.bootstrap import LEVEL, percentile_interval, resample
from zoo.tasks.confusion import confusion_by_unit, metric_of


def loss(labels, logits, weights=None):
    """Cross-entropy of the softmax of `logits`, in nats, mean over the batch; a scalar.

    Args:
        labels: (batch,) int.
        logits: (batch, classes) float.
        weights: (classes,) float, what an example of each class counts; 1 unless given.
    """
    entropy = keras.ops.sparse_categorical_crossentropy(labels, logits, from_logits=True)
    if weights is not None:
        entropy = entropy * keras.ops.take(keras.ops.cast(weights, entropy.dtype), labels)
    return keras.ops.mean(entropy)


def class_weights(labels: np.ndarray, classes: int, power: float = 1.0) -> np.ndarray:
    """Weights that balance classes, (classes,) float32; over `labels` their mean is 1.

    A class weighs 1 / count ** power: 1 makes all classes count alike; 0.5 softens that where the rarest class has so
    few examples that they would drown the others.
    """
    counts = np.bincount(labels, minlength=classes)
    weights = np.maximum(counts, 1.0) ** -power
    return (weights / np.average(weights, weights=counts)).astype(np.float32)


def answers(logits: np.ndarray) -> np.ndarray:
    """The class of the largest logit, (examples,) int; the first of equal ones."""
    return np.argmax(logits, axis=-1)


def metrics(logits: np.ndarray, labels: np.ndarray, data: DataSet) -> dict[str, float]:
    """`accuracy`, `macro_f1` (mean F1 over the data set's scored labels), `macro_f1_all` (over all) and `f1_<label>`.

    The answer is the largest logit of all classes: whoever answers a class that is not scored has erred.  The F1 of a
    class without examples and answers is 0.
    """
    return _metrics(answers(logits), labels, data)


def by_class(logits: np.ndarray, labels: np.ndarray, data: DataSet) -> dict[str, dict[str, float]]:
    """By label: `precision`, `recall`, `f1` and `examples`, how many there are of it."""
    values = scores.precision_recall_fscore_support(
        labels, answers(logits), labels=range(len(data.labels)), zero_division=0
    )
    keys = ("precision", "recall", "f1", "examples")
    return {
        label: dict(zip(keys, row, strict=True))
        for label, *row in zip(data.labels, *(value.tolist() for value in values), strict=True)
    }


def baselines(data: DataSet, train: Examples, test: Examples) -> dict[str, dict[str, float]]:
    """Metrics of what needs no model: `majority` always answers the commonest class of `train`."""
    commonest = np.bincount(train.labels).argmax()
    return {"majority": _metrics(np.full(len(test), commonest), test.labels, data)}


def interval(
    metric: str, logits: np.ndarray, labels: np.ndarray, groups: np.ndarray | None, data: DataSet
) -> tuple[float, float]:
    """The 95 % interval of a metric, (low, high).

    Accuracy on independent examples: Wilson's score interval.  All else: bootstrap, over groups where there are any.
    """
    predicted = answers(logits)
    if metric == "accuracy" and groups is None:
        hits = stats.binomtest(int((predicted == labels).sum()), len(labels))
        low, high = hits.proportion_ci(LEVEL, method="wilson")
        return float(low), float(high)
    drawn = resample(confusion_by_unit(predicted, labels, groups, len(data.labels)))
    return percentile_interval(metric_of(drawn, metric, data.labels, data.scored_labels))


@dataclass(frozen=True)
class Difference:
    """How much one model is better than another, as a metric says it."""

    value: float
    low: float
    high: float
    """`low` to `high` is the 95 % interval."""
    standard_error: float


def difference(
    metric: str,
    first: Sequence[np.ndarray],
    second: Sequence[np.ndarray],
    labels: np.ndarray,
    groups: np.ndarray | None,
    data: DataSet,
) -> Difference:
    """`first` less `second`, by paired bootstrap: both are scored on the same draws, so that what they share cancels.

    Args:
        metric: a name that `metrics` gives.
        first, second: the logits of one or more trainings of each model; a model's score is the mean over them.
        labels, groups: the truth, and what is drawn whole; examples are where `groups` is None.
        data: the data set.
    """
    units = [confusion_by_unit(answers(logits), labels, groups, len(data.labels)) for logits in (*first, *second)]
    stacked = np.stack(units, axis=1)  # (units, trainings, true class, answered class)
    drawn = metric_of(resample(stacked), metric, data.labels, data.scored_labels)
    whole = metric_of(stacked.sum(0), metric, data.labels, data.scored_labels)
    differences = drawn[:, : len(first)].mean(1) - drawn[:, len(first) :].mean(1)
    low, high = percentile_interval(differences)
    value = whole[: len(first)].mean() - whole[len(first) :].mean()
    return Difference(float(value), low, high, float(differences.std(ddof=1)))


def _metrics(predicted: np.ndarray, labels: np.ndarray, data: DataSet) -> dict[str, float]:
    classes = range(len(data.labels))
    f1 = scores.f1_score(labels, predicted, labels=classes, average=None, zero_division=0)
    by_label = dict(zip(data.labels, f1.tolist(), strict=True))
    return {
        "accuracy": scores.accuracy_score(labels, predicted),
        "macro_f1": float(np.mean([by_label[label] for label in data.scored_labels])),
        "macro_f1_all": float(np.mean(f1)),
        **{f"f1_{label}": value for label, value in by_label.items()},
    }
