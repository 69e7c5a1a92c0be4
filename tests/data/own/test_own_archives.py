"""An `.npz` of a user's own: what its arrays are by name and type, and every way in which it is none."""

import zipfile

import numpy as np
import pytest
from own_files import noise

from zoo.data import get_data
from zoo.data.columns import Read
from zoo.data.own import room as rooms
from zoo.errors import DataError


def pictures(count: int, *shape: int) -> np.ndarray:
    return np.stack([noise(40 + 80 * (row % 2), row, shape) for row in range(count)])


def labels(count: int) -> np.ndarray:
    return np.arange(count) % 2


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_as_keras_keeps_them(tmp_path, save):
    x, y = pictures(50, 8, 9), labels(50).astype(np.uint8)
    save(tmp_path / "mine.npz", x_train=x[:40], y_train=y[:40], x_test=x[40:], y_test=y[40:])
    data = get_data(tmp_path / "mine.npz")
    assert data.counts == {"train": 34, "validation": 6, "test": 10}
    assert data.inputs == {"image": {"kind": "image", "shape": (8, 9, 1), "dtype": "uint8"}}
    assert data.labels == ("0", "1")
    test = data.load("test")
    np.testing.assert_array_equal(test.inputs["image"][..., 0], x[40:])
    np.testing.assert_array_equal(test.targets["logits"], y[40:])
    assert data.fitted({"picture": (4, 4, 3)}).inputs["picture"]["shape"] == (8, 9, 1)


def test_what_does_not_fit_into_memory_is_read_row_by_row(tmp_path, monkeypatch):
    x = np.random.default_rng(0).normal(size=(60, 20, 3))
    np.savez(tmp_path / "large.npz", signal=x, value=x[:, 0, 0], group=np.arange(60) // 3)
    whole = get_data(tmp_path / "large.npz")
    loaded = {split: whole.load(split) for split in whole.counts}
    monkeypatch.setattr(rooms, "LIMIT", 10_000)
    np.savez(tmp_path / "again.npz", signal=x, value=x[:, 0, 0], group=np.arange(60) // 3)
    for split, examples in ((split, get_data(tmp_path / "again.npz").load(split)) for split in loaded):
        column = examples.inputs["signal"]
        assert isinstance(column, Read)
        assert (column.shape, column.dtype) == ((len(examples), 20, 3), np.float32)
        np.testing.assert_array_equal(column[:], loaded[split].inputs["signal"])
        np.testing.assert_array_equal(column[np.array([1, 0])], loaded[split].inputs["signal"][[1, 0]])
        np.testing.assert_array_equal(examples.targets["value"], loaded[split].inputs["signal"][:, 0, 0])
    np.savez_compressed(tmp_path / "packed.npz", signal=x, value=x[:, 0, 0])
    with pytest.raises(DataError, match="is compressed and too large to be read whole: found 28,800 bytes") as error:
        get_data(tmp_path / "packed.npz")
    assert "`numpy.savez`" in error.value.hint


def test_several_inputs_and_the_names_of_classes(tmp_path):
    count = 30
    np.savez(
        tmp_path / "beats.npz",
        ecg=np.ones((count, 16, 1), np.float16),
        rr=np.ones((count, 4)),
        ids=np.ones((count, 5), np.int64),
        label=labels(count),
        classes=np.array(["normal", "odd"]),
        groups=np.array([f"p{row // 3}" for row in range(count)]),
    )
    data = get_data(tmp_path / "beats.npz")
    assert data.inputs == {
        "ecg": {"kind": "signal", "shape": (16, 1), "dtype": "float32"},
        "rr": {"kind": "features", "shape": (4,), "dtype": "float32"},
        "ids": {"kind": "array", "shape": (5,), "dtype": "int32"},
    }
    assert (data.labels, data.group_name) == (("normal", "odd"), "group")
    assert len(set(data.load("test").groups.tolist()) & set(data.load("train").groups.tolist())) == 0


def test_targets_by_type(tmp_path):
    x = np.arange(40.0).reshape(20, 2)

    def target(**arrays):
        np.savez(tmp_path / "mine.npz", x=x, **arrays)
        return get_data(tmp_path / "mine.npz")

    assert target(y=x[:, :1]).targets["value"].shape == ()
    assert target(y=x).targets["value"].shape == (2,)
    assert target(value=np.arange(20)).targets["value"].kind == "value"
    assert target(labels=np.array(["b", "a"] * 10)).labels == ("a", "b")
    assert target(y=labels(20) > 0).labels == ("0", "1")
    steps = target(y=np.tile([[0, 2, -1]], (20, 1)))
    assert (steps.targets["logits"].shape, steps.labels) == ((3,), ("0", "1", "2"))
    assert steps.inputs == {"features": {"kind": "features", "shape": (2,), "dtype": "float32"}}


X, Y = np.ones((12, 3)), labels(12)
BROKEN = {
    "unlike length": ({"x": X, "y": Y[:9]}, "has arrays of unlike length: found `x` 12, `y` 9"),
    "objects": ({"x": X, "y": np.array([None] * 12, object)}, "`y` of"),
    "ragged": ({"x": np.array([[1], [1, 2]], object), "y": Y[:2]}, "holds Python objects, which are not read"),
    "NaN targets": ({"x": X, "y": np.where(Y, np.nan, 1)}, "holds a value that is not finite: found nan in row 1"),
    "NaN inputs": (
        {"x": np.where(Y[:, None], np.nan, X), "y": Y},
        "is not finite, or that float32 cannot hold: in row 1",
    ),
    "large numbers": ({"x": np.full((12, 3), 2**40), "y": Y}, "that int32 cannot hold: in row 0"),
    "no target": ({"x": X, "z": X}, "lacks a target: found `x`, `z`"),
    "no input": ({"y": Y}, "lacks an input: found `y`"),
    "one class": ({"x": X, "y": Y * 0}, "has one class"),
    "negative": ({"x": X, "y": Y - 1}, "holds the class -1: expected 0 and more"),
    "ids": ({"x": X, "y": Y * 10**6}, "holds the class 1,000,000: expected at most 9,999"),
    "too few names": ({"x": X, "y": Y * 2, "classes": np.array(["a", "b"])}, "holds the class 2: expected at most 1"),
    "a lacking split": ({"x_train": X, "y_train": Y, "x_test": X}, "lacks `y_test`: found `x_train`"),
    "half a split": ({"x_train": X, "y_train": Y, "z": X}, "has both whole arrays and arrays of splits"),
    "a number": ({"x": X, "y": Y, "rate": np.array(3)}, "is one number: expected a row for each example"),
    "texts": ({"x": np.array(["a"] * 12), "y": Y}, "holds texts: expected numbers as an input"),
    "no rows": ({"x": X[:0], "y": Y[:0]}, "has no examples"),
    "four channels": ({"x": np.ones((12, 4, 4, 4), np.uint8), "y": Y}, "has pictures of 4 channels"),
    "two targets": ({"x": X, "y": Y, "label": Y}, "is a second target of one meaning"),
    "nothing": ({}, "holds no array"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_archives_that_are_no_data_set_are_a_sentence(tmp_path, fault):
    arrays, words = BROKEN[fault]
    np.savez(tmp_path / "broken.npz", **arrays)
    with pytest.raises(DataError) as error:
        get_data(tmp_path / "broken.npz")
    assert words in error.value.message
    assert str(tmp_path / "broken.npz") in error.value.message


def test_damaged_and_forged_archives_are_a_sentence(tmp_path):
    path = tmp_path / "mine.npz"
    np.savez(path, x=X, y=Y)
    whole = path.read_bytes()
    for damaged, words in (
        (b"text", "is not a whole .npz"),
        (whole[:-40], "is not a whole .npz"),
        (b"", "not a whole"),
    ):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=words):
            get_data(path)
    with zipfile.ZipFile(path, "w") as archive:  # a header that promises more than there is
        archive.writestr("x.npy", npy_header((10**9, 1000)))
        archive.writestr("y.npy", npy_header((12,)) + bytes(96))
    with pytest.raises(DataError, match="is cut short: found 0 bytes, expected 8,000,000,000,000"):
        get_data(path)


def npy_header(shape: tuple[int, ...]) -> bytes:
    """What stands before the numbers of a `.npy` of float64."""
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


def test_a_file_that_shrinks_while_it_is_read_is_a_sentence(tmp_path, monkeypatch):
    path = tmp_path / "mine.npz"
    np.savez(path, x=np.ones((100, 50)), y=labels(100))
    monkeypatch.setattr(rooms, "LIMIT", 1000)
    examples = get_data(path).load("train")
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(DataError, match="has changed while it was read"):
        examples.inputs["features"][:]
