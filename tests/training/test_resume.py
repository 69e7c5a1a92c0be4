"""Killed and resumed is bit-equal to never killed: real processes, killed by SIGKILL."""

import json
import logging
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from run_files import bits, only_run

from zoo.errors import InputError, RecipeError
from zoo.training import load_recipe, train


def test_a_killed_run_goes_on_bit_for_bit(undisturbed, small_recipe, dies, zoo, tmp_path):
    """One run dies before its first save, inside a save, in validation and in evaluation, and finds its state torn."""
    seed = random.SystemRandom().randrange(10**6)
    print(f"moments drawn with seed {seed}")
    draw = random.Random(seed)

    dies(small_recipe, tmp_path, "training", 1)
    run = only_run(tmp_path)
    assert not list((run / "state").glob("*")), "the first death was to come before the first save"

    dies(small_recipe, tmp_path, "saving", draw.randint(1, 8))
    assert list((run / "state").glob(".new-*")), "the second death was to come inside a save"

    dies(small_recipe, tmp_path, "validating", 1)
    newest = max((run / "state").glob("*.state"))
    newest.write_bytes(newest.read_bytes()[: draw.randrange(newest.stat().st_size)])

    dies(small_recipe, tmp_path, "evaluating", draw.randint(1, 2))
    assert not (run / "evaluation.json").exists()

    process = zoo("train", small_recipe, "--resume", "--deterministic", "--out", tmp_path)
    assert "going on with" in process.stderr
    assert only_run(tmp_path) == run
    assert bits(run) == bits(undisturbed[0].path)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet_tiny.digits", "stacked_rnn_tiny.digits"])
def test_runs_killed_at_random_moments(name, zoo, tmp_path):
    """The real command, killed again and again after a random part of the time that the whole run took."""
    seed = random.SystemRandom().randrange(10**6)
    print(f"lives drawn with seed {seed}")
    draw = random.Random(seed)
    changes = ("epochs=8", "checkpoint_minutes=0.005", "reach={accuracy: 0}")
    settings = [word for change in changes for word in ("--set", change)] + ["--deterministic"]
    began = time.monotonic()
    zoo("train", name, *settings, "--out", tmp_path / "whole")
    whole = time.monotonic() - began
    executable, killed = Path(sys.executable).with_name("zoo"), tmp_path / "killed"
    command = [executable, "train", name, *settings, "--out", killed, "--resume"]
    deaths = [live(command, draw.uniform(0.2, 0.8) * whole) for _ in range(8)]
    zoo("train", name, *settings, "--out", killed, "--resume")
    assert any(deaths)
    assert bits(only_run(killed)) == bits(only_run(tmp_path / "whole"))


def live(command: list, seconds: float) -> bool:
    """Runs a command for so long at most; whether it had to be killed."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            _, errors = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            return True
    assert process.returncode == 0, errors
    return False


@pytest.fixture
def copied(undisturbed, tmp_path) -> Path:
    """A copy of the undisturbed run, as a folder for `--out`."""
    shutil.copytree(undisturbed[0].path.parent.parent, tmp_path / "copied")
    return tmp_path / "copied"


@pytest.mark.slow
def test_epochs_may_grow(copied, small_recipe, zoo):
    process = zoo("train", small_recipe, "--set", "epochs=4", "--resume", "--out", copied)
    run = only_run(copied)
    assert "going on with" in process.stderr
    assert len((run / "metrics.csv").read_text().splitlines()) == 1 + 4
    assert json.loads((run / "evaluation.json").read_text())["epochs"] == 4
    assert "epochs: 4" in (run / "recipe.yaml").read_text()


def test_an_ended_run_says_so(copied, small_recipe, caplog):
    caplog.set_level(logging.INFO, "zoo")
    before = bits(only_run(copied))
    run = train(load_recipe(small_recipe), copied, resume=True, deterministic=True)
    assert "has ended" in caplog.text
    assert bits(run.path) == before


def test_a_changed_recipe_is_refused(copied, small_recipe):
    recipe = load_recipe(small_recipe, {"batch_size": 32, "epochs": 2})
    with pytest.raises(RecipeError, match="`epochs` was 3, now 2; `batch_size` was 64, now 32"):
        train(recipe, copied, resume=True)


@pytest.mark.parametrize(
    ("began", "words"),
    [
        ({"threads": 4096}, "threads was 4096, now"),
        ({"versions": {"keras": "3.0"}}, "versions was {'keras': '3.0'}, now"),
        ({"deterministic": False}, "began without `--deterministic`"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_other_bits_are_refused(copied, small_recipe, began, words):
    path = only_run(copied) / "environment.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **began}))
    (only_run(copied) / "evaluation.json").unlink()
    with pytest.raises(RecipeError, match=words):
        train(load_recipe(small_recipe), copied, resume=True, deterministic=True)


def test_a_folder_that_cannot_hold_runs_is_named(small_recipe, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file` cannot hold runs: Not a directory"):
        train(load_recipe(small_recipe), tmp_path / "file")


def test_nothing_to_resume_begins_anew(small_recipe, tmp_path, caplog):
    caplog.set_level(logging.INFO, "zoo")
    recipe = load_recipe(small_recipe, {"epochs": 1, "warmup_epochs": 0})
    run = train(recipe, tmp_path, resume=True)
    assert "a new one begins" in caplog.text
    assert run.evaluation
