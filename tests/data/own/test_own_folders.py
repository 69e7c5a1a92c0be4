"""A folder with a folder a class: what is found, how it is split and fitted, and what is left out."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from own_files import CLASSES, noise, write_clip, write_pictures, write_sound
from PIL import Image

from zoo.data import get_data
from zoo.errors import DataError, UnknownNameError


def test_classes_are_folders_and_splits_are_drawn_from_each(tmp_path):
    data = get_data(write_pictures(tmp_path / "pictures", 20))
    assert data.labels == CLASSES
    assert data.counts == {"train": 42, "validation": 9, "test": 9}
    assert data.inputs == {"image": {"kind": "image", "shape": (10, 12, 3), "dtype": "uint8"}}
    for split, count in data.counts.items():
        examples = data.load(split)
        assert np.bincount(examples.targets["logits"]).tolist() == [count // 3] * 3
        levels = examples.inputs["image"].mean((1, 2, 3))
        np.testing.assert_array_equal(np.rint((levels - 40) / 80), examples.targets["logits"])
    again = get_data(tmp_path / "pictures")
    np.testing.assert_array_equal(again.load("test").inputs["image"], data.load("test").inputs["image"])


def test_splits_that_stand_there_are_taken_and_others_are_drawn_from_train(tmp_path):
    write_pictures(tmp_path / "train", 20)
    write_pictures(tmp_path / "test", 5, first=100)
    data = get_data(tmp_path)
    assert data.counts == {"train": 51, "validation": 9, "test": 15}
    tested = sorted(data.load("test").inputs["image"].mean((1, 2, 3)).tolist())
    expected = [noise(40 + 80 * place, seed).mean() for place in range(3) for seed in range(100, 105)]
    np.testing.assert_allclose(tested, sorted(expected))
    write_pictures(tmp_path / "val", 4, first=200)
    assert get_data(tmp_path).counts == {"train": 60, "validation": 12, "test": 15}


def test_the_same_bytes_never_stand_on_two_sides(tmp_path):
    write_pictures(tmp_path / "drawn", 6)
    for copy in range(6):
        (tmp_path / "drawn" / "dark" / f"copy{copy}.png").write_bytes((tmp_path / "drawn/dark/000.png").read_bytes())
    data = get_data(tmp_path / "drawn")
    sides = [{each.tobytes() for each in data.load(split).inputs["image"]} for split in data.counts]
    assert not sides[0] & sides[1]
    assert not (sides[0] | sides[1]) & sides[2]

    write_pictures(tmp_path / "given" / "train", 6)
    write_pictures(tmp_path / "given" / "test", 2, first=5)
    data = get_data(tmp_path / "given")
    assert data.counts["test"] == 6
    assert "`train/dark/005.png` has the same bytes as `test/dark/005.png`" in data.notes[0]


def test_what_cannot_be_read_is_named(tmp_path):
    root, outside = write_pictures(tmp_path / "pictures"), tmp_path / "outside.png"
    Image.new("L", (2, 2)).save(outside)
    whole = (root / "dark/000.png").read_bytes()
    (root / "dark/cut.png").write_bytes(whole[: len(whole) // 2])
    (root / "dark/empty.png").touch()
    (root / "dark/text.png").write_text("no picture")
    (root / "dark/notes.txt").write_text("text")
    (root / "dark/leaves.png").symlink_to(outside)
    (root / "dark/stays.png").symlink_to(root / "light" / "000.png")
    Image.new("1", (9000, 9000)).save(root / "dark/large.png")
    write_clip(root / "light/moves.gif")
    (root / "README.md").write_text("text")
    (root / ".DS_Store").touch()
    data = get_data(root)
    reasons = {each["name"]: each["reason"] for each in data.report()["left_out"]}
    assert {name: reason.split(":")[0] for name, reason in reasons.items()} == {
        "README.md": "stands beside the folders of classes",
        "dark/cut.png": "cannot be decoded as a picture",
        "dark/empty.png": "is empty",
        "dark/large.png": "is too large",
        "dark/leaves.png": "is a link that leaves the folder",
        "dark/notes.txt": "is none of .png, .jpg, .jpeg, .webp, .gif, .wav",
        "dark/text.png": "is no picture that can be read",
        "light/moves.gif": "is a clip, most others are pictures",
    }
    assert sum(data.counts.values()) == 31
    assert data.notes[0].startswith("8 files were left out: `README.md` stands beside the folders of classes; ")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_that_may_not_be_read_is_named(tmp_path):
    (write_pictures(tmp_path) / "dark/000.png").chmod(0)
    assert "`dark/000.png` may not be read by this user" in get_data(tmp_path).notes[0]


def test_only_twenty_are_named_one_by_one(tmp_path, zoo):
    root = write_pictures(tmp_path / "pictures")
    for number in range(25):
        (root / "dark" / f"text{number:02}.txt").touch()
    note = get_data(root).notes[0]
    assert note.startswith("25 files were left out: ")
    assert note.endswith("`dark/text19.txt` is none of .png, .jpg, .jpeg, .webp, .gif, .wav; and 5 more")
    shown = zoo("data", "show", root).stdout
    for fact in ("train 18, validation 6, test 6", "10 x 12 x 3 (30)", "left out: 25", "and 5 more", "middle"):
        assert fact in shown
    found = json.loads(zoo("data", "show", root, "--json").stdout)
    assert found["classes"]["logits"]["dark"] == {"train": 6, "validation": 2, "test": 2}
    assert len(found["left_out"]) == 25


def test_pictures_of_every_kind_are_fitted_to_the_model(tmp_path):
    for suffix in (".png", ".jpg", ".webp", ".gif"):
        write_pictures(tmp_path, 3, suffix)
    data = get_data(tmp_path).fitted({"picture": (8, 6, 1)})
    assert data.inputs == {"picture": {"kind": "image", "shape": (8, 6, 1), "dtype": "uint8"}}
    train = data.load("train")
    assert train.inputs["picture"].shape == (data.counts["train"], 8, 6, 1)
    levels = train.inputs["picture"].mean((1, 2, 3))
    np.testing.assert_array_equal(np.rint((levels - 40) / 80), train.targets["logits"])
    assert data.version == get_data(tmp_path).version


def test_sounds_are_cut_and_padded(tmp_path):
    for name, pitch in (("high", 1.0), ("low", 0.1)):
        for number in range(4):
            write_sound(tmp_path / name / f"{number}.wav", samples=80 + number, pitch=pitch + number / 100)
        write_sound(tmp_path / name / "same.wav", samples=83, pitch=pitch)
        write_sound(tmp_path / name / "slow.wav", rate=4000)
    data = get_data(tmp_path)
    assert data.inputs == {"wave": {"kind": "wave", "shape": (83,), "dtype": "float32", "rate": 8000}}
    assert "`high/slow.wav` has 4,000 samples a second, most others have 8,000" in data.notes[0]
    for shape in ((60, 1), (100,)):
        waves = np.concatenate([data.fitted({"sound": shape}).load(split).inputs["sound"] for split in data.counts])
        assert waves.shape == (10, *shape)
        assert 0.4 < np.abs(waves).max() <= 0.5
        assert not waves[:, 83:].any()


def test_an_input_of_lengths_counts_what_is_no_padding(tmp_path):
    for name in ("high", "low"):
        for samples in (40, 60, 80, 100):
            write_sound(tmp_path / name / f"{samples}.wav", samples, pitch=1.0 if name == "high" else 0.1)
    data = get_data(tmp_path).fitted({"sound": (90, 1), "length": ()})
    assert data.inputs["length"] == {"kind": "length", "shape": (), "dtype": "int32", "of": "sound"}
    for split in data.counts:
        inputs = data.load(split).inputs
        real = [int(np.flatnonzero(wave).max()) + 1 for wave in inputs["sound"][..., 0]]
        assert inputs["length"].tolist() == real
        assert set(real) <= {40, 60, 80, 90}
    said = {"count": {"kind": "length", "of": "sound"}}
    assert get_data(tmp_path).fitted({"sound": (90,), "count": (1,)}, said).load("train").inputs["count"].shape == (
        4,
        1,
    )


def test_pictures_are_cropped_where_the_model_has_them_so(tmp_path):
    for place, name in enumerate(("left", "right")):
        (tmp_path / name).mkdir()
        for number in range(3):
            wide = noise(60, number, (8, 24, 3))
            wide[:, place * 16 : place * 16 + 8] = 255  # beside the middle, which is all that is kept
            Image.fromarray(wide).save(tmp_path / name / f"{number}.png")
    said = {"image": {"kind": "image", "fit": {"mode": "crop", "filter": "bilinear"}}}
    for facts, brightest in ((said, 150), ({}, 255)):
        pictures = get_data(tmp_path).fitted({"image": (8, 8, 3)}, facts).load("train").inputs["image"]
        assert pictures.max() <= brightest
    assert pictures.max() == 255


def test_clips_are_files_or_folders_of_frames(tmp_path):
    for place, name in enumerate(("early", "late")):
        for number in range(3):
            write_clip(tmp_path / name / f"{number}.{'gif' if number % 2 else 'webp'}", 4, 60 + 60 * place + number)
        for frame in range(3):
            folder = tmp_path / name / "frames"
            folder.mkdir(exist_ok=True)
            Image.fromarray(noise(60 + 60 * place, frame)).save(folder / f"{frame}.png")
    data = get_data(tmp_path)
    assert data.inputs["clip"]["shape"] == (4, 10, 12, 3)
    clips = data.fitted({"clip": (5, 6, 6, 1)}).load("train").inputs["clip"]
    assert clips.shape == (data.counts["train"], 5, 6, 6, 1)
    assert clips.dtype == np.uint8
    np.testing.assert_array_equal(clips[:, 3], clips[:, 4])


def test_the_version_is_that_of_the_content(tmp_path):
    first = get_data(write_pictures(tmp_path / "one")).version
    assert get_data(write_pictures(tmp_path / "two")).version == first
    Image.fromarray(noise(40, 999)).save(tmp_path / "two" / "dark" / "000.png")
    assert get_data(tmp_path / "two").version != first
    (tmp_path / "one" / "dark" / "000.png").rename(tmp_path / "one" / "light" / "moved.png")
    assert get_data(tmp_path / "one").version != first


def test_what_was_looked_at_is_not_decoded_again(tmp_path, own_cache, zoo):
    """What is remembered is believed while size and times of a file are the same; what is no memory is passed over."""
    root = write_pictures(tmp_path / "pictures", 3)
    for path in root.glob("*/*"):
        os.utime(path, (10**9, 10**9))
    assert get_data(root).inputs["image"]["shape"] == (10, 12, 3)
    [remembered] = own_cache.glob("hybrid-zoo/data/*.json")
    told = remembered.read_text()
    remembered.write_text(told.replace("[10, 12, 3]", "[9, 9, 3]"))
    assert "9 x 9 x 3 (9)" in zoo("data", "show", root).stdout
    Image.fromarray(noise(40, 999)).save(root / "dark" / "000.png")
    assert "9 x 9 x 3 (8), 10 x 12 x 3 (1)" in zoo("data", "show", root).stdout
    remembered.write_text('{"schema": 1, "root": 3, "files": []}')
    assert "10 x 12 x 3 (9)" in zoo("data", "show", root).stdout


def _mixed(root: Path) -> None:
    write_pictures(root, 3)
    for each in (root / "dark").iterdir():
        each.write_text("no picture")


def _texts(root: Path) -> None:
    for name in ("a", "b"):
        (root / name).mkdir(parents=True)
        (root / name / "one.txt").write_text("a text")


BROKEN = {
    "empty": (lambda root: root.mkdir(), "is no data set: found nothing"),
    "files alone": (lambda root: write_pictures(root.parent, 3, classes=(root.name,)), "found 3 files and no folder"),
    "empty folders": (lambda root: (root / "a").mkdir(parents=True), "its folders hold no file"),
    "one class": (
        lambda root: write_pictures(root, 3, classes=("dark",)),
        "has one class, `dark`: expected two or more",
    ),
    "one file": (
        lambda root: (write_pictures(root, 3), write_pictures(root, 1, classes=("rare",))),
        "the class `rare` has 1 example to train on and to draw from, expected 3 different ones at least",
    ),
    "no pictures": (_texts, "holds no file that can be read: `a/one.txt` is none of .png"),
    "an unreadable class": (_mixed, "no file of the class `dark` can be read"),
    "no train": (lambda root: write_pictures(root / "test", 3), "has no `train`: found test"),
    "two names": (
        lambda root: [write_pictures(root / name, 3) for name in ("train", "val", "valid")],
        "has one split under two names: found train, val, valid",
    ),
    "an unknown class in test": (
        lambda root: (write_pictures(root / "train", 3), write_pictures(root / "test", 1, classes=("new",))),
        "no example of the class `new` is in train",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_folders_that_are_no_data_set_are_a_sentence(tmp_path, fault):
    write, words = BROKEN[fault]
    write(tmp_path / "data")
    with pytest.raises(DataError) as error:
        get_data(tmp_path / "data")
    assert words in error.value.message
    assert str(tmp_path / "data") in error.value.message


def test_a_path_that_is_not_there_lists_names_and_says_so(tmp_path, zoo):
    for name, words in ((tmp_path / "digits", "and there is no such folder or file"), ("digit", "no such folder")):
        with pytest.raises(UnknownNameError, match=f"unknown data set: .*the nearest are `digits`.*{words}"):
            get_data(name)
    (tmp_path / "data.json").touch()
    with pytest.raises(DataError, match=r"expected a folder with a folder for each class, a `\.csv` or an `\.npz`"):
        get_data(tmp_path / "data.json")
    assert "error: unknown data set" in zoo("data", "show", tmp_path / "nothing", code=2).stderr
