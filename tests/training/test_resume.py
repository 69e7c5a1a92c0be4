"""Killed and resumed is bit-equal to never killed: real processes, killed by SIGKILL."""

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import bits, only_run  # the one of this folder

STEPS = 1200 // 64
"""Of an epoch of the small recipe."""


def test_a_killed_run_goes_on_bit_for_bit(undisturbed, small_recipe, dies, zoo, tmp_path):
    """One run dies before its first save, inside a save, in validation and in evaluation, and finds its state torn."""
    seed = random.SystemRandom().randrange(10**6)
    print(f"moments drawn with seed {seed}")
    draw = random.Random(seed)

    dies(small_recipe, tmp_path, "training", 1)
    run = only_run(tmp_path)
    assert not list((run / "state").glob("*")), "the first death was to come before the first save"

    dies(small_recipe, tmp_path, "saving", 2 * draw.randint(1, 3) - 1)
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
    """The real command, killed after random times until a life reaches the end."""
    seed = random.SystemRandom().randrange(10**6)
    print(f"lives drawn with seed {seed}")
    draw = random.Random(seed)
    settings = [
        "--set",
        "epochs=8",
        "--set",
        "checkpoint_minutes=0.005",
        "--set",
        "reach={accuracy: 0}",
        "--deterministic",
    ]
    zoo("train", name, *settings, "--out", tmp_path / "whole")
    command = [
        Path(sys.executable).with_name("zoo"),
        "train",
        name,
        *settings,
        "--out",
        tmp_path / "killed",
        "--resume",
    ]
    deaths = 0
    while deaths < 12:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            _, errors = process.communicate(timeout=draw.uniform(1, 20))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            deaths += 1
        else:
            assert process.returncode == 0, errors
            break
    zoo("train", name, *settings, "--out", tmp_path / "killed", "--resume")
    assert deaths
    assert bits(only_run(tmp_path / "killed")) == bits(only_run(tmp_path / "whole"))


def test_an_ended_run_says_so(undisturbed, small_recipe, zoo):
    run, _ = undisturbed
    before = bits(run.path)
    process = zoo("train", small_recipe, "--resume", "--deterministic", "--out", run.path.parent.parent)
    assert "has ended" in process.stderr
    assert bits(run.path) == before


@pytest.fixture
def copied(undisturbed, tmp_path) -> Path:
    """A copy of the undisturbed run, as a folder for `--out`."""
    shutil.copytree(undisturbed[0].path.parent.parent, tmp_path / "copied")
    return tmp_path / "copied"


def test_epochs_may_grow(copied, small_recipe, zoo):
    process = zoo("train", small_recipe, "--set", "epochs=4", "--resume", "--out", copied)
    run = only_run(copied)
    assert "going on with" in process.stderr
    assert len((run / "metrics.csv").read_text().splitlines()) == 1 + 4
    assert json.loads((run / "evaluation.json").read_text())["epochs"] == 4
    assert "epochs: 4" in (run / "recipe.yaml").read_text()


def test_a_changed_recipe_is_refused(copied, small_recipe, zoo):
    changes = ("--set", "batch_size=32", "--set", "epochs=2")
    process = zoo("train", small_recipe, *changes, "--resume", "--out", copied, code=2)
    assert "`epochs` was 3, now 2; `batch_size` was 64, now 32" in process.stderr


def test_other_threads_are_refused(copied, small_recipe, zoo):
    path = only_run(copied) / "environment.json"
    began = json.loads(path.read_text())
    path.write_text(json.dumps({**began, "threads": began["threads"] + 1}))
    (only_run(copied) / "evaluation.json").unlink()
    process = zoo("train", small_recipe, "--resume", "--deterministic", "--out", copied, code=2)
    assert f"threads was {began['threads'] + 1}, now {began['threads']}" in process.stderr


def test_a_run_that_began_without_determinism_is_refused(copied, small_recipe, zoo):
    path = only_run(copied) / "environment.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "deterministic": False}))
    (only_run(copied) / "evaluation.json").unlink()
    process = zoo("train", small_recipe, "--resume", "--deterministic", "--out", copied, code=2)
    assert "began without `--deterministic`" in process.stderr


def test_nothing_to_resume_begins_anew(small_recipe, zoo, tmp_path):
    process = zoo(
        "train",
        small_recipe,
        "--set",
        "epochs=1",
        "--set",
        "warmup_epochs=0",
        "--set",
        "reach={accuracy: 0}",
        "--resume",
        "--out",
        tmp_path,
    )
    assert "a new one begins" in process.stderr
    assert (only_run(tmp_path) / "evaluation.json").exists()
