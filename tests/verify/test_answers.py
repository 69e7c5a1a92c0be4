"""What counts as the same answer, on arrays that are right or wrong by construction, against plain NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.verify.gates import answer_gates
from zoo.verify.measures.answers import ERROR, agreement, closeness, judge, of_examples

RANDOM = np.random.default_rng(0)
GRID = 1 / 256


def judged(found, expected, kind="value"):
    return judge({"y": found}, {"y": expected}, {"y": kind})["y"]


def passes(found, expected, kind="value", target="int8"):
    return all(gate.passed for gate in answer_gates(target, judge({"y": found}, {"y": expected}, {"y": kind})))


def softmax(logits):
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def on_grid(probabilities):
    return np.round(probabilities * 256) / 256


def off_by(share, values, seed=1):
    """Values with a normal error of so many standard deviations."""
    return values + share * values.std() * np.random.default_rng(seed).normal(size=values.shape)


@given(st.integers(0, 9), st.sampled_from([(40, 1), (40,), (20, 7, 3), (30, 40)]), st.floats(1e-6, 1e6))
def test_the_error_is_that_over_the_spread(seed, shape, size):
    """Of a quantity whose mean does not hang on the place, by NumPy's own figures."""
    random = np.random.default_rng(seed)
    expected = random.normal(size=shape)
    found = expected + 0.1 * random.normal(size=shape)
    axes = tuple(range(len(shape) - 1)) if len(shape) > 1 and shape[-1] <= 16 else None
    own = np.sqrt(np.mean((expected - expected.mean(axis=0)) ** 2, axis=axes))
    spread = np.clip(expected.std(), own, 3 * own)
    error = np.sqrt(np.mean(((found - expected) / spread) ** 2))
    here = judged(size * found + 1e3 * size, size * expected + 1e3 * size)
    assert here.error == pytest.approx(error, rel=1e-6)
    assert here.typical <= here.error
    assert here.correlation > 0.98
    assert here.agreement == 1.0


@pytest.mark.parametrize("offset", [0.0, 290.0, -1e5])
@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
def test_neither_offset_nor_size_hides_an_error(offset, size):
    expected = size * RANDOM.normal(size=(200, 1)) + offset * size
    assert passes(off_by(0.1, expected), expected)
    assert not passes(np.roll(expected, 1, axis=0), expected)  # answers to other examples
    assert not passes(np.full_like(expected, expected.mean()), expected)
    assert not passes(off_by(0.5, expected), expected)
    assert not passes(expected + 0.5 * expected.std(), expected)  # a bias


def test_a_forecast_that_knows_the_hour_alone_is_wrong():
    """Values that hang on the place far more than on the input: what varies with the input is what is judged."""
    expected = 10 * np.sin(np.arange(24)) + RANDOM.normal(size=(100, 24))
    assert not passes(np.broadcast_to(expected.mean(0), expected.shape), expected)
    assert passes(expected + 0.1 * RANDOM.normal(size=expected.shape), expected)


def test_means_of_features_widen_the_spread_and_hide_nothing():
    """Two scores far from each other beside what the input makes of them, as an untrained head gives them."""
    expected = np.array([-1.0, 1.0]) + 0.1 * RANDOM.normal(size=(300, 2))
    assert passes(expected + 0.04 * RANDOM.normal(size=expected.shape), expected)
    assert not passes(expected + 0.08 * RANDOM.normal(size=expected.shape), expected)
    assert not passes(np.broadcast_to(expected.mean(0), expected.shape), expected)
    assert not passes(expected[::-1], expected)


def test_unlike_features_have_spreads_of_their_own():
    expected = np.stack([RANDOM.normal(20, 5, 300), RANDOM.normal(101_325, 800, 300)], -1)
    found = expected.copy()
    found[:, 0] = found[::-1, 0]
    assert not passes(found, expected)
    assert passes(expected + [0.5, 80] * RANDOM.normal(size=(300, 2)), expected)


def test_a_feature_that_hardly_moves_is_measured_by_the_others():
    expected = np.stack([RANDOM.normal(size=200), np.full(200, 0.7)], -1)
    assert passes(expected + 0.02, expected)
    assert not passes(expected + np.array([0.0, 1.0]), expected)


def test_one_step_in_a_hundred_may_be_off():
    expected = RANDOM.normal(size=(10, 100, 4))
    found = off_by(0.05, expected)
    found[:, 17] += 4
    assert passes(found, expected)
    assert judged(found, expected).agreement == 0.99
    found[:, :10] += 4
    assert not passes(found, expected)


def test_one_value_of_a_spectrogram_may_be_off():
    expected = RANDOM.normal(size=(8, 53, 66))
    found = off_by(0.05, expected)
    found[:, 5, 7] -= 6
    assert passes(found, expected)


def test_what_answers_the_usual_is_wrong_however_often_that_is_right():
    expected = (RANDOM.random((4, 500, 1)) < 0.03).astype(float)
    found = np.zeros_like(expected)
    for kind in ("value", "yes_no"):
        assert judged(found, expected, kind).agreement > 0.95
        assert not passes(found, expected, kind)
    assert not passes(
        np.concatenate([1 - found, found], -1), np.concatenate([1 - expected, expected], -1), "probabilities"
    )


def test_a_constant_output():
    expected = np.full((50, 3), 0.7)
    assert passes(expected.astype("float32"), expected)
    assert not passes(expected + 0.01 * RANDOM.normal(size=expected.shape), expected)
    assert judged(expected, expected).correlation is None
    assert passes(np.zeros((5, 2)), np.zeros((5, 2)))


def test_a_single_example():
    expected = RANDOM.normal(size=(1, 8))
    assert passes(off_by(0.05, expected), expected)
    assert not passes(-expected, expected)
    assert passes(np.array([[290.1]]), np.array([[290.0]]))


@pytest.mark.parametrize("kind", ["value", "logits", "probabilities", "yes_no"])
@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_no_number_is_no_answer(kind, wrong):
    expected = softmax(RANDOM.normal(size=(40, 3)))
    found = expected.copy()
    found[3, 0] = wrong
    if np.isnan(wrong) or kind != "logits":
        assert not passes(found, expected, kind)
    assert judged(found, expected, kind).agreement < 1
    assert 0 <= closeness({"y": judged(found, expected, kind)}) < 1


def test_the_same_infinity_is_the_same_value():
    expected = RANDOM.normal(size=(40, 3))
    expected[5, 1] = -np.inf
    assert judged(expected, expected, "logits").agreement == 1


def test_a_thousand_classes_on_a_grid_of_a_256th():
    """The largest probability is what a picture is answered by; the smallest are lost, and do not matter."""
    logits = RANDOM.normal(size=(300, 1000))
    logits[np.arange(300), RANDOM.integers(0, 1000, 300)] += RANDOM.uniform(5, 12, 300)
    expected = softmax(logits)
    found = on_grid(softmax(logits + 0.2 * RANDOM.normal(size=logits.shape)))
    share = np.mean(found.argmax(-1) == expected.argmax(-1))
    assert share >= 0.95
    assert passes(found, expected, "probabilities")
    assert judged(found, expected, "probabilities").agreement >= share
    assert not passes(found[::-1], expected, "probabilities")


def test_probabilities_too_small_for_their_grid_are_no_answer():
    expected = softmax(0.1 * RANDOM.normal(size=(300, 1000)))
    assert on_grid(expected).max() == 0
    assert not passes(on_grid(expected), expected, "probabilities")
    assert passes(softmax(np.log(expected) + 0.001 * RANDOM.normal(size=expected.shape)), expected, "probabilities")


@pytest.mark.parametrize("kind", ["logits", "probabilities"])
def test_a_lost_mask_is_wrong_where_classes_hardly_differ(kind):
    """An untrained head: all classes are near alike, and mostly the same one is best."""
    logits = np.array([0.3, 0.0, 0.0, 0.0]) + 0.1 * RANDOM.normal(size=(200, 4))
    other = np.array([0.3, 0.0, 0.0, 0.0]) + 0.1 * RANDOM.normal(size=(200, 4))
    give = softmax if kind == "probabilities" else np.asarray
    assert not passes(give(other), give(logits), kind)
    assert passes(give(logits + 0.01 * RANDOM.normal(size=logits.shape)), give(logits), kind)


def test_a_flip_between_classes_that_are_near_alike_is_no_wrong_answer():
    expected = softmax(np.log(np.array([[0.50, 0.48, 0.02]]).repeat(50, 0)))
    expected[25:] = [0.02, 0.2, 0.78]
    found = expected.copy()
    found[:25] = [0.48, 0.50, 0.02]
    assert judged(found, expected, "probabilities").agreement == 1
    found[:25] = [0.35, 0.63, 0.02]
    expected[:25] = [0.63, 0.35, 0.02]
    assert judged(found, expected, "probabilities").agreement == 0.5


def test_logits_and_their_probabilities_are_judged_alike():
    logits = RANDOM.normal(size=(50, 6, 5))
    found = logits + 0.2 * RANDOM.normal(size=logits.shape)
    one, other = judged(found, logits, "logits"), judged(softmax(found), softmax(logits), "probabilities")
    assert np.array_equal(one.same, other.same)
    assert one.error == pytest.approx(other.error, rel=1e-4)
    assert judged(found + 7, logits, "logits").error == pytest.approx(one.error, rel=1e-4)


def test_probabilities_of_several_labels():
    expected = 1 / (1 + np.exp(-3 * RANDOM.normal(size=(200, 6))))
    found = np.clip(on_grid(expected + 0.01 * RANDOM.normal(size=expected.shape)), 0, 1)
    assert passes(found, expected, "yes_no")
    assert judged(found, expected, "yes_no").same.shape == (200, 6)
    wrong = found.copy()
    wrong[:, 2] = 1 - wrong[:, 2]
    assert not passes(wrong, expected, "yes_no")


def test_sides_of_a_half_are_answers():
    expected = np.array([[0.9], [0.1], [0.51], [0.7]])
    found = np.array([[0.88], [0.12], [0.49], [0.4]])
    assert judged(found, expected, "yes_no").same.ravel().tolist() == [True, True, False, False]
    found[3] = 0.7
    assert judged(found, expected, "yes_no").same.ravel().tolist() == [True, True, True, True]


def test_whole_numbers_are_the_same_or_not():
    expected = RANDOM.integers(0, 1000, (100, 5)).astype(np.int32)
    found = expected.copy()
    found[0, 0] += 1
    assert judged(found, expected).agreement == 499 / 500
    assert judged(found, expected).error is None
    assert not passes(expected + 1, expected)
    assert passes(found, expected)
    assert judged(expected > 500, expected > 500).agreement == 1
    assert not passes(expected < 500, expected > 500)


def test_the_worst_output_counts():
    expected = {"a": RANDOM.normal(size=(50, 2)), "b": RANDOM.integers(0, 9, 50)}
    found = {"a": expected["a"], "b": np.where(np.arange(50) < 10, 9, expected["b"])}
    judged = judge(found, expected, {})
    assert agreement(judged) == 0.8
    assert of_examples(judged).tolist() == [0.0] * 10 + [1.0] * 40


def test_the_closer_of_two_that_agree_is_known():
    """What is beyond half of the gate's error counts."""
    expected = RANDOM.normal(size=(100, 24))
    near, far = (closeness({"y": judged(off_by(share, expected), expected)}) for share in (0.08, 0.19))
    assert near == 1
    assert far == pytest.approx(1 - (0.19 - ERROR / 2), abs=0.02)
