"""`zoo samples` leaves what the README's commands name, and they work when pasted."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from zoo.samples import beat, signals

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")


@pytest.fixture(scope="module")
def folder(zoo, tmp_path_factory):
    """What the command leaves."""
    folder = tmp_path_factory.mktemp("samples")
    process = zoo("samples", cwd=folder)
    assert process.stderr == ""
    assert sorted(process.stdout.split()) == sorted(path.name for path in folder.iterdir())
    return folder


def commands(word):
    lines = (line.partition("  #")[0] for line in README.splitlines())
    return [line.split()[1:] for line in lines if line.startswith(f"zoo {word} ") and "runs/" not in line]


def test_every_prediction_of_the_readme_works(zoo, folder):
    found = [json.loads(zoo(*command, "--json", cwd=folder).stdout) for command in commands("predict")]
    assert [answer["answers"]["logits"]["label"] for answer in found] == ["cat", "N"]
    assert [answer["warnings"] for answer in found] == [[], []]


def test_the_export_of_the_readme_works(zoo, folder, tmp_path):
    [command] = [command for command in commands("export") if "my_lstm.keras" in command]
    process = zoo(*command[:-1], tmp_path, cwd=folder)
    assert process.stdout.count("passed") == 2
    assert process.stderr == ""  # no library says what it creates


def test_a_beat_is_as_the_models_take_it():
    assert int(np.argmax(beat())) == 90
    assert beat().shape == (256,)
    assert 0.9 < beat().max() < 1.2  # mV
    assert signals().shape == (100, 24, 3)


def test_nothing_is_replaced(zoo, tmp_path):
    (tmp_path / "cat.png").write_text("mine")
    assert "`cat.png` is there already" in zoo("samples", cwd=tmp_path, code=2).stderr
    assert [path.name for path in tmp_path.iterdir()] == ["cat.png"]


def test_the_base_install_leaves_what_it_can(tmp_path):
    code = (
        "import sys; sys.modules['keras'] = None; import importlib.util as u; find = u.find_spec\n"
        "u.find_spec = lambda name: None if name in ('keras', 'tensorflow') else find(name)\n"
        "from pathlib import Path; from zoo.samples import write_samples; print(len(write_samples(Path(sys.argv[1]))))"
    )
    process = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True)
    assert process.stdout == "3\n", process.stderr
