"""Augmentations of signals: by hand, and the same whoever else is in the batch."""

import numpy as np
import pytest

from zoo.training.input_pipeline import augmentation
from zoo.training.input_pipeline.augmentation import Draw

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


def test_stretch_reads_between_the_samples_about_the_middle():
    """A straight line stays one: its slope becomes the factor, its middle stays; the ends go on level."""
    line = np.linspace(-1, 1, 101, dtype="float32")[None, :, None].repeat(COUNT, 0)
    stretched = augmentation.stretch(line, Draw(1, 0, np.arange(COUNT), COUNT))[:, :, 0]
    np.testing.assert_allclose(stretched[:, 50], 0, atol=1e-6)
    factors = (stretched[:, 60] - stretched[:, 40]) / (line[0, 60, 0] - line[0, 40, 0])
    expected = np.clip(np.outer(factors, line[0, :, 0]), -1, 1)
    np.testing.assert_allclose(stretched, expected, atol=1e-5)
    bound = augmentation.LARGEST_STRETCH
    assert 1 - bound <= factors.min() < 1 - bound / 2
    assert 1 + bound / 2 < factors.max() <= 1 + bound


def test_noise_is_white_and_every_example_has_its_own(signals):
    added = (augmentation.noise(signals, Draw(1, 0, np.arange(COUNT), COUNT)) - signals)[:, :, 0]
    assert added.std() == pytest.approx(augmentation.NOISE, rel=0.1)
    neighbours = np.corrcoef(added[:, :-1].ravel(), added[:, 1:].ravel())[0, 1]
    assert abs(neighbours) < 0.05
    assert np.abs(np.corrcoef(added) - np.eye(COUNT)).max() < 0.5


def test_gain_keeps_the_shape(signals):
    factors = augmentation.gain(signals, Draw(1, 0, np.arange(COUNT), COUNT)) / signals
    np.testing.assert_allclose(factors, np.broadcast_to(factors[:, :1, :1], factors.shape), rtol=1e-5)
    logarithms = np.log(factors[:, 0, 0])
    bound = augmentation.LARGEST_GAIN
    assert -bound <= logarithms.min() < -bound / 2
    assert bound / 2 < logarithms.max() <= bound


@pytest.mark.parametrize("name", ["shift", "tilt", "stretch", "noise", "gain"])
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
