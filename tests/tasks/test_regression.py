"""Loss, metrics, intervals and baselines of regression, against plain NumPy in float64."""

import numpy as np
import pytest
from data_sets import described

from zoo.data.dataset import Examples, Target
from zoo.tasks import Batch, get_task

task = get_task("regression")
LENGTH = described({"value": Target("value", shape=(3,), unit="m")})
TWO = described({"height": Target("value", shape=(1,), unit="m"), "weight": Target("value", (), (), (), "kg")})


def examples(groups=None, **targets) -> Examples:
    count = len(next(iter(targets.values())))
    columns = {name: np.asarray(values, np.float32) for name, values in targets.items()}
    return Examples({"x": np.zeros(count)}, columns, groups)


def test_errors_are_means_over_all_numbers_of_all_outputs():
    random = np.random.default_rng(0)
    truth = {"height": random.normal(size=(50, 1)), "weight": random.normal(size=50) * 30}
    answered = {"height": random.normal(size=(50, 1)), "weight": random.normal(size=(50, 1)) * 30}
    kept = task.answers({**answered, "unasked": np.zeros(50)}, {}, TWO)
    assert kept.keys() == TWO.targets.keys()
    apart = np.concatenate(
        [np.float32(answered[name]).ravel() - np.float32(truth[name]).astype(np.float64).ravel() for name in truth]
    )
    scores = task.score(kept, examples(**truth), TWO)
    assert scores == pytest.approx({"mae": np.mean(np.abs(apart)), "mse": np.mean(apart**2)}, rel=1e-6)


def test_a_unit_is_said_where_all_outputs_have_it():
    units = {name: metric.unit for name, metric in task.metrics(LENGTH).items()}
    assert units == {"mae": "m", "mse": "m²"}
    assert {metric.unit for metric in task.metrics(TWO).values()} == {None}
    assert task.meaning(LENGTH) == {"value": {"kind": "values", "unit": "m"}}


def test_the_loss_does_not_hang_on_a_unit():
    """Each output's squared error over the variance of its target in training, and the mean of these."""
    random = np.random.default_rng(1)
    truth = {"height": random.normal(1.7, 0.1, (64, 1)), "weight": random.normal(70, 12, 64)}
    answered = {"height": truth["height"] + 0.05, "weight": (truth["weight"] - 6)[:, None]}
    train = examples(**truth)
    value = losses_of(train, answered, truth, TWO)
    expected = np.mean([0.05**2 / truth["height"].var(), 36 / truth["weight"].var()])
    assert value == pytest.approx(expected, rel=1e-4)
    grams = {"height": 1, "weight": 1000}
    scaled = [{name: values * grams[name] for name, values in each.items()} for each in (truth, answered)]
    assert losses_of(examples(**scaled[0]), scaled[1], scaled[0], TWO) == pytest.approx(expected, rel=1e-4)


def losses_of(train, answered, truth, data) -> float:
    loss = task.loss(task.Settings(), train, data)
    outputs, targets = ({name: np.float32(array) for name, array in each.items()} for each in (answered, truth))
    return float(loss(outputs, Batch({}, targets)))


def test_a_target_that_never_varies_has_a_loss():
    flat = np.full((8, 3), 5)
    assert losses_of(examples(value=flat), {"value": flat + 2.0}, {"value": flat}, LENGTH) == pytest.approx(4)


def test_the_baseline_answers_each_numbers_own_mean():
    train = examples(value=[[0, 10, -4], [2, 30, -4]])
    test = examples(value=[[1, 22, -4], [4, 20, -4]])
    assert task.baselines(LENGTH, train, test) == {"mean": pytest.approx({"mae": 5 / 6, "mse": 13 / 6})}


def test_an_interval_holds_the_truth_as_often_as_it_says():
    """100 draws of 80 errors of deviation 1, whose mean square is 1: 95 % of intervals, within three deviations."""
    random = np.random.default_rng(2)
    held = 0
    for _ in range(100):
        errors = random.normal(size=(80, 3)).astype(np.float32)
        low, high = task.interval("mse", {"value": errors}, examples(value=np.zeros((80, 3))), LENGTH)
        held += low <= 1 <= high
    assert held >= 88


def test_examples_of_one_source_are_drawn_together():
    """Ten people whose errors are all alike: 1,000 examples say no more than ten."""
    random = np.random.default_rng(3)
    groups = np.repeat(np.arange(10, dtype=np.int32), 100)
    errors = np.broadcast_to(random.normal(0, 1, 10).astype(np.float32)[groups, None], (1000, 3))
    truth = np.zeros((1000, 3))
    by_group = task.interval("mae", {"value": errors}, examples(groups, value=truth), LENGTH)
    of_ten = task.interval("mae", {"value": errors[::100]}, examples(value=truth[::100]), LENGTH)
    by_example = task.interval("mae", {"value": errors}, examples(value=truth), LENGTH)
    assert by_group == pytest.approx(of_ten)
    assert np.diff(by_group) > 4 * np.diff(by_example)
