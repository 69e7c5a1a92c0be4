"""The README's promises that a test can keep: its commands, its names, its example of a new model."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from plugin_files import write_plugin

from zoo.paths import recipe_path

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_there_are_two_commands_of_one_line():
    commands = blocks("bash")[0].strip().splitlines()
    assert [command.rpartition("/")[2].split()[0] for command in commands] == ["zoo", "pytest"]
    assert all(command.startswith("python3 -m venv .venv && ") for command in commands)


def test_the_new_model_is_listed_built_and_trained(tmp_path):
    """The two files of `Add a model`, as they stand there, as a plug-in; or as ours, where they have been added."""
    code = next(block for block in blocks("python") if "lenet.py" in block)
    write_plugin(tmp_path, "readme_models", "lenet", blocks("toml")[0], code)
    settings = [
        "--set",
        "model=lenet_tiny",
        "--set",
        "epochs=2",
        "--set",
        "warmup_epochs=0",
        "--set",
        "reach={accuracy: 0.5}",
    ]
    script = f"""
import sys, zoo
print(*(zoo.create_model(name).count_params() for name in zoo.list_models('lenet*')), flush=True)
zoo.create_model('lenet5', input_shape=[32, 32, 3])
from zoo.cli import main
sys.argv = ['zoo', 'train', 'resnet_tiny.digits', '--json', '--out', {str(tmp_path / "runs")!r}, *{settings}]
main()
"""
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    built = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment)
    assert built.returncode == 0, built.stderr
    counts, _, printed = built.stdout.partition("\n")
    assert counts.split()[0] == "61706"  # LeNet-5 in its modern form
    assert int(counts.split()[1]) < 20_000  # what every family's tiny size must be
    assert json.loads(printed)["evaluation"]["model"] == "lenet_tiny.digits"


def test_the_model_of_ones_own_is_exported(tmp_path):
    code = next(block for block in blocks("python") if "export_model" in block)
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert (tmp_path / "exported" / "gestures" / "float32.tflite").stat().st_size < 4_000_000  # weights: 2.1 MB


@pytest.mark.parametrize("name", sorted(set(re.findall(r"\b[a-z0-9_]+\.(?:cifar10|mitbih|digits)\b", README))))
def test_named_weights_exist(name):

    assert recipe_path(name).exists()


def test_links_lead_somewhere():
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
