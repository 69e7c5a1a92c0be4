"""Order and augmentation are pure functions of (seed, epoch, index)."""

import functools

import keras
import numpy as np
import pytest

from zoo.data import Examples, get_data
from zoo.data.columns import Indexed, Ragged, Read
from zoo.families import create_model
from zoo.training.input_pipeline import augmentation
from zoo.training.input_pipeline.augmentation import Draw
from zoo.training.input_pipeline.batches import EDGES, batches, order, order_by_length, places, steps_per_epoch

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


LENGTHS = np.random.default_rng(1).integers(1, 400, COUNT)


def test_an_order_by_length_is_a_permutation_of_its_own():
    first, again, other_epoch, other_seed = (
        order_by_length(seed, epoch, LENGTHS, BATCH) for seed, epoch in ((5, 0), (5, 0), (5, 1), (6, 0))
    )
    assert sorted(first) == list(range(COUNT))
    assert (first == again).all()
    assert (first != other_epoch).any()
    assert (first != other_seed).any()


def test_batches_hold_examples_of_like_length_in_any_order_of_length():
    ordered = LENGTHS[order_by_length(5, 0, LENGTHS, BATCH)][: COUNT // BATCH * BATCH].reshape(-1, BATCH)
    shuffled = LENGTHS[order(5, 0, COUNT)][: COUNT // BATCH * BATCH].reshape(-1, BATCH)
    assert np.ptp(ordered, axis=1).mean() < 0.2 * np.ptp(shuffled, axis=1).mean()
    longest = ordered.max(1).tolist()
    assert longest not in (sorted(longest), sorted(longest)[::-1])


def test_examples_that_are_left_over_are_not_always_the_same():
    """Not the longest, which would never be learned of."""
    left = {tuple(order_by_length(5, epoch, LENGTHS, BATCH)[-(COUNT % BATCH) :]) for epoch in range(4)}
    assert len(left) == 4


def spoken() -> Examples:
    """Sounds of 1 to 40 frames, what stands for them in tokens, a picture that several share, and two targets."""
    random, lengths = np.random.default_rng(2), np.random.default_rng(3).integers(1, 41, COUNT)
    sounds = Ragged.of([random.normal(size=(length, 2)).astype(np.float32) for length in lengths], 40)
    tokens = Ragged.of([random.integers(1, 9, length).astype(np.int32) for length in lengths], 40)
    pictures = Indexed(random.integers(0, 256, (5, 2, 2, 1), np.uint8), random.integers(0, 5, COUNT))
    numbers = np.arange(COUNT, dtype=np.int32)
    read = Read(lambda number: np.full(3, number, np.float32), numbers, (3,), np.dtype(np.float32))
    inputs = {"sound": sounds, "tokens": tokens, "length": sounds.lengths, "picture": pictures, "read": read}
    return Examples(inputs, {"number": numbers, "double": (2 * numbers[:, None]).astype(np.float32)})


def takes(steps: int | None) -> keras.Model:
    """A model of all these inputs, of so many frames; None: of any number."""
    inputs = {
        "sound": keras.Input((steps, 2), name="sound"),
        "tokens": keras.Input((steps,), dtype="int32", name="tokens"),
        "length": keras.Input((), dtype="int32", name="length"),
        "picture": keras.Input((2, 2, 1), name="picture"),
        "read": keras.Input((3,), name="read"),
    }
    return keras.Model(inputs, {"length": inputs["length"]})


@pytest.mark.parametrize("steps", [None, 40], ids=["open-ended", "fixed"])
def test_batches_of_unlike_lengths(steps):
    """From any position as in the whole; cut to few lengths, and never into an example."""
    examples = spoken()

    def draw(position):
        drawn = batches(
            examples, takes(steps), lambda inputs, _: inputs, seed=5, batch_size=BATCH, position=position, end=25
        )
        return [tuple({name: tensor.numpy() for name, tensor in arrays.items()} for arrays in batch) for batch in drawn]

    whole, rest = draw(0), draw(13)
    assert (len(whole), len(rest)) == (25, 12)
    for one, other in zip(rest, whole[13:], strict=True):
        for arrays, expected in zip(one, other, strict=True):
            assert arrays.keys() == expected.keys()
            for name, array in arrays.items():
                np.testing.assert_array_equal(array, expected[name])

    widths = set()
    for inputs, targets in whole:
        dtypes = {name: array.dtype.name for name, array in {**inputs, **targets}.items()}
        assert dtypes == {
            **{"sound": "float32", "tokens": "int32", "length": "int32", "picture": "float32", "read": "float32"},
            **{"number": "int32", "double": "float32"},
        }
        number, width = targets["number"], inputs["sound"].shape[1]
        widths.add(width)
        np.testing.assert_array_equal(targets["double"][:, 0], 2 * number)
        assert inputs["length"].max() <= width
        for name in ("length", "picture", "read"):
            np.testing.assert_array_equal(inputs[name], examples.inputs[name][number])
        for name in ("sound", "tokens"):
            np.testing.assert_array_equal(inputs[name], examples.inputs[name][number][:, :width])
    assert widths == {40} if steps else 2 < len(widths) <= EDGES


def test_a_fixed_length_is_no_reason_to_sort():
    """The order is that of any data set: nothing is cut, so like lengths would only make batches alike."""
    drawn = batches(spoken(), takes(40), lambda inputs, _: inputs, seed=5, batch_size=BATCH, position=0, end=1)
    [(_, targets)] = drawn
    assert targets["number"].numpy().tolist() == order(5, 0, COUNT)[:BATCH].tolist()
