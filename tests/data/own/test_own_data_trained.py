"""From a folder to a device, through the real command; and data that are larger than memory."""

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml
from own_files import noise, write_pictures
from PIL import Image

from zoo.data import get_data
from zoo.errors import DataError, RecipeError
from zoo.export import export_model
from zoo.training import load_recipe, load_run, train

RECIPE = {
    "model": "resnet_tiny",
    "seed": 1,
    "epochs": 2,
    "batch_size": 8,
    "optimizer": "adam",
    "learning_rate": 0.01,
    "schedule": "cosine",
    "reach": {"accuracy": 0},
}
EXAMPLE = (8, 1024, 3)
"""Of the large data set: 24 KiB."""
ROOM = 2**28
"""Bytes that a training of it may take."""


def write_recipe(path: Path, data: Path, **changes) -> Path:
    path.write_text(yaml.safe_dump({**RECIPE, "data": str(data), **changes}), "utf-8")
    return path


@pytest.mark.slow
def test_pictures_of_ones_own_go_all_the_way(zoo, tmp_path):
    pictures = write_pictures(tmp_path / "My Pictures", 24)
    (pictures / "dark" / "notes.txt").write_text("no picture")
    recipe = write_recipe(tmp_path / "mine.yaml", pictures, epochs=4)
    trained = zoo("train", recipe, "--out", tmp_path / "runs")
    assert "`dark/notes.txt` is none of .png" in trained.stderr
    [run] = (tmp_path / "runs" / "resnet_tiny.my_pictures").iterdir()
    zoo("export", run, "--target", "int8", "--out", tmp_path / "bundles")
    bundle = tmp_path / "bundles" / "resnet_tiny.my_pictures"
    card = json.loads((bundle / "card.json").read_text())
    assert card["data"]["splits"] == {"train": 48, "validation": 12, "test": 12}
    assert card["data"]["licence"] == "the user's own"
    assert card["data"]["notes"] == [*get_data(pictures).notes]
    assert card["artifacts"]["int8"]["calibration"] == {
        "source": "My Pictures train",
        "examples": 48,
        "of": 48,
        "seed": 0,
    }
    zoo("verify", bundle)
    said = json.loads(zoo("predict", bundle, pictures / "light" / "000.png", "--json").stdout)
    assert {"dark", "light", "middle"} <= set(json.dumps(said).replace('"', " ").split())

    Image.fromarray(noise(90, 77)).save(pictures / "dark" / "000.png")
    now = get_data(pictures).version
    refused = zoo("verify", bundle, code=2)
    assert f"found content {now}, expected {card['data']['version']}" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_validation_split_of_ones_own_is_used(tmp_path):
    for split, count, first in (("train", 8, 0), ("val", 3, 100), ("test", 2, 200)):
        write_pictures(tmp_path / "data" / split, count, first=first)
    path = write_recipe(tmp_path / "mine.yaml", tmp_path / "data", epochs=1)
    run = train(load_recipe(path), tmp_path / "runs")
    assert run.evaluation["data"]["splits"] == {"train": 24, "validation": 9, "test": 6}
    assert run.full_name == "resnet_tiny.data"
    assert (run.recipe.data, run.recipe.data_version) == (str(tmp_path / "data"), get_data(tmp_path / "data").version)
    cut = train(load_recipe(path, {"validation": 4}), tmp_path / "runs")
    assert cut.evaluation["data"]["splits"] == {"train": 20, "validation": 4, "test": 6}
    with pytest.raises(RecipeError, match="the key `validation` is missing"):
        load_recipe(path, {"data": "digits"})


def test_changed_data_are_refused_where_a_run_goes_on(tmp_path):
    write_pictures(tmp_path / "data", 8)
    path = write_recipe(tmp_path / "mine.yaml", tmp_path / "data", epochs=1)
    run = train(load_recipe(path), tmp_path / "runs")
    Image.fromarray(noise(40, 999)).save(tmp_path / "data" / "dark" / "new.png")
    words = rf"`{tmp_path}/data` is not what `resnet_tiny.data` was trained on: found content \w+, expected "
    for attempt in (
        lambda: train(load_recipe(path), tmp_path / "runs", resume=True),
        lambda: load_run(run.path).recipe,
        lambda: export_model(run.path, "float32", out=tmp_path / "bundles"),
    ):
        with pytest.raises(DataError, match=words):
            attempt()
    assert not (tmp_path / "bundles").exists()


def test_a_file_that_goes_away_in_a_training_is_a_sentence(tmp_path, monkeypatch):
    """Read as they are needed, examples may be gone when they are."""
    from zoo.data.own import room

    monkeypatch.setattr(room, "LIMIT", 0)
    write_pictures(tmp_path / "data", 8)
    recipe = load_recipe(write_recipe(tmp_path / "mine.yaml", tmp_path / "data", epochs=9))

    def remove(stage: str, done: int, total: int) -> None:
        for each in (tmp_path / "data").glob("*/*.png"):
            each.unlink()

    with pytest.raises(DataError, match=r"png` cannot be read any more"):
        train(recipe, tmp_path / "runs", report=remove)


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> Path:
    """An `.npz` that is larger than `ROOM` by half, written a row at a time; removed with the module."""
    path, count = tmp_path_factory.mktemp("large") / "large.npz", 3 * ROOM // 2 // int(np.prod(EXAMPLE))
    labels = np.arange(count) % 2
    with zipfile.ZipFile(path, "w") as archive:
        with archive.open("x.npy", "w", force_zip64=True) as file:
            np.lib.format.write_array_header_1_0(
                file, {"descr": "|u1", "fortran_order": False, "shape": (count, *EXAMPLE)}
            )
            for label in labels:
                file.write(noise(60 + 100 * int(label), 0, (8, 16, 3)).repeat(EXAMPLE[1] // 16, 1).tobytes())
        with archive.open("y.npy", "w") as file:
            np.lib.format.write_array(file, labels)
    yield path
    path.unlink()


@pytest.mark.slow
def test_data_larger_than_memory_are_trained_on_and_gone_on_with(large, tmp_path):
    """Killed and resumed is bit-equal to never killed, in processes that could not hold the examples."""
    recipe = write_recipe(
        tmp_path / "large.yaml",
        large,
        model="stacked_rnn_tiny",
        epochs=1,
        batch_size=64,
        checkpoint_minutes=0.005,
    )

    def live(out: str, code: int, *more: str) -> dict[str, str]:
        command = [sys.executable, Path(__file__).with_name("limited.py"), recipe, tmp_path / out, str(ROOM), *more]
        process = subprocess.run(command, capture_output=True, text=True, timeout=600)
        assert process.returncode == code, process.stderr
        [run] = (tmp_path / out / "runs").glob("*/*")
        return {
            name: hashlib.sha256((run / name).read_bytes()).hexdigest()
            for name in ("model.weights.h5", "evaluation.json")
            if code == 0
        }

    whole = live("whole", 0)
    live("killed", -9, "80")
    assert live("killed", 0) == whole
