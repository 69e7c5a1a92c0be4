"""The table of readers: each kind of file for each kind of input, or one sentence."""

import wave

import numpy as np
import pytest
from PIL import Image

from zoo.errors import InputError
from zoo.runtime.reading.arrays import InputSpec
from zoo.runtime.reading.inputs import each_file, read_inputs, undeclared_pictures
from zoo.runtime.reading.readers import FOLDER, READERS
from zoo.runtime.reading.vocabulary import Vocabulary

WORDS = Vocabulary.learn(["cat"], "words", special=())
SPECS = {
    "image": InputSpec("image", (1, 2, 2, 3), "float32", "image"),
    "clip": InputSpec("clip", (1, 2, 2, 2, 3), "float32", "clip"),
    "signal": InputSpec("signal", (1, 3), "float32", "signal", sample_rate=8000),
    "wave": InputSpec("wave", (1, 3), "float32", "wave", sample_rate=8000),
    "tokens": InputSpec("tokens", (1, 3), "int32", "tokens", vocabulary=WORDS),
    "features": InputSpec("features", (1, 3), "float32", "features"),
    "length": InputSpec("length", (1,), "int32", "length"),
    "array": InputSpec("array", (1, 3), "float32", "array"),
}
FILES = {".png": "a picture", ".jpg": "a picture", ".jpeg": "a picture", ".webp": "a picture", ".gif": "a clip",
         ".wav": "a sound", ".txt": "a text"}  # fmt: skip


@pytest.fixture
def files(tmp_path, monkeypatch):
    """One file of each kind, all of them whole."""
    monkeypatch.chdir(tmp_path)
    for suffix in (".png", ".jpg", ".jpeg"):
        Image.new("RGB", (2, 2)).save(f"a{suffix}")
    for suffix in (".gif", ".webp"):
        red, blue = Image.new("RGB", (2, 2), "red"), Image.new("RGB", (2, 2), "blue")
        red.save(f"a{suffix}", save_all=True, append_images=[blue])
    with wave.open("a.wav", "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(6))
    (tmp_path / "a.txt").write_text("cat")
    return tmp_path


@pytest.mark.parametrize("kind", SPECS)
@pytest.mark.parametrize("suffix", FILES)
def test_a_file_is_read_for_what_takes_it_and_named_for_what_does_not(files, kind, suffix):
    spec = SPECS[kind]
    if (kind, suffix) in READERS and kind != "array":
        assert read_inputs(f"a{suffix}", {kind: spec})[kind].shape == spec.shape
        return
    if kind == "array" and suffix == ".wav":
        return  # an array of no rate: see the sounds
    with pytest.raises(InputError) as caught:
        read_inputs(f"a{suffix}", {kind: spec})
    assert f"a{suffix}` is {FILES[suffix]}: input `{kind}` takes {kind} of shape {spec.example}" in caught.value.message
    assert suffix not in caught.value.hint
    assert ".csv" in caught.value.hint


@pytest.mark.parametrize("kind", [kind for kind in SPECS if kind != "clip"])
def test_a_folder_is_for_clips_alone(files, kind):
    with pytest.raises(InputError, match="is a folder: expected a file"):
        read_inputs(files, {kind: SPECS[kind]})
    assert ("clip", FOLDER) in READERS


@pytest.mark.parametrize("kind", SPECS)
def test_numbers_are_for_all(files, kind):
    spec = SPECS[kind]
    np.save("a.npy", np.zeros(spec.shape, spec.dtype))
    np.savez("a.npz", np.zeros(spec.shape, spec.dtype))
    for name in ("a.npy", "a.npz"):
        assert read_inputs(name, {kind: spec})[kind].shape == spec.shape


def test_a_text_without_a_vocabulary_is_a_sentence(files):
    spec = InputSpec("tokens", (1, 3), "int32", "tokens")
    with pytest.raises(
        InputError, match=r"`a\.txt` is a text: input `tokens` takes tokens .* its bundle has no vocabulary"
    ):
        read_inputs("a.txt", {"tokens": spec})


def test_a_question_for_a_picture_is_a_sentence(files):
    with pytest.raises(InputError, match="`where is the cat` does not exist: expected a file"):
        read_inputs("image=where is the cat", {"image": SPECS["image"]})
    with pytest.raises(InputError, match="does not exist: expected a file"):
        read_inputs("where " * 1000, {"image": SPECS["image"]})


FOLDERS = {
    "image": [".jpeg", ".jpg", ".png", ".webp"],
    "signal": [".wav"],
    "tokens": [".txt"],
    None: [".jpeg", ".jpg", ".png", ".wav", ".webp"],
}


@pytest.mark.parametrize("kind", FOLDERS)
def test_the_files_of_a_folder_that_a_model_can_read(files, kind):
    specs = {kind: SPECS[kind]} if kind else None
    assert [name.removeprefix(f"{files}/a") for name in each_file([str(files)], specs)] == FOLDERS[kind]


def test_only_pictures_for_arrays_are_undeclared(files):
    array = InputSpec("array", (1, 2, 2, 3), "float32", "array")
    assert len(undeclared_pictures("a.webp", {"array": array})) == 1
    assert undeclared_pictures("a.webp", {"clip": SPECS["clip"]}) == []
    assert undeclared_pictures({"image": "a.png", "tokens": "cat.png"}, SPECS) == []
