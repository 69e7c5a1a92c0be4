"""One of several classes for each example, scored by accuracy and F1.

Rates are fractions.  `logits` are (n, classes) float32, `labels` (n,) int; both as NumPy arrays but in `loss`.
"""

from collections.abc import Mapping

import keras
import numpy as np
from sklearn import metrics as scores

from zoo.data.dataset import DataSet, Examples


def loss(labels, logits, class_weights=None):
    """Cross-entropy of the softmax of `logits`, in nats, mean over the batch.

    Args:
        labels: (batch,) int.
        logits: (batch, classes) float.
        class_weights: (classes,) float, what an example of each class counts; 1 for each unless given.
    """
    entropy = keras.ops.sparse_categorical_crossentropy(labels, logits, from_logits=True)
    if class_weights is not None:
        entropy = entropy * keras.ops.take(keras.ops.cast(class_weights, entropy.dtype), labels)
    return keras.ops.mean(entropy)


def class_weights(labels: np.ndarray, classes: int, power: float = 1.0) -> np.ndarray:
    """(classes,) float32: weights that balance classes, scaled so that the mean weight of `labels` is 1.

    A class weighs 1 / count ** power: 1 makes all classes count alike, 0.5 softens that, where the rarest have a handful of examples.
    """
    counts = np.bincount(labels, minlength=classes)
    weights = np.maximum(counts, 1.0) ** -power
    return (weights / np.average(weights, weights=counts)).astype(np.float32)


def answers(logits: np.ndarray) -> np.ndarray:
    """(n,) int: the class of the largest logit; the first of equal ones."""
    return np.argmax(logits, axis=-1)


def metrics(logits: np.ndarray, labels: np.ndarray, data: DataSet) -> dict[str, float]:
    """`accuracy`, `macro_f1` (mean F1 over the data set's scored labels), `macro_f1_all` (over all) and `f1_<label>`.

    The answer is the largest logit of all classes: an example of a scored class that is given to another one is an error, whether
    that one is scored or not.  An F1 without examples and answers is 0.
    """
    return _metrics(answers(logits), labels, data)


def _metrics(predicted: np.ndarray, labels: np.ndarray, data: DataSet) -> dict[str, float]:
    f1 = dict(zip(data.labels, scores.f1_score(labels, predicted, labels=range(len(data.labels)), average=None, zero_division=0)))
    return {
        "accuracy": float(scores.accuracy_score(labels, predicted)),
        "macro_f1": float(np.mean([f1[label] for label in data.scored_labels])),
        "macro_f1_all": float(np.mean(list(f1.values()))),
        **{f"f1_{label}": float(value) for label, value in f1.items()},
    }


def baselines(data: DataSet, train: Examples, test: Examples) -> Mapping[str, dict[str, float]]:
    """What needs no model: `majority` always answers the commonest class of `train`."""
    commonest = np.bincount(train.labels).argmax()
    return {"majority": _metrics(np.full(len(test), commonest), test.labels, data)}
