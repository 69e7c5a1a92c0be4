"""What the tests of training share: a recipe of seconds, and a run of it that nobody disturbed."""

import csv
import io
import subprocess
import sys
from pathlib import Path

import pytest

from zoo.training import load_run

SMALL = """
model: resnet_tiny
data: digits
seed: 3
epochs: 3
batch_size: 64
optimizer: adam
learning_rate: 0.01
schedule: cosine
warmup_epochs: 1
weight_decay: 0.01
clip_norm: 2
augment: [crop]
validation: 200
checkpoint_minutes: 0.004
reach: {accuracy: 0.5}
"""


@pytest.fixture(scope="session")
def small_recipe(tmp_path_factory) -> Path:
    """A recipe that is done in seconds and saves its state several times an epoch."""
    path = tmp_path_factory.mktemp("recipe") / "small.yaml"
    path.write_text(SMALL, "utf-8")
    return path


@pytest.fixture(scope="session")
def undisturbed(small_recipe, zoo, tmp_path_factory):
    """The deterministic run of `small_recipe` that ended in one go, and what the command printed."""
    out = tmp_path_factory.mktemp("undisturbed")
    process = zoo("train", small_recipe, "--deterministic", "--out", out)
    return load_run(only_run(out)), process


@pytest.fixture(scope="session")
def dies():
    """A function that trains in a process that must die of SIGKILL: `dies(recipe, out, stage, number)`."""

    def run(*arguments: object) -> None:
        command = [sys.executable, Path(__file__).with_name("dies.py"), *map(str, arguments)]
        process = subprocess.run(command, capture_output=True, text=True, timeout=600)
        assert process.returncode == -9, process.stderr

    return run


def only_run(out: Path) -> Path:
    """The folder of the only run below `out`."""
    (path,) = out.glob("*/*")
    return path


def bits(path: Path) -> dict[str, bytes | list]:
    """What must not depend on how often a deterministic training was killed, by file."""
    files = {name: (path / name).read_bytes() for name in ("best.weights.h5", "model.weights.h5", "evaluation.json")}
    with io.StringIO((path / "metrics.csv").read_text()) as table:
        lines = [{key: value for key, value in line.items() if key != "seconds"} for line in csv.DictReader(table)]
    return {**files, "metrics.csv": lines}
