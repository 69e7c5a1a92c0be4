"""Classification by several heads, one of them with a class a step, against plain NumPy in float64."""

import numpy as np
import pytest
from data_sets import described
from scipy.special import log_softmax
from sklearn.metrics import f1_score

from zoo.data.dataset import Examples, Target
from zoo.errors import InputError
from zoo.tasks import Batch, get_task
from zoo.tasks.classification import class_weights

task = get_task("classification")
TARGETS = {
    "kind": Target("class", ("down", "up")),
    "sub_kind": Target("class", ("falls", "rests", "rises"), scored=("falls", "rises"), shape=(5,)),
}
DATA = described(TARGETS)
SIZES = {"kind": 2, "sub_kind": 3}


@pytest.fixture(scope="module")
def drawn():
    """(logits, labels) by head: 60 examples; steps behind their ends have no class, and some examples none at all."""
    random = np.random.default_rng(0)
    labels = {"kind": random.integers(-1, 2, 60), "sub_kind": random.integers(0, 3, (60, 5))}
    labels["sub_kind"][np.arange(5) >= random.integers(0, 6, 60)[:, None]] = -1
    logits = {head: random.normal(0, 3, (*labels[head].shape, size)).astype(np.float32) for head, size in SIZES.items()}
    return logits, {head: array.astype(np.int32) for head, array in labels.items()}


def examples(labels, groups=None) -> Examples:
    return Examples({"x": np.zeros(len(labels["kind"]))}, labels, groups)


def scored(logits, labels, data=DATA) -> dict[str, float]:
    return task.score(task.answers(logits, labels, data), examples(labels), data)


def expected_of(logits, labels, head) -> dict[str, float]:
    """scikit-learn's figures of one head, over what has a class."""
    real = labels[head] >= 0
    answered, true = logits[head].argmax(-1)[real], labels[head][real]
    chosen = [TARGETS[head].names.index(name) for name in TARGETS[head].scored]
    averages = {"macro_f1": chosen, "macro_f1_all": range(SIZES[head])}
    return {"accuracy": np.mean(answered == true)} | {
        name: f1_score(true, answered, labels=list(those), average="macro") for name, those in averages.items()
    }


def test_scores_are_means_over_the_heads(drawn):
    """One head's name ends in the other's: `accuracy_sub_kind` is not of `kind`."""
    heads = {head: expected_of(*drawn, head) for head in SIZES}
    means = {name: np.mean([heads[head][name] for head in SIZES]) for name in heads["kind"]}
    by_head = {f"{name}_{head}": heads[head][name] for head in SIZES for name in ("accuracy", "macro_f1")}
    assert scored(*drawn) == pytest.approx(means | by_head)
    assert task.metrics(DATA).keys() == scored(*drawn).keys()


def test_heads_may_be_called_as_a_metric_ends():
    data = described({name: Target("class", ("a", "b")) for name in ("all", "f1")})
    labels = {"all": np.array([0, 1, 0, 1]), "f1": np.array([0, 0, 0, 1])}
    logits = {"all": np.eye(2)[[0, 1, 0, 1]], "f1": np.eye(2)[[1, 0, 0, 1]]}
    kept = task.answers(logits, labels, data)
    scores = task.score(kept, Examples({"x": np.zeros(4)}, labels), data)
    assert (scores["accuracy_all"], scores["accuracy_f1"], scores["accuracy"]) == (1, 0.75, 0.875)
    assert scores["macro_f1"] == scores["macro_f1_all"] == pytest.approx((1 + (0.8 + 2 / 3) / 2) / 2)


@pytest.mark.parametrize("metric", ["accuracy", "macro_f1", "accuracy_sub_kind", "macro_f1_kind"])
def test_an_interval_holds_the_score_and_draws_groups_whole(drawn, metric):
    logits, labels = drawn
    kept, groups = task.answers(logits, labels, DATA), np.repeat(np.arange(6, dtype=np.int32), 10)
    units = task.units(metric, kept, examples(labels), DATA)
    assert task.of_sums(metric, units.sum(0), DATA) == pytest.approx(scored(*drawn)[metric])
    for grouped in (None, groups):
        low, high = task.interval(metric, kept, examples(labels, grouped), DATA)
        assert low < scored(*drawn)[metric] < high


def test_what_is_answered_where_there_is_no_class_counts_nothing(drawn):
    logits, labels = drawn
    garbled = {head: np.where((labels[head] >= 0)[..., None], logits[head], 99).astype(np.float32) for head in SIZES}
    assert scored(garbled, labels) == scored(logits, labels)
    loss = task.loss(task.Settings(), examples(labels), DATA)
    assert float(loss(garbled, Batch({}, labels))) == float(loss(logits, Batch({}, labels)))


@pytest.mark.parametrize("power", [None, 0.5])
def test_the_loss_is_the_sum_over_the_heads(drawn, power):
    logits, labels = drawn
    expected = 0
    for head, size in SIZES.items():
        real = labels[head] >= 0
        entropy = -np.take_along_axis(log_softmax(logits[head], -1), np.maximum(labels[head], 0)[..., None], -1)[..., 0]
        counts = np.bincount(labels[head][real], minlength=size)
        weights = 1 if power is None else (counts**-power / np.average(counts**-power, weights=counts))[labels[head]]
        expected += np.mean((entropy * weights)[real])
    loss = task.loss(task.Settings(class_weight=power), examples(labels), DATA)
    assert float(loss(logits, Batch({}, labels))) == pytest.approx(expected, rel=1e-5)


def test_a_head_without_any_class_to_learn_weighs_nothing():
    assert np.isfinite(class_weights(np.array([-1, -1]), 3)).all()


def test_the_baseline_is_each_heads_commonest(drawn):
    _, labels = drawn
    always = {head: np.bincount(labels[head][labels[head] >= 0]).argmax() for head in SIZES}
    logits = {
        head: np.broadcast_to(np.eye(SIZES[head])[always[head]], (*labels[head].shape, SIZES[head])) for head in SIZES
    }
    assert task.baselines(DATA, examples(labels), examples(labels)) == {
        "majority": pytest.approx(scored(logits, labels))
    }


def test_each_head_is_as_large_as_its_target():
    assert task.sizes(DATA) == {"num_classes": SIZES}
    assert task.outputs(DATA) == {"kind": (2,), "sub_kind": (5, 3)}
    assert [entry["labels"] for entry in task.meaning(DATA).values()] == [["down", "up"], ["falls", "rests", "rises"]]


def test_one_class_is_nothing_to_tell_apart():
    one = described({**TARGETS, "only": Target("class", ("yes",))})
    with pytest.raises(InputError, match="too few classes for `only`: found yes, expected two or more to tell apart"):
        task.check(one)
    with pytest.raises(InputError, match="no targets for the task `classification`: found `value` \\(value\\)"):
        task.check(described({"value": Target("value")}))


def test_a_training_sees_the_targets_of_its_task_alone(drawn):
    """A data set may have a text of each example too, which no tensor holds."""
    _, labels = drawn
    data = described({**TARGETS, "tokens": Target("text", vocabulary="words")})
    both = Examples({"x": np.zeros(60)}, {**labels, "tokens": np.full(60, ("a text",), object)})
    assert task.prepare(both, data).targets.keys() == SIZES.keys()
