"""Intervals and paired differences, against loops that draw examples or groups one by one."""

from types import SimpleNamespace

import numpy as np
import pytest

from zoo.data.dataset import Examples, Target
from zoo.tasks import get_task
from zoo.tasks.bootstrap import percentile_interval, resample

task = get_task("classification")
DATA = SimpleNamespace(name="beats", targets={"logits": Target("class", ("N", "S", "V"), scored=("N", "S"))})
METRICS = ["accuracy", "macro_f1", "macro_f1_all", "f1_V"]
SCORED = {"macro_f1": [0, 1], "f1_V": [2]}


@pytest.fixture(scope="module")
def answered():
    """(logits of four models, labels, groups): 400 examples of 8 groups, some of which are harder than others."""
    random = np.random.default_rng(3)
    labels, groups = random.choice(3, 400, p=[0.7, 0.2, 0.1]), np.repeat(np.arange(8) + 100, 50)
    hard = random.uniform(0, 0.6, 8)[groups - 100]
    wrong = random.random((4, 400)) < hard + np.array([[0.0], [0.02], [0.1], [0.12]])
    predicted = np.where(wrong, random.integers(0, 3, (4, 400)), labels)
    return np.eye(3, dtype=np.float32)[predicted], labels, groups


def chosen(logits: np.ndarray) -> dict[str, np.ndarray]:
    return task.answers({"logits": logits}, {}, DATA)


def examples(labels: np.ndarray, groups: np.ndarray | None = None) -> Examples:
    return Examples({"x": np.zeros(len(labels))}, {"logits": labels}, groups)


@pytest.mark.parametrize("metric", METRICS)
def test_a_metric_of_a_matrix_is_the_metric_of_its_examples(answered, metric):
    logits, labels, groups = answered
    units = task.units(metric, chosen(logits[0]), examples(labels), DATA)
    for rows in (slice(None), groups == 102):
        expected = task.score(chosen(logits[0][rows]), examples(labels[rows]), DATA)[metric]
        assert task.of_sums(metric, units[rows].sum(0), DATA) == pytest.approx(expected)


@pytest.mark.parametrize("grouped", [True, False], ids=["groups", "examples"])
@pytest.mark.parametrize("metric", ["macro_f1", "f1_V"])
def test_interval_is_the_bootstraps(answered, metric, grouped):
    logits, labels, groups = answered
    low, high = task.interval(metric, chosen(logits[0]), examples(labels, groups if grouped else None), DATA)
    figures = []
    random = np.random.default_rng(11)
    for _ in range(600):
        rows = drawn_rows(random, groups if grouped else np.arange(400))
        figures.append(plain_f1(logits[0][rows].argmax(1), labels[rows], SCORED[metric]))
    expected = percentile_interval(np.array(figures))
    assert (low, high) == pytest.approx(expected, abs=0.2 * (high - low))
    assert low < task.score(chosen(logits[0]), examples(labels), DATA)[metric] < high


def plain_f1(predicted: np.ndarray, labels: np.ndarray, classes: list[int]) -> float:
    """The mean F1 of some classes."""
    hits = [np.sum((predicted == number) & (labels == number)) for number in classes]
    named = [np.sum(predicted == number) + np.sum(labels == number) for number in classes]
    return float(np.mean([2 * hit / max(both, 1) for hit, both in zip(hits, named, strict=True)]))


def drawn_rows(random: np.random.Generator, units: np.ndarray) -> np.ndarray:
    """The examples of as many units as there are, drawn with replacement."""
    names = np.unique(units)
    drawn = random.choice(names, len(names))
    return drawn if len(names) == len(units) else np.concatenate([np.flatnonzero(units == name) for name in drawn])


def test_accuracy_of_independent_examples_is_wilsons():
    """80 of 100: Wilson (1927), worked by hand with z = 1.959964."""
    labels = np.zeros(100, int)
    logits = np.eye(3)[np.repeat([0, 1], [80, 20])]
    assert task.interval("accuracy", chosen(logits), examples(labels, None), DATA) == pytest.approx(
        (0.711170, 0.866633), abs=1e-6
    )
    assert task.interval("accuracy", chosen(logits[:80]), examples(labels[:80], None), DATA)[1] == pytest.approx(1)


def test_few_sources_are_less_sure_than_many_examples(answered):
    logits, labels, groups = answered
    by_group = task.interval("accuracy", chosen(logits[0]), examples(labels, groups), DATA)
    by_example = task.interval("accuracy", chosen(logits[0]), examples(labels, None), DATA)
    assert np.diff(by_group) > 1.5 * np.diff(by_example)


def test_intervals_are_the_same_each_time(answered):
    logits, labels, groups = answered
    first, second = (task.interval("macro_f1", chosen(logits[1]), examples(labels, groups), DATA) for _ in range(2))
    assert first == second
    order = np.random.default_rng(0).permutation(len(labels))
    assert task.interval("macro_f1", chosen(logits[1][order]), examples(labels[order], groups[order]), DATA) == first


def test_resampling_draws_every_unit_alike():
    """One unit of each of five kinds and five of a sixth: sums stay in proportion, and the total is kept."""
    units = np.eye(6, dtype=int)[[0, 1, 2, 3, 4, 5, 5, 5, 5, 5]]
    drawn = resample(units, resamples=4000)
    assert (drawn.sum(1) == 10).all()
    np.testing.assert_allclose(drawn.mean(0), units.sum(0), atol=0.1)
    np.testing.assert_allclose(drawn.var(0), 10 * 0.1 * 0.9 * np.array([1] * 5 + [25 / 9]), rtol=0.1)


@pytest.mark.parametrize("grouped", [True, False], ids=["groups", "examples"])
def test_a_difference_is_paired(answered, grouped):
    """Means over trainings, on the same draws: what both models find hard cancels."""
    logits, labels, groups = answered
    units = groups if grouped else np.arange(400)
    answers, truth = [chosen(each) for each in logits], examples(labels, groups if grouped else None)
    found = task.difference("macro_f1", answers[:2], answers[2:], truth, DATA)
    scores = [task.score(each, truth, DATA)["macro_f1"] for each in answers]
    assert found.value == pytest.approx(np.mean(scores[:2]) - np.mean(scores[2:]))
    differences = []
    random = np.random.default_rng(5)
    for _ in range(400):
        rows = drawn_rows(random, units)
        drawn = [plain_f1(each[rows].argmax(1), labels[rows], SCORED["macro_f1"]) for each in logits]
        differences.append(np.mean(drawn[:2]) - np.mean(drawn[2:]))
    assert found.standard_error == pytest.approx(np.std(differences), rel=0.2)
    assert (found.low, found.high) == pytest.approx(
        percentile_interval(np.array(differences)), abs=found.standard_error / 2
    )


def test_a_model_does_not_differ_from_itself(answered):
    logits, labels, groups = answered
    answers = [chosen(logits[0])]
    same = task.difference("macro_f1", answers, answers, examples(labels, groups), DATA)
    assert (same.value, same.low, same.high, same.standard_error) == (0, 0, 0, 0)
