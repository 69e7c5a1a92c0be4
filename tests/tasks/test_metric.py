"""What a figure means: its direction, its size and its words; and that every metric of every task has them."""

import numpy as np
import pytest
from data_sets import described, of_texts

from zoo.bundle.metric import LOSS, Metric
from zoo.data.dataset import Target
from zoo.errors import PluginError
from zoo.tasks import get_task, list_tasks

LETTERS = {"kind": "characters", "tokens": ["<pad>", "a"], "lowercase": True, "pad": 0}
DATA = {
    "classification": described(
        {"kind": Target("class", ("a", "b")), "steps": Target("class", ("c", "d"), shape=(3,))}
    ),
    "regression": described({"value": Target("value", shape=(1,), unit="m")}),
    "captioning": of_texts(["<pad>", "<start>", "<end>", "a"], "words", 4, start=1, end=2),
    "ctc": of_texts(["<blank>", "a"], "characters", 4),
    "language_model": described(
        {"next": Target("class", (), (), (4,), None, "words")}, vocabularies={"words": LETTERS}
    ),
}


@pytest.mark.parametrize("name", list_tasks())
def test_every_metric_says_which_way_is_better_and_how_far_it_is_to_the_worst(name):
    task, data = get_task(name), DATA[name]
    metrics = task.metrics(data)
    assert metrics
    assert task.metric("loss", data) is LOSS
    for metric in metrics.values():
        assert metric.better in ("higher", "lower")
        assert Metric(**metric.to_dict()) == metric
        if metric.span is None:  # errors, whose span is that between none and a baseline's
            assert (metric.better, metric.size(0.4)) == ("lower", 0.4)
        else:
            assert np.isfinite(metric.span)
            assert metric.size(0.4) == metric.span > 0


@pytest.mark.parametrize("better", ["up", "", None, "Higher", ["higher"]])
def test_a_metric_of_unknown_direction_is_refused(better):
    with pytest.raises(PluginError, match=r"says which way is better: found .*, expected higher or lower"):
        Metric(better)


def test_a_metric_without_a_direction_cannot_be_made():
    with pytest.raises(TypeError, match="better"):
        Metric()


def test_higher_and_lower_are_each_others_mirror():
    up, down = Metric("higher"), Metric("lower")
    for value, other in ((0.9, 0.7), (0.5, 0.5), (-1.0, 2.0)):
        assert up.gain(value, other) == value - other == -down.gain(value, other)
        assert up.is_better(value, other) == down.is_better(other, value) == (value > other)
        assert up.reaches(value, other) == down.reaches(other, value) == (value >= other)
    assert (up.worse_by(0.9, 0.1), down.worse_by(0.9, 0.1)) == pytest.approx((0.8, 1.0))
    assert not up.is_better(float("nan"), 0.0)
    assert not down.is_better(float("nan"), 0.0)
    assert not up.reaches(float("nan"), 0.0)


def test_an_error_has_the_size_of_what_the_first_baseline_has():
    error = Metric("lower", unit="m", span=None)
    assert (error.size(2.5), error.size(None), error.size(0.0)) == (2.5, 1.0, 1.0)
    assert Metric("higher").size(0.3) == 1.0


@pytest.mark.parametrize(
    ("metric", "value", "text", "goal", "interval"),
    [
        (Metric("higher", percent=True), 0.98765, "98.77 %", "98.77 % or more", "98.8-99.0"),
        (Metric("lower", percent=True), 1.25, "125.00 %", "125.00 % or less", "125.0-99.0"),
        (Metric("higher"), 0.98765, "0.988", "0.988 or more", "0.988-0.990"),
        (Metric("lower", unit="m", span=None), 1234.5, "1234 m", "1234 m or less", "1234-0.99"),
        (Metric("lower", span=None), 0.00012346, "0.0001235", "0.0001235 or less", "0.0001235-0.99"),
    ],
)
def test_a_value_for_people(metric, value, text, goal, interval):
    assert metric.text(value) == text
    assert metric.goal(value) == goal
    assert metric.interval(value, 0.99) == interval
    assert metric.text(None) == "-"


def test_a_card_says_what_its_figures_are():
    card = {"metrics": {"mse": Metric("lower", unit="m²", span=None).to_dict()}}
    assert Metric.of(card, "mse").better == "lower"
    assert Metric.of({}, "accuracy") == Metric("higher", percent=True)  # from before cards said so
