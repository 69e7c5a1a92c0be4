"""Order and augmentation are pure functions of (seed, epoch, index)."""

import functools

import numpy as np
import pytest

from zoo.data import get_data
from zoo.families import create_model
from zoo.training.input_pipeline import augmentation
from zoo.training.input_pipeline.augmentation import Draw
from zoo.training.input_pipeline.batches import batches, order, places, steps_per_epoch

COUNT, BATCH = 103, 10


def test_an_epoch_is_a_permutation_of_its_own():
    first, again, other_epoch, other_seed = (
        order(5, 0, COUNT),
        order(5, 0, COUNT),
        order(5, 1, COUNT),
        order(6, 0, COUNT),
    )
    assert sorted(first) == list(range(COUNT))
    assert (first == again).all()
    assert (first != other_epoch).any()
    assert (first != other_seed).any()


@pytest.mark.parametrize("position", [0, 1, 9, 10, 25])
def test_any_place_can_be_gone_to(position):
    whole = [(epoch, tuple(indices)) for epoch, indices in places(5, COUNT, BATCH, 0, 30)]
    rest = [(epoch, tuple(indices)) for epoch, indices in places(5, COUNT, BATCH, position, 30)]
    assert rest == whole[position:]
    assert [epoch for epoch, _ in whole] == [step // steps_per_epoch(COUNT, BATCH) for step in range(30)]


def test_batches_from_a_position_equal_those_of_the_whole():
    data = get_data("digits")
    examples = data.load("train").take(np.arange(COUNT))
    augment = functools.partial(augmentation.augment, ["crop", "flip"], data)
    model = create_model("resnet_tiny")

    def draw(position):
        drawn = batches(examples, model, augment, seed=5, batch_size=BATCH, position=position, end=13)
        return [(inputs["image"].numpy(), targets["logits"].numpy()) for inputs, targets in drawn]

    whole, rest = draw(0), draw(8)
    assert len(whole) == 13
    assert whole[0][0].dtype == np.float32
    for (images, labels), (expected_images, expected_labels) in zip(rest, whole[8:], strict=True):
        np.testing.assert_array_equal(images, expected_images)
        np.testing.assert_array_equal(labels, expected_labels)


@pytest.mark.parametrize("name", sorted(augmentation.AUGMENTATIONS))
def test_an_example_is_augmented_alike_in_any_batch(name):
    kind, augment = augmentation.AUGMENTATIONS[name]
    generator = np.random.default_rng(0)
    batch = {
        "image": generator.integers(0, 256, (COUNT, 16, 24, 3), np.uint8),
        "signal": generator.normal(size=(COUNT, 64, 1)).astype(np.float32),
    }[kind]
    some = np.array([70, 3, 12])
    in_small = augment(batch[some], Draw(5, 2, some, COUNT))
    in_whole = augment(batch, Draw(5, 2, np.arange(COUNT), COUNT))
    np.testing.assert_array_equal(in_small, in_whole[some])
    assert in_whole.dtype == batch.dtype
    assert (in_whole != augment(batch, Draw(5, 3, np.arange(COUNT), COUNT))).any()


def test_crops_are_windows_of_the_padded_image():
    image = np.random.default_rng(0).integers(1, 256, (16, 24, 3), np.uint8)
    padded = np.pad(image, [(2, 2), (3, 3), (0, 0)])
    windows = {padded[row : row + 16, column : column + 24].tobytes() for row in range(5) for column in range(7)}
    indices = np.arange(2000)
    cut = augmentation.crop(np.broadcast_to(image, (2000, 16, 24, 3)), Draw(5, 0, indices, 2000))
    assert {one.tobytes() for one in cut} == windows


def test_half_the_images_are_flipped():
    image = np.random.default_rng(0).integers(0, 256, (8, 8, 1), np.uint8)
    flipped = augmentation.flip(np.broadcast_to(image, (2000, 8, 8, 1)), Draw(5, 0, np.arange(2000), 2000))
    mirrored = (flipped == image[:, ::-1]).all(axis=(1, 2, 3))
    assert (mirrored | (flipped == image).all(axis=(1, 2, 3))).all()
    assert 900 < mirrored.sum() < 1100
