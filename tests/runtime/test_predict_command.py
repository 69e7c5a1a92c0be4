"""`zoo predict` as a user runs it."""

import json

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def folder(tmp_path):
    """A folder of inputs."""
    Image.new("RGB", (20, 10), "orange").save(tmp_path / "a.png")
    Image.new("L", (30, 30), 7).save(tmp_path / "b.png")
    (tmp_path / "ecg.csv").write_text("\n".join(["0.5"] * 12))
    (tmp_path / "rr.csv").write_text("1,1,1,1")
    (tmp_path / "nan.csv").write_text("1,1,nan,1")
    return tmp_path


def test_prints_the_most_probable_classes(zoo, bundles, folder):
    lines = zoo("predict", bundles / "image.test", "a.png", cwd=folder).stdout.splitlines()
    assert lines[0] == "a.png  (image.test, float32)"
    assert sorted(line.split()[0] for line in lines[1:]) == ["cat", "dog", "sun"]


def test_talks_of_nothing_else(zoo, bundles, folder):
    """LiteRT greets every accelerator that it finds or misses, and says farewell to each."""
    assert zoo("predict", bundles / "image.test", "a.png", cwd=folder).stderr == ""


def test_several_inputs_are_one_line_each(zoo, bundles, folder):
    process = zoo("predict", bundles / "image.test", "a.png", "b.png", "--target", "int8", cwd=folder)
    assert [line.partition(":")[0] for line in process.stdout.splitlines()] == ["a.png", "b.png"]


def test_json_is_one_object_a_line_and_nothing_else(zoo, bundles, folder):
    process = zoo("predict", bundles / "image.test", "a.png", "b.png", "--json", cwd=folder)
    found = [json.loads(line) for line in process.stdout.splitlines()]
    assert [answer["input"] for answer in found] == ["a.png", "b.png"]
    for answer in found:
        assert sum(answer["answers"]["logits"]["probabilities"].values()) == pytest.approx(1)
        assert np.shape(answer["outputs"]["logits"]) == (1, 3)


def test_a_name_is_as_good_as_a_path(zoo, bundles, folder):
    process = zoo("predict", "beat.test", "ecg=ecg.csv,rr=rr.csv", cwd=folder, env={"ZOO_HOME": str(bundles)})
    assert process.stdout.startswith("ecg=ecg.csv,rr=rr.csv  (beat.test, float32)")


def test_a_users_model_prints_its_outputs(zoo, bundles, folder):
    (folder / "x.csv").write_text("1\n" * 10)
    process = zoo("predict", bundles / "own.test", "x.csv", cwd=folder)
    assert process.stdout.splitlines()[1:] == ["  low (1, 2): 10 10", "  high (1, 10): 2 2 2 2 2 2 2 2 ..."]


WRONG = {
    "no such bundle": (["nowhere.test", "a.png"], "unknown bundle: `nowhere.test`; the nearest are"),
    "no such file": (["image.test", "c.png"], "`c.png` does not exist"),
    "a missing one of two": (["beat.test", "ecg=ecg.csv"], "lacks an input: `rr`"),
    "one for two": (["beat.test", "ecg.csv"], "one input was given: expected 2"),
    "NaN": (["beat.test", "ecg=ecg.csv,rr=nan.csv"], "row 1, column 3 is not finite: found `nan`"),
    "wrong shape": (["beat.test", "ecg=rr.csv,rr=rr.csv"], "wrong shape: found (1, 4), input `ecg` takes (12, 1)"),
    "wrong kind": (["beat.test", "ecg=a.png,rr=rr.csv"], "is a picture: input `ecg` takes signal"),
    "an option that no loop takes": (
        ["image.test", "a.png", "--beam", "4"],
        "`image.test` takes no option `beam`: its decode loop `single` takes none",
    ),
    "a question to a classifier": (["image.test", "a.png", "--question", "why?"], "no question can be asked"),
    "no such target": (["image.test", "a.png", "--target", "micro"], "LiteRT runs no target `micro`"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_is_a_sentence(zoo, bundles, folder, case):
    arguments, message = WRONG[case]
    process = zoo("predict", *arguments, code=2, cwd=folder, env={"ZOO_HOME": str(bundles)})
    assert process.stdout == ""
    assert message in process.stderr
    assert process.stderr.startswith("error: ")
    assert "Traceback" not in process.stderr


def test_truncated_weights_are_a_sentence(zoo, changed, folder):
    path = changed("image.test", lambda manifest: None)
    (path / "float32.tflite").write_bytes((path / "float32.tflite").read_bytes()[:100])
    process = zoo("predict", path, "a.png", code=2, cwd=folder)
    assert "float32.tflite` has the wrong size: found 100 bytes, expected" in process.stderr
