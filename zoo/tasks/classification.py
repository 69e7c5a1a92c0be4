"""One of several classes for each example, or for each step of it; one head or several.

A head is an output of logits, (batch, [steps,] classes), and the target of its name: (batch, [steps]) int, -1 where
there is no class to tell.  Scored by accuracy and F1, which are fractions; of several heads by the mean over them.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated

import keras
import numpy as np
from pydantic import Field
from scipy import stats

from zoo.bundle.metric import Metric, fraction
from zoo.data.dataset import DataSet, Examples, Target
from zoo.errors import InputError
from zoo.tasks import task
from zoo.tasks.bootstrap import LEVEL
from zoo.tasks.confusion import confusions, f1, precision, recall
from zoo.tasks.task import Arrays, Batch, Loss, Section

_MANY = 64
"""Of more classes than this a table has none a class."""
_ACCURACY, _MACRO = "accuracy", "macro_f1"
_BY_HEAD = (_ACCURACY, _MACRO)
"""Of several heads each has these of its own."""


class Settings(task.Settings):
    """What only recipes of classification say."""

    class_weight: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="a number in (0, 1]: an example counts 1 / (examples of its class) to this power"
    )


class Classification(task.Task):
    """See the module."""

    name = "classification"
    Settings = Settings

    def metrics(self, data: DataSet) -> dict[str, Metric]:
        """`accuracy`, `macro_f1` (mean F1 over the scored classes), `macro_f1_all` (over all) and `f1_<class>`.

        With several heads the first three are means over the heads, and each is there by head, `accuracy_<head>`.
        The answer is the largest logit of all classes: whoever answers a class that is not scored has erred.  The F1 of
        a class without examples and answers is 0.
        """
        heads = _heads(data)
        found = {_ACCURACY: fraction(percent=True), _MACRO: fraction(), f"{_MACRO}_all": fraction()}
        if len(heads) > 1:
            return found | {
                f"{metric}_{head}": fraction(percent=metric == _ACCURACY) for head in heads for metric in _BY_HEAD
            }
        [target] = heads.values()
        return found | {f"f1_{name}": fraction() for name in target.names}

    def outputs(self, data: DataSet) -> dict[str, tuple[int, ...]]:
        return {head: (*target.shape, len(target.names)) for head, target in _heads(data).items()}

    def check(self, data: DataSet) -> None:
        super().check(data)
        for head, target in _heads(data).items():
            if len(target.names) < 2:
                raise InputError(
                    f"`{data.name}` has too few classes for `{head}`: found {', '.join(target.names) or 'none'}, "
                    "expected two or more to tell apart"
                )

    def sizes(self, data: DataSet) -> dict[str, object]:
        heads = _heads(data)
        if len(heads) == 1:
            return {"num_classes": len(next(iter(heads.values())).names)}
        return {"num_classes": {head: len(target.names) for head, target in heads.items()}}

    def loss(self, settings: Settings, train: Examples, data: DataSet) -> Loss:
        """Cross-entropy of the softmax, in nats, mean over what has a class; of several heads the sum.

        `class_weight` gives each class a weight; see `class_weights`.
        """
        weights = {}
        if settings.class_weight is not None:
            weights = {
                head: class_weights(train.targets[head][:], len(target.names), settings.class_weight)
                for head, target in _heads(data).items()
            }
        heads = list(_heads(data))

        def loss(outputs: Mapping, batch: Batch):
            return sum(cross_entropy(batch.targets[head], outputs[head], weights.get(head)) for head in heads)

        return loss

    def answers(self, outputs: Arrays, targets: Arrays, data: DataSet) -> Arrays:
        """The class of the largest logit of each head, (batch, [steps]) int32; the first of equal ones."""
        return {head: np.argmax(outputs[head], axis=-1).astype(np.int32) for head in _heads(data)}

    def units(self, metric: str, answers: Arrays, examples: Examples, data: DataSet) -> np.ndarray:
        """(examples, heads, 2): hits and counts; or (examples, heads, classes, classes): confusions."""
        heads, pooled = self._of(metric, data)
        if pooled == _ACCURACY:
            return np.stack([_hits(answers[head], examples.targets[head][:]) for head in heads], axis=1)
        most = max(len(target.names) for target in heads.values())
        return np.stack([confusions(answers[head], examples.targets[head][:], most) for head in heads], axis=1)

    def of_sums(self, metric: str, sums: np.ndarray, data: DataSet) -> np.ndarray:
        heads, pooled = self._of(metric, data)
        if pooled == _ACCURACY:
            return (sums[..., 0] / np.maximum(sums[..., 1], 1)).mean(-1)
        scores = []
        for index, target in enumerate(heads.values()):
            averaged = {_MACRO: target.scored, f"{_MACRO}_all": target.names}.get(pooled, [pooled.removeprefix("f1_")])
            chosen = [target.names.index(name) for name in averaged]
            scores.append(f1(sums[..., index, :, :])[..., chosen].mean(-1))
        return np.mean(scores, axis=0)

    def score(self, answers: Arrays, examples: Examples, data: DataSet) -> dict[str, float]:
        """Every metric, from one confusion matrix a head."""
        heads = _heads(data)
        most = max(len(target.names) for target in heads.values())
        sums = np.stack([confusions(answers[head], examples.targets[head][:], most, whole=True) for head in heads])
        hits = np.stack([np.trace(sums, axis1=-2, axis2=-1), sums.sum((-2, -1))], axis=-1)
        return {
            name: float(self.of_sums(name, (hits if pooled == _ACCURACY else sums)[_places(chosen, heads)], data))
            for name in self.metrics(data)
            for chosen, pooled in [self._of(name, data)]
        }

    def interval(self, metric: str, answers: Arrays, examples: Examples, data: DataSet) -> tuple[float, float]:
        """As for every task; of accuracy on independent examples Wilson's score interval."""
        heads, pooled = self._of(metric, data)
        plain = len(heads) == 1 and not next(iter(heads.values())).shape
        if pooled != _ACCURACY or examples.groups is not None or not plain:
            return super().interval(metric, answers, examples, data)
        hits, count = self.units(metric, answers, examples, data).sum((0, 1))
        low, high = stats.binomtest(int(hits), int(count)).proportion_ci(LEVEL, method="wilson")
        return float(low), float(high)

    def strata(self, examples: Examples) -> np.ndarray:
        """The class of the first head; of steps that of the first."""
        first = next(iter(examples.targets.values()))[:]
        return first.reshape(len(first), -1)[:, 0]

    def baselines(self, data: DataSet, train: Examples, test: Examples) -> dict[str, dict[str, float]]:
        """`majority` always answers the commonest class of `train`."""
        commonest = {}
        for head, target in _heads(data).items():
            known = train.targets[head][:]
            class_ = np.bincount(known[known >= 0], minlength=len(target.names)).argmax()
            commonest[head] = np.full(test.targets[head].shape, class_, np.int32)
        return {"majority": self.score(commonest, test, data)}

    def meaning(self, data: DataSet) -> dict[str, dict]:
        return {
            head: {"kind": "classes", "of": "logits", "labels": list(target.names)}
            for head, target in _heads(data).items()
        }

    def facts(self, examples: Examples, data: DataSet) -> dict:
        """`test_by_class`, how many examples each class has, and `scored_labels`; of one head alone."""
        if (only := self._only(data)) is None:
            return {}
        head, target = only
        labels = examples.targets[head][:]
        counts = {name: int((labels == index).sum()) for index, name in enumerate(target.names)}
        return {"test_by_class": counts, "scored_labels": list(target.scored)}

    def facts_of_answers(self, same: np.ndarray, examples: Examples, data: DataSet) -> dict:
        """`agreement_by_class`, for classes that have examples; of one head without steps alone."""
        only = self._only(data)
        if only is None or only[1].shape:
            return {}
        labels = examples.targets[only[0]][:]
        shares = {
            name: float(np.mean(same[labels == index]))
            for index, name in enumerate(only[1].names)
            if np.any(labels == index)
        }
        return {"agreement_by_class": shares}

    def sections(self, card: Mapping, shown: Mapping[str, Mapping]) -> list[Section]:
        """A row a class: F1 of Keras and of the artifacts, and how often an artifact answers as Keras."""
        counts = card["data"].get("test_by_class")
        if not counts or len(counts) > _MANY:
            return []
        metric, percent, rows = fraction(), fraction(percent=True), []
        for label, count in counts.items():
            scored = "" if label in card["data"]["scored_labels"] else " (not scored)"
            scores = [metric.text(entry["metrics"].get(f"f1_{label}")) for entry in (card["keras"], *shown.values())]
            same = [
                percent.text((entry["parity"].get("agreement_by_class") or {}).get(label)) for entry in shown.values()
            ]
            rows.append([f"{label}{scored}", f"{count:,}", *scores, *same])
        columns = ("class", "test examples", "F1 Keras", *(f"F1 {name}" for name in shown))
        return [Section("By class", (*columns, *(f"same answer {name}" for name in shown)), rows)]

    def summary(self, names: Sequence[str]) -> list[str]:
        return [name for name in names if not name.startswith("f1_")]

    def _only(self, data: DataSet) -> tuple[str, Target] | None:
        heads = _heads(data)
        return next(iter(heads.items())) if len(heads) == 1 else None

    def _of(self, metric: str, data: DataSet) -> tuple[dict[str, Target], str]:
        """The heads that a metric is about, and its name for one of them."""
        heads = _heads(data)
        if len(heads) > 1 and metric not in (_ACCURACY, _MACRO, f"{_MACRO}_all"):
            for pooled in _BY_HEAD:  # a whole name is compared: one head's may end in another's
                if (head := metric.removeprefix(f"{pooled}_")) in heads and metric != head:
                    return {head: heads[head]}, pooled
        return heads, metric


def cross_entropy(labels, logits, weights: np.ndarray | None = None):
    """Softmax cross-entropy in nats, mean over the labels that are not -1; a scalar.

    Args:
        labels: (batch, [steps]) int.
        logits: (batch, [steps,] classes) float.
        weights: (classes,) float, what an example of each class counts; 1 unless given.
    """
    ops = keras.ops
    real = ops.cast(labels >= 0, logits.dtype)
    known = ops.maximum(labels, 0)
    entropy = ops.sparse_categorical_crossentropy(known, logits, from_logits=True)
    if weights is not None:
        entropy = entropy * ops.take(ops.cast(weights, entropy.dtype), known)
    return ops.sum(entropy * real) / ops.maximum(ops.sum(real), 1)


def class_weights(labels: np.ndarray, classes: int, power: float = 1.0) -> np.ndarray:
    """Weights that balance classes, (classes,) float32; over `labels` their mean is 1.

    A class weighs 1 / count ** power: 1 makes all classes count alike; 0.5 softens that where the rarest class has so
    few examples that they would drown the others.
    """
    counts = np.bincount(labels[labels >= 0], minlength=classes)
    weights = np.maximum(counts, 1.0) ** -power
    mean = np.average(weights, weights=counts) if counts.any() else 1.0
    return (weights / mean).astype(np.float32)


def by_class(head: str, answers: Arrays, examples: Examples, data: DataSet) -> dict[str, dict[str, float]]:
    """Of one head by class: `precision`, `recall`, `f1` and `examples`, how many there are of it."""
    names = data.targets[head].names
    matrix = confusions(answers[head], examples.targets[head][:], len(names), whole=True)
    columns = {"precision": precision(matrix), "recall": recall(matrix), "f1": f1(matrix), "examples": matrix.sum(-1)}
    return {name: {key: values[index].item() for key, values in columns.items()} for index, name in enumerate(names)}


def _heads(data: DataSet) -> dict[str, Target]:
    """The targets that are classes, and no tokens of a text."""
    return {name: target for name, target in data.targets.items() if target.kind == "class" and not target.vocabulary}


def _places(chosen: Mapping, heads: Mapping) -> list[int]:
    return [index for index, head in enumerate(heads) if head in chosen]


def _hits(answered: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(examples, 2) int: right answers, and how many there were to give."""
    real = (labels >= 0).reshape(len(labels), -1)
    right = (answered == labels).reshape(len(labels), -1) & real
    return np.stack([right.sum(1), real.sum(1)], axis=1)


TASK = Classification()
