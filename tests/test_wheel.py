"""The wheel as a device gets it: built, installed with the base dependencies alone, and used from another folder."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from zoo.paths import shipped

ROOT = Path(__file__).parent.parent


def run(*command, cwd, code=0, **environment):
    process = subprocess.run(
        list(map(str, command)), cwd=cwd, capture_output=True, text=True, env={**os.environ, **environment}
    )
    assert process.returncode == code, process.stdout + process.stderr
    return process


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, ROOT, cwd=folder)
    return next(folder.glob("hybrid_zoo-*.whl"))


@pytest.fixture(scope="module")
def device(wheel, tmp_path_factory):
    """A fresh environment with the base dependencies alone; gives the path of its `zoo`."""
    folder = tmp_path_factory.mktemp("device")
    run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    run(python, "-m", "pip", "install", "-q", wheel, cwd=folder)
    run(python, "-c", "import keras", cwd=folder, code=1)
    return python.with_name("zoo")


@pytest.mark.slow
def test_the_wheel_carries_bundles_and_recipes_but_no_saved_model(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    bundles = sorted(path.name for path in shipped("saved_models").iterdir() if (path / "manifest.json").exists())
    assert bundles
    for bundle in bundles:
        assert f"zoo/_shipped/saved_models/{bundle}/manifest.json" in names
        assert f"zoo/_shipped/recipes/{bundle}.yaml" in names
        assert any(
            name.startswith(f"zoo/_shipped/saved_models/{bundle}/") and name.endswith(".tflite") for name in names
        )
    assert not [name for name in names if "/saved_model/" in name]


@pytest.mark.slow
def test_a_device_lists_shows_and_predicts(device, tmp_path):
    names = [row["name"] for row in json.loads(run(device, "list", "--pretrained", "--json", cwd=tmp_path).stdout)]
    assert {"resnet_tiny.digits", "stacked_rnn_tiny.digits"} <= set(names)
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "digit.png")
    for name in ("resnet_tiny.digits", "stacked_rnn_tiny.digits"):
        for target in ("float32", "int8"):
            line = run(device, "predict", name, "digit.png", "--target", target, "--json", cwd=tmp_path).stdout
            assert json.loads(line)


@pytest.mark.slow
def test_a_missing_extra_is_a_sentence(device, tmp_path):
    process = run(device, "train", "resnet_tiny.digits", cwd=tmp_path, code=2)
    assert 'pip install "hybrid-zoo[train]"' in process.stderr
    assert "Traceback" not in process.stderr
