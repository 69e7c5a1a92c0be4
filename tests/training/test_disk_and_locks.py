"""A full disk loses nothing, one process at a time works at a run, and what is damaged is named: real processes."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from run_files import bits, only_run

from zoo.errors import InputError
from zoo.training import load_recipe, load_run, train

ROOM = 20_000
"""Bytes that a file may take: more than the text files of a run have, fewer than its weights."""


def hashes(run: Path) -> dict[str, str]:
    """Of what a training must not lose, by file."""
    kept = [*run.glob("*.h5"), *run.glob("state/*.state"), run / "metrics.csv"]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in kept}


@pytest.mark.slow
def test_a_full_disk_loses_nothing(undisturbed, small_recipe, dies, zoo, tmp_path):
    """A limit on the size of files does what a full disk does: writing fails in the middle."""
    dies(small_recipe, tmp_path, "validating", 2)
    run = only_run(tmp_path)
    before = hashes(run)
    assert {"best.weights.h5", "metrics.csv"} < set(before)
    process = zoo("train", small_recipe, "--resume", "--out", tmp_path, code=2, room=ROOM)
    assert "cannot be written: File too large" in process.stderr
    assert "Traceback" not in process.stderr
    assert hashes(run) == before
    zoo("train", small_recipe, "--resume", "--out", tmp_path)
    assert bits(run) == bits(undisturbed[0].path)


def test_two_processes_cannot_work_at_one_run(small_recipe, tmp_path):
    """One is stopped in its tracks while the other tries; its death lets the other go on."""
    script = Path(__file__).parents[1] / "dies.py"
    words = [sys.executable, script, small_recipe, tmp_path, "training", "1", "SIGSTOP"]
    recipe = load_recipe(small_recipe, {"threads": None})
    with subprocess.Popen(words, stderr=subprocess.PIPE) as process:
        try:
            _, status = os.waitpid(process.pid, os.WUNTRACED)
            assert os.WIFSTOPPED(status)
            with pytest.raises(InputError, match=f"another process is at work on `{only_run(tmp_path)}`"):
                train(recipe, tmp_path, resume=True)
        finally:
            os.kill(process.pid, signal.SIGKILL)
    run = train(recipe, tmp_path, resume=True)
    assert run.path == only_run(tmp_path)
    assert run.evaluation["epochs"] == recipe.epochs


@pytest.fixture
def copied(undisturbed, tmp_path) -> Path:
    """A copy of the undisturbed run."""
    return shutil.copytree(undisturbed[0].path, tmp_path / undisturbed[0].full_name / undisturbed[0].path.name)


@pytest.mark.parametrize("damage", [b"", b"{", b"\0" * 64, b"[]", b"{}"], ids=["empty", "cut", "zeros", "list", "bare"])
@pytest.mark.parametrize("name", ["environment", "evaluation"])
def test_a_damaged_file_of_a_run_is_named(copied, name, damage):
    (copied / f"{name}.json").write_bytes(damage)
    with pytest.raises(InputError, match=f"{name}.json` is damaged: ") as caught:
        getattr(load_run(copied), name)
    assert caught.value.hint


@pytest.mark.parametrize("keep", [0, 100, 0.5])
def test_damaged_weights_are_named(copied, keep):
    path = copied / "model.weights.h5"
    content = path.read_bytes()
    path.write_bytes(content[: keep if isinstance(keep, int) else int(keep * len(content))])
    with pytest.raises(InputError, match=r"model.weights.h5` is damaged: ") as caught:
        load_run(copied).model()
    assert "--resume" in caught.value.hint


def test_a_damaged_table_is_named(copied):
    (copied / "metrics.csv").write_text("epoch,loss\n1,")
    with pytest.raises(InputError, match=r"metrics.csv` is damaged: "):
        _ = load_run(copied).epochs


def test_a_damaged_run_is_a_sentence_of_the_command(copied, small_recipe, zoo):
    (copied / "evaluation.json").write_bytes(b"")
    process = zoo("train", small_recipe, "--resume", "--out", copied.parent.parent, code=2)
    assert "evaluation.json` is damaged" in process.stderr
    (copied / "evaluation.json").unlink()
    (copied / "model.weights.h5").write_bytes(b"")
    assert "model.weights.h5` is damaged" in zoo("evaluate", copied, code=2).stderr
