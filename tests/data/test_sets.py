"""Every data set holds what its description says; and facts of each that are known from elsewhere."""

import functools
import hashlib
import sys
from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_digits

from zoo.data import Examples, get_data, list_data
from zoo.data.sets.cifar10 import COPY_WITH_JPEGS
from zoo.errors import DataError, MissingExtraError, UnknownNameError


@functools.cache
def load(name: str, split: str) -> Examples:
    """A split, read once for all tests of this file."""
    return get_data(name).load(split)


@pytest.mark.parametrize("name", list_data())
def test_examples_are_as_described(name, require_data):
    data = require_data(name)
    for split, count in data.counts.items():
        examples = load(name, split)
        assert len(examples) == count
        assert examples.targets["logits"].dtype == np.int32
        assert set(np.unique(examples.targets["logits"])) == set(range(len(data.labels)))
        assert set(examples.inputs) == set(data.inputs)
        for key, facts in data.inputs.items():
            assert examples.inputs[key].shape == (count, *facts["shape"])
            assert examples.inputs[key].dtype == facts["dtype"]
            assert np.isfinite(examples.inputs[key]).all()
        assert (examples.groups is None) == (data.group_name is None)
        assert examples.groups is None or examples.groups.shape == (count,)
    assert all(set(target.scored) <= set(target.names) for target in data.targets.values())


def test_digits_are_scikit_learns_in_their_order():
    images, labels = load_digits(return_X_y=True)
    splits = [load("digits", split) for split in ("train", "test")]
    loaded = np.concatenate([examples.inputs["image"] for examples in splits])
    np.testing.assert_array_equal(np.concatenate([examples.targets["logits"] for examples in splits]), labels)
    assert loaded[images.reshape(loaded.shape) == 16].min() == 255
    np.testing.assert_allclose(loaded.reshape(images.shape), images * 255 / 16, atol=0.5)


def test_cifar10_is_in_the_order_of_its_authors(require_data):
    require_data("cifar10")
    train, test = load("cifar10", "train"), load("cifar10", "test")
    assert train.targets["logits"][:10].tolist() == [6, 9, 9, 4, 1, 1, 2, 7, 8, 3]
    assert test.targets["logits"][:10].tolist() == [3, 8, 8, 0, 6, 6, 1, 6, 3, 1]
    assert np.bincount(train.targets["logits"]).tolist() == [5000] * 10
    assert np.bincount(test.targets["logits"]).tolist() == [1000] * 10


def test_a_note_stands_on_its_copy_alone(require_data):
    """A card says of CIFAR-10 what is true of the copy at hand, which its pixels tell."""
    store = require_data("cifar10").store
    [note] = store.known_copies[COPY_WITH_JPEGS]
    assert "21 test and 77 train images are decoded JPEGs" in note
    pixels = hashlib.sha256(load("cifar10", "test").inputs["image"].tobytes()).hexdigest()
    assert replace(store, known_copies={pixels: (note,)}).notes() == (note,)
    assert replace(store, known_copies={"0" * 64: (note,)}).notes() == ()


def test_mitbih_counts_are_the_published_ones(require_data):
    require_data("mitbih_beats")
    train, test = load("mitbih_beats", "train"), load("mitbih_beats", "test")
    assert np.bincount(train.targets["logits"]).tolist() == [45_866, 944, 3_788, 415, 8]
    assert np.bincount(test.targets["logits"]).tolist() == [44_259, 1_837, 3_221, 388, 7]
    assert len(np.unique(train.groups)) == len(np.unique(test.groups)) == 22
    assert not set(train.groups) & set(test.groups)
    assert (train.inputs["rr"] >= 0.25).all()
    assert (train.inputs["rr"][:, 0] > 6).sum() == 5


def test_unknown_names_list_the_nearest():
    with pytest.raises(UnknownNameError, match=r"`cifar`; the nearest are `cifar10`"):
        get_data("cifar")
    with pytest.raises(DataError, match=r"split of `digits`: `validation`; there are train, test"):
        get_data("digits").load("validation")


def test_what_is_not_prepared_says_how(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    assert get_data("cifar10").notes == ()
    with pytest.raises(DataError) as caught:
        get_data("cifar10").load("test")
    assert "`zoo data prepare cifar10`" in caught.value.hint


def test_a_missing_extra_is_named(require_data, monkeypatch):
    data = require_data("mitbih_beats")
    monkeypatch.delitem(sys.modules, "zoo.data.shards", raising=False)
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    with pytest.raises(MissingExtraError) as caught:
        data.load("test")
    assert 'pip install "hybrid-zoo[train]"' in caught.value.hint
