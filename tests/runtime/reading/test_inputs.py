"""What a user gives finds its reader: one input, several by name, files and arrays."""

import numpy as np
import pytest
from PIL import Image

from zoo.errors import InputError
from zoo.runtime.reading.arrays import InputSpec
from zoo.runtime.reading.inputs import describe, read_inputs

ECG = InputSpec("ecg", (1, 3, 1), "float32", "signal")
RR = InputSpec("rr", (1, 2), "float32", "features")
IMAGE = InputSpec("image", (1, 2, 2, 3), "float32", "image")
BEAT = {"ecg": ECG, "rr": RR}


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A folder, which is the current one, with the same beat in every form."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("1\n2\n3")
    (tmp_path / "b.csv").write_text("4,5")
    np.save("a.npy", np.array([1.0, 2, 3]))
    np.savez("both.npz", ecg=[1, 2, 3], rr=[4, 5])
    np.savez("one.NPZ.npz", ecg=[1, 2, 3])
    Image.new("RGB", (2, 2), "white").save("a.png")
    return tmp_path


SAME = {
    "named files": "ecg=a.csv,rr=b.csv",
    "in any order, with blanks": "rr=b.csv, ecg=a.npy",
    "an archive": "both.npz",
    "an archive for one": "ecg=one.NPZ.npz,rr=b.csv",
    "a mapping": {"ecg": "a.npy", "rr": [4.0, 5.0]},
    "a mapping of arrays": {"rr": np.array([[4, 5]]), "ecg": np.array([1, 2, 3])},
}


@pytest.mark.parametrize("case", SAME)
def test_two_inputs(files, case):
    found = read_inputs(SAME[case], BEAT)
    assert list(found) == ["ecg", "rr"]
    assert found["ecg"].tolist() == [[[1], [2], [3]]]
    assert found["rr"].tolist() == [[4, 5]]


@pytest.mark.parametrize("source", ["a.csv", "ecg=a.csv", "a.npy", [1, 2, 3], (1.0, 2.0, 3.0), np.array([1, 2, 3])])
def test_one_input(files, source):
    assert read_inputs(source, {"ecg": ECG})["ecg"].ravel().tolist() == [1, 2, 3]


def test_a_picture(files):
    assert read_inputs(files / "a.png", {"image": IMAGE})["image"].min() == 255
    assert read_inputs(np.zeros((2, 2, 3), np.uint8), {"image": IMAGE})["image"].max() == 0


def test_a_file_whose_name_looks_like_several_is_a_file(files):
    (files / "a.csv").rename("x=1,y=2.csv")
    assert read_inputs("x=1,y=2.csv", {"ecg": ECG})["ecg"].ravel().tolist() == [1, 2, 3]


WRONG = {
    "one of two": ("a.csv", BEAT, "one input was given: expected 2, `ecg`, `rr`"),
    "one array of two": (np.zeros(3), BEAT, "one input was given: expected 2"),
    "one named of two": ("ecg=a.csv", BEAT, "`ecg=a.csv` lacks an input: `rr`; expected `ecg`, `rr`"),
    "an unknown name": ("ecg=a.csv,rri=b.csv", BEAT, "rri=b.csv` names an unknown input: `rri`; expected `ecg`, `rr`"),
    "a name twice": ("ecg=a.csv,ecg=b.csv", BEAT, "an input is named twice"),
    "a key missing": ("one.NPZ.npz", BEAT, "`one.NPZ.npz` lacks an input: `rr`"),
    "a key too many": ("both.npz", {"ecg": ECG}, "`both.npz` names an unknown input: `rr`"),
    "no such file": ("c.csv", {"ecg": ECG}, "`c.csv` does not exist: expected a file"),
    "no such archive": ("c.npz", BEAT, "`c.npz` does not exist"),
    "a folder": (".", {"ecg": ECG}, "`.` is a folder: expected a file"),
    "another kind of file": (__file__, {"ecg": ECG}, "is of no kind that can be read: input `ecg` takes signal"),
    "a picture for a signal": (
        "a.png",
        {"ecg": ECG},
        r"`a\.png` is a picture: input `ecg` takes signal of shape \(3, 1\)",
    ),
    "a sound for a picture": ("a.wav", {"image": IMAGE}, r"`a\.wav` is a sound: input `image` takes image"),
    "a ragged list": ([[1], [2, 3]], {"ecg": ECG}, "input `ecg` is no array"),
    "text in a list": (["a", "b", "c"], {"ecg": ECG}, "the array has the wrong type: found <U1"),
    "nothing": (None, {"ecg": ECG}, "the array has the wrong type: found object"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_input_is_refused(files, case):
    source, specs, message = WRONG[case]
    (files / "a.wav").touch()
    with pytest.raises(InputError, match=message):
        read_inputs(source, specs)


def test_two_inputs_are_asked_for_by_a_line_to_paste(files):
    with pytest.raises(InputError) as caught:
        read_inputs("a.csv", BEAT)
    assert caught.value.hint == "give an .npz with these keys, or `ecg=ecg.csv,rr=rr.csv`"


def test_what_was_read_is_called_as_it_was_given():
    assert describe("ecg=a.csv,rr=b.csv") == "ecg=a.csv,rr=b.csv"
    assert describe({"ecg": "a.csv", "rr": np.zeros(2)}) == "ecg=a.csv,rr=array"
