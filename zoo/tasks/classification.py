"""One of several classes for each example, scored by accuracy and F1.

Rates are fractions.  `logits` are (examples, classes) float32 and `labels` (examples,) int, NumPy arrays but in `loss`.
"""

import keras
import numpy as np
from sklearn import metrics as scores

from zoo.data.dataset import DataSet, Examples


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


def baselines(data: DataSet, train: Examples, test: Examples) -> dict[str, dict[str, float]]:
    """Metrics of what needs no model: `majority` always answers the commonest class of `train`."""
    commonest = np.bincount(train.labels).argmax()
    return {"majority": _metrics(np.full(len(test), commonest), test.labels, data)}


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
