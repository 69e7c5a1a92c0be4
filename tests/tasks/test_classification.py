"""Loss, metrics and baselines of classification, against plain NumPy in float64."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax

from zoo.data.dataset import Examples, Target
from zoo.errors import UnknownNameError
from zoo.tasks import get_task
from zoo.tasks.classification import by_class, class_weights, cross_entropy

task = get_task("classification")
DATA = SimpleNamespace(name="beats", targets={"logits": Target("class", ("N", "S", "V", "Q"), scored=("N", "S", "V"))})


def f1_by_counting(predicted, labels, number: int) -> float:
    hits = sum(p == number and t == number for p, t in zip(predicted, labels, strict=True))
    wrong = sum((p == number) != (t == number) for p, t in zip(predicted, labels, strict=True))
    return 2 * hits / (2 * hits + wrong) if hits + wrong else 0.0


pairs = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=50)


@given(pairs)
def test_metrics_are_what_counting_gives(pairs):
    predicted, labels = np.array(pairs).T
    found = scored(predicted, labels)
    f1 = [f1_by_counting(predicted, labels, number) for number in range(4)]
    expected = {"accuracy": np.mean(predicted == labels), "macro_f1": np.mean(f1[:3]), "macro_f1_all": np.mean(f1)}
    assert found == pytest.approx(expected | {f"f1_{label}": f1[number] for number, label in enumerate("NSVQ")})


def scored(predicted, labels) -> dict[str, float]:
    """Every metric of answers, by the public way: logits in, scores out."""
    answers = task.answers({"logits": np.eye(4, dtype=np.float32)[predicted]}, {}, DATA)
    return task.score(answers, examples(labels), DATA)


def examples(labels, groups=None) -> Examples:
    return Examples({"x": np.zeros(len(labels))}, {"logits": np.asarray(labels, np.int32)}, groups)


def test_an_answer_that_is_not_scored_is_an_error():
    """Q is no part of `macro_f1`, but whoever answers Q to a V has missed the V."""
    labels = np.array([0, 1, 2, 2])
    assert scored(labels, labels)["macro_f1"] == 1
    missed = scored(np.array([0, 1, 2, 3]), labels)
    assert missed["f1_V"] == pytest.approx(2 / 3)
    assert missed["macro_f1"] == pytest.approx((1 + 1 + 2 / 3) / 3)


def test_a_row_for_each_class():
    answers = {"logits": np.array([0, 0, 1, 2, 2])}
    rows = by_class("logits", answers, examples([0, 1, 1, 2, 0]), DATA)
    assert rows["N"] == {"precision": 0.5, "recall": 0.5, "f1": 0.5, "examples": 2}
    assert rows["S"] == pytest.approx({"precision": 1.0, "recall": 0.5, "f1": 2 / 3, "examples": 2})
    assert rows["Q"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "examples": 0}


def test_the_answer_is_the_first_of_equal_logits():
    logits = np.array([[1.0, 3.0, 3.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    assert task.answers({"logits": logits}, {}, DATA)["logits"].tolist() == [1, 0]


@pytest.mark.parametrize("weights", [None, np.array([0.2, 3.0, 1.0, 0.0])], ids=["plain", "weighted"])
def test_loss_is_weighted_cross_entropy(weights):
    random = np.random.default_rng(7)
    logits, labels = random.normal(scale=5, size=(64, 4)), random.integers(0, 4, 64)
    entropy = -log_softmax(logits, axis=-1)[np.arange(64), labels]
    expected = np.mean(entropy * (1 if weights is None else weights[labels]))
    assert float(cross_entropy(labels, logits.astype(np.float32), weights)) == pytest.approx(expected, rel=1e-5)


def test_loss_is_finite_where_softmax_is_not():
    logits = np.array([[1e4, -1e4], [-1e4, 1e4]], np.float32)
    assert float(cross_entropy(np.array([0, 0]), logits)) == pytest.approx(1e4)


@pytest.mark.parametrize("power", [0.5, 1.0])
def test_class_weights_balance(power):
    labels = np.repeat(np.arange(4), [60, 30, 9, 1])
    weights = class_weights(labels, 4, power)
    assert weights[labels].mean() == pytest.approx(1)
    np.testing.assert_allclose(weights / weights[0], (60 / np.array([60, 30, 9, 1])) ** power, rtol=1e-6)


def test_class_weights_know_a_class_without_examples():
    weights = class_weights(np.array([0, 0, 1, 1]), 3)
    assert np.isfinite(weights).all()
    assert weights[:2].tolist() == [1, 1]


def test_majority_of_mitbih_is_what_was_published(require_data):
    data = require_data("mitbih_beats")
    majority = task.baselines(data, data.load("train"), data.load("test"))["majority"]
    assert majority["accuracy"] == pytest.approx(0.8903, abs=5e-5)
    assert majority["macro_f1"] == pytest.approx(0.2355, abs=5e-5)
    assert majority["macro_f1_all"] == pytest.approx(0.1884, abs=5e-5)


def test_an_unknown_task_names_the_nearest():
    with pytest.raises(UnknownNameError, match=r"unknown task: `clasification`; the nearest are `classification`"):
        get_task("clasification")


def test_shares_of_equal_answers_by_class():
    same = np.array([1.0, 0.0, 1.0, 0.5])
    shares = task.facts_of_answers(same, examples([0, 0, 2, 2]), DATA)["agreement_by_class"]
    assert shares == {"N": 0.5, "V": 0.75}
