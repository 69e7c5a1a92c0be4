"""What is shorter than a model takes is padded, and its length filled in."""

import wave

import numpy as np
import pytest

from zoo.errors import InputError
from zoo.runtime.reading.arrays import InputSpec
from zoo.runtime.reading.inputs import read_inputs

SERIES = InputSpec("x", (1, 5, 2), "float32", "signal")
WAVE = InputSpec("x", (1, 80), "float32", "wave", sample_rate=8000)
LENGTH = InputSpec("length", (1,), "int32", "length", counts="x")
VALUES = np.arange(1.0, 7).reshape(3, 2)


def read(source, spec=SERIES):
    return read_inputs(source, {"length": LENGTH, "x": spec})


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savetxt("a.csv", VALUES, delimiter=",")
    np.save("a.npy", VALUES)
    np.savez("x.npz", x=VALUES)
    np.savez("arr_0.npz", VALUES)
    np.savez("both.npz", x=VALUES, length=np.array([3]))


@pytest.mark.parametrize(
    "source", ["a.csv", "a.npy", "x.npz", "arr_0.npz", "both.npz", "x=a.csv", VALUES, {"x": VALUES[None]}]
)
def test_shorter_arrays_are_padded_with_zeros_and_counted(files, source):
    found = read(source)
    assert found["x"].tolist() == [[[1, 2], [3, 4], [5, 6], [0, 0], [0, 0]]]
    assert found["x"].dtype == np.float32
    assert (found["length"].tolist(), found["length"].dtype) == ([3], np.int32)


@pytest.mark.parametrize("shape", [(5, 2), (1, 5, 2), (1, 2), (2,)])
def test_whole_arrays_and_single_steps_are_counted_too(shape):
    assert read(np.ones(shape))["length"].tolist() == [max(1, np.prod(shape) // 2)]


def test_a_vector_may_be_shorter():
    spec = InputSpec("x", (1, 5, 1), "float32", "signal")
    for array in ([1, 2], [[1], [2]], [[1, 2]], [[[1], [2]]]):
        found = read(array, spec)
        assert found["x"].ravel().tolist() == [1, 2, 0, 0, 0]
        assert found["length"].tolist() == [2]


def test_a_length_that_is_given_counts():
    assert read({"x": VALUES, "length": 2})["length"].tolist() == [2]
    for length in (4, -1):
        with pytest.raises(InputError, match=f"input `length` says {length}, but `x` holds 3 steps"):
            read({"x": VALUES, "length": length})


def test_a_sound_may_be_shorter(tmp_path):
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(np.array([16384, -16384, 8192], "<i2").tobytes())
    found = read(tmp_path / "a.wav", WAVE)
    assert found["x"][0, :4].tolist() == [0.5, -0.5, 0.25, 0]
    assert found["length"].tolist() == [3]
    with pytest.raises(InputError, match=r"wrong length: found 3 samples \(0.00 s\), input `x` takes 80 \(0.01 s\)"):
        read_inputs(tmp_path / "a.wav", {"x": WAVE})


def test_a_sound_may_not_be_longer_or_empty(tmp_path):
    for count in (0, 81):
        with wave.open(str(tmp_path / "a.wav"), "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", ""))
            file.writeframes(bytes(2 * count))
        with pytest.raises(InputError, match=f"wrong length: found {count} samples .* takes at most 80"):
            read(tmp_path / "a.wav", WAVE)


WRONG = {
    "longer": (
        np.zeros((9, 2)),
        r"the array is too long: found \(9, 2\), which are 9 steps; input `x` takes at most 5",
    ),
    "of other values": (np.zeros((3, 4)), r"wrong shape: found \(3, 4\), input `x` takes \(5, 2\)"),
    "turned": (np.zeros((2, 3)), r"wrong shape: found \(2, 3\)"),
    "empty": (np.zeros((0, 2)), r"wrong shape: found \(0, 2\), input `x` takes \(5, 2\)"),
    "of text": (np.array([["a", "b"]]), "wrong type"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_array_is_refused(tmp_path, case):
    array, message = WRONG[case]
    with pytest.raises(InputError, match=message):
        read(array)
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(InputError, match=message.replace("the array", ".*")):
        read(tmp_path / "a.npy")


def test_without_a_length_nothing_is_padded():
    with pytest.raises(InputError, match="wrong shape"):
        read_inputs(VALUES, {"x": SERIES})


def test_a_batch_is_whole_and_so_are_its_lengths():
    specs = {
        "x": InputSpec("x", (2, 5, 2), "float32", "signal"),
        "length": InputSpec("length", (2,), "int32", "length", counts="x"),
    }
    found = read_inputs({"x": np.ones((2, 5, 2))}, specs)
    assert found["length"].tolist() == [5, 5]
    assert read_inputs({"x": np.ones((2, 5, 2)), "length": [3, 4]}, specs)["length"].tolist() == [3, 4]
    with pytest.raises(InputError, match="wrong shape"):
        read_inputs({"x": np.ones((2, 3, 2))}, specs)


def test_the_input_must_be_there():
    with pytest.raises(InputError, match="lacks an input: `x`"):
        read({"length": 3})
