"""What the tests of training share: a recipe of seconds, and a run of it that nobody disturbed."""

from pathlib import Path

import pytest
from run_files import only_run

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
