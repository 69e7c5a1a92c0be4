"""Mixup by hand: two neighbours, one share for all that belongs to an example."""

import numpy as np
import pytest
from scipy.stats import beta

from zoo.training.feeding.augmentation import Draw
from zoo.training.feeding.mixing import mixup

COUNT, CLASSES = 4000, 3


def mixed(alpha: float):
    """Images that hold their own number, signals that hold its double, labels in turn."""
    numbers = np.arange(COUNT)
    inputs = {
        "image": np.broadcast_to((numbers % 200)[:, None, None, None], (COUNT, 2, 2, 1)).astype(np.uint8),
        "signal": np.broadcast_to(2 * (numbers % 200)[:, None], (COUNT, 3)).astype(np.float32),
    }
    return *mixup(inputs, numbers % CLASSES, Draw(1, 0, numbers, COUNT), alpha=alpha, classes=CLASSES), numbers


def test_inputs_and_label_of_an_example_are_mixed_by_one_share():
    inputs, labels, numbers = mixed(0.4)
    assert inputs["image"].dtype == labels.dtype == np.float32
    own = labels[numbers, numbers % CLASSES]
    np.testing.assert_allclose(labels[numbers, (numbers - 1) % CLASSES][1:], 1 - own[1:], atol=1e-6)
    expected = own * (numbers % 200) + (1 - own) * np.roll(numbers % 200, 1)
    np.testing.assert_allclose(inputs["image"][1:, 0, 0, 0], expected[1:], rtol=1e-5)
    np.testing.assert_allclose(inputs["signal"][1:, 2], 2 * expected[1:], rtol=1e-5)


@pytest.mark.parametrize("alpha", [0.2, 1.0])
def test_shares_are_of_the_larger_half_of_a_beta_distribution(alpha):
    _, labels, numbers = mixed(alpha)
    own = labels[numbers, numbers % CLASSES][1:]
    assert own.min() >= 0.5
    for share in (0.6, 0.9, 0.99):
        expected = beta.cdf(share, alpha, alpha) - beta.cdf(1 - share, alpha, alpha)
        assert np.mean(own < share) == pytest.approx(expected, abs=0.03)
