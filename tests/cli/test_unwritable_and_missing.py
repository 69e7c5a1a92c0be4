"""What cannot be read or written is one sentence with the user's own names, before any work is done."""

import copy
import json
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import keras
import pytest

from zoo.bundle import load_bundle

NAME = "resnet_tiny.digits"


def error_of(process) -> str:
    """The one sentence; nothing else than it and, after an empty line, its hint is on stderr."""
    first, *hint = process.stderr.splitlines()
    assert first.startswith("error: ")
    assert not hint or (len(hint) == 2 and hint[0] == "" and hint[1].startswith("hint: "))
    return first


def test_an_export_names_the_file_as_its_user_does(zoo, tmp_path):
    x = keras.Input((3,))
    keras.Model(x, keras.layers.Lambda(lambda x: x + 1)(x)).save(tmp_path / "Mine.keras")
    process = zoo("export", "Mine.keras", "--target", "float32", "--out", "out", cwd=tmp_path, code=2)
    assert "of `Mine.keras` is refused" in error_of(process)
    missing = zoo("export", "nowhere.keras", "--target", "float32", "--out", "out", cwd=tmp_path, code=2)
    assert "`nowhere.keras` does not exist" in error_of(missing)


@pytest.mark.slow
@pytest.mark.parametrize("place", ["/proc/nothing", "file/below"])
def test_an_export_to_where_nothing_can_be_written(zoo, tmp_path, place):
    (tmp_path / "file").write_text("in the way")
    process = zoo("export", "resnet_tiny", "--target", "float32", "--out", place, cwd=tmp_path, code=2)
    assert f"`{place}` cannot be written" in error_of(process)


@pytest.mark.parametrize("place", ["nowhere/x.json", "."])
def test_a_comparison_to_where_nothing_can_be_written(zoo, tmp_path, place):
    process = zoo("bench", "latency", NAME, "--target", "int8", "-o", place, cwd=tmp_path, code=2)
    assert f"`{place}` cannot be written" in error_of(process)


@pytest.mark.slow
@pytest.mark.parametrize("room", [20_000, 70_000], ids=["for no weights", "for no graph"])
def test_an_export_to_a_full_disk_leaves_what_was_there(zoo, tmp_path, room):
    """A limit on the size of files does what a full disk does: writing fails in the middle."""
    bundle = load_bundle(NAME)
    shutil.copytree(bundle.path, tmp_path / NAME)
    process = zoo("export", NAME, "--target", "saved_model", "--out", tmp_path, code=2, room=room)
    assert error_of(process).endswith("cannot be written: File too large")
    assert load_bundle(tmp_path / NAME).manifest == bundle.manifest
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


@pytest.mark.parametrize("shown", [["--json"], []], ids=["json", "table"])
def test_a_comparison_that_cannot_be_kept_is_shown(zoo, shown):
    process = zoo("bench", "latency", NAME, "--target", "int8", "-o", "/dev/full", *shown, code=2)
    assert "int8" in process.stdout
    assert error_of(process) == "error: `/dev/full` cannot be written: No space left on device"


@pytest.mark.parametrize("command", [["list"], ["show", "resnet8", "--json"]], ids=lambda words: words[0])
def test_an_output_that_takes_nothing_is_a_sentence(command):
    with open("/dev/full", "w") as full:
        words = [Path(sys.executable).with_name("zoo"), *command]
        process = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True)
    assert process.returncode == 2
    assert error_of(process) == "error: nothing more can be written: No space left on device"


def test_the_version_is_told_by_every_way_in(zoo):
    expected = f"zoo {metadata.version('hybrid-zoo')}\n"
    assert zoo("--version").stdout == expected
    command = [sys.executable, "-m", "zoo", "--version"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == expected
    code = "import zoo; print('zoo', zoo.__version__)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == expected


def test_a_refused_comparison_leaves_no_file(zoo, tmp_path):
    zoo("bench", "latency", NAME, "--target", "int16x8", "-o", "x.json", cwd=tmp_path, code=2)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_half_a_run(zoo, tmp_path):
    recipe = load_bundle(NAME).file("recipe.yaml")
    (tmp_path / "recipe.yaml").write_bytes(recipe.read_bytes())
    assert "has no environment.json" in error_of(zoo("evaluate", tmp_path, code=2))
    (tmp_path / "environment.json").write_text("{}")
    assert "has not ended: it has no model.weights.h5" in error_of(zoo("evaluate", tmp_path, code=2))


def test_a_demo_that_misses_its_goals_says_so(tmp_path):
    from zoo.cli.demo import not_met
    from zoo.training.run import Run

    bundle = load_bundle(NAME)
    (tmp_path / "recipe.yaml").write_bytes(bundle.file("recipe.yaml").read_bytes())
    (tmp_path / "evaluation.json").write_text(json.dumps({"metrics": {"accuracy": 0.1}}))
    card = copy.deepcopy(bundle.card)
    below = "`resnet_tiny.digits` does not reach its goal on the test split: accuracy is 10.00 %"
    assert [sentence.partition(", expected")[0] for sentence in not_met(Run(tmp_path), card)] == [below]
    card["artifacts"]["int8"] |= {"status": "disabled", "reason": "parity"}
    (tmp_path / "evaluation.json").write_text(json.dumps({"metrics": {"accuracy": 1.0}}))
    assert not_met(Run(tmp_path), card) == ["left out of `resnet_tiny.digits`: int8: parity"]
