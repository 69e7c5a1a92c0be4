"""Augmentations of signals: by hand, and the same whoever else is in the batch."""

import numpy as np
import pytest

from zoo.training import augmentation
from zoo.training.augmentation import Draw

COUNT = 40


@pytest.fixture
def signals():
    return np.random.default_rng(4).normal(size=(COUNT, 100, 2)).astype("float32")


def test_shift_moves_and_goes_on_with_the_last_value(signals):
    moved = augmentation.shift(signals, Draw(1, 0, np.arange(COUNT), COUNT))
    farthest = int(100 * augmentation.LARGEST_SHIFT)
    by = []
    for before, after in zip(signals, moved, strict=True):
        padded = np.concatenate([before[:1].repeat(farthest, 0), before, before[-1:].repeat(farthest, 0)])
        fits = [offset for offset in range(2 * farthest + 1) if np.array_equal(padded[offset : offset + 100], after)]
        assert len(fits) == 1
        by += fits
    assert {min(by), max(by)} == {0, 2 * farthest}  # both ends are drawn among forty


def test_tilt_adds_a_line_through_the_middle(signals):
    added = augmentation.tilt(signals, Draw(1, 0, np.arange(COUNT), COUNT)) - signals
    np.testing.assert_allclose(np.diff(added, n=2, axis=1), 0, atol=1e-5)
    np.testing.assert_allclose(added[:, 0], -added[:, -1], atol=1e-5)
    assert 0.5 * augmentation.LARGEST_TILT < np.abs(added).max() <= augmentation.LARGEST_TILT + 1e-5


@pytest.mark.parametrize("name", ["shift", "tilt"])
def test_neighbours_in_the_batch_do_not_matter(name, signals):
    function = augmentation.AUGMENTATIONS[name][1]
    whole = function(signals, Draw(7, 3, np.arange(COUNT), COUNT))
    some = np.array([31, 2, 17])
    np.testing.assert_array_equal(function(signals[some], Draw(7, 3, some, COUNT)), whole[some])
    assert whole.dtype == signals.dtype


def test_augmentations_are_for_the_signal_alone():
    from zoo.data import get_data

    batch = {"ecg": np.zeros((2, 256, 1), "float32"), "rr": np.ones((2, 4), "float32")}
    augmented = augmentation.augment(["tilt"], get_data("mitbih_beats"), batch, Draw(1, 0, np.arange(2), 2))
    assert augmented["rr"] is batch["rr"]
    assert np.abs(augmented["ecg"]).max() > 0
