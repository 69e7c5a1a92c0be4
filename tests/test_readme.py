"""The promises of README and pages that a test can keep: commands, outputs, names, links, examples of new things."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import typer
from plugin_files import write_plugin

from zoo.paths import recipe_path
from zoo.samples import write_samples

ROOT = Path(__file__).parent.parent
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))
}
README = PAGES["README.md"]


def blocks(language, page="README.md"):
    return re.findall(rf"```{language}\n(.*?)```", PAGES[page], re.DOTALL)


def run(code, folder, **variables):
    environment = {**os.environ, **variables}
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, env=environment)
    assert process.returncode == 0, process.stderr
    return process.stdout


def test_there_are_two_commands_of_one_line():
    commands = blocks("bash")[0].strip().splitlines()
    assert [command.rpartition("/")[2].split()[0] for command in commands] == ["zoo", "pytest"]
    assert all(command.startswith("python3 -m venv .venv && ") for command in commands)


def test_the_readme_is_a_landing_page():
    assert len(README.splitlines()) <= 150


def test_the_new_model_is_listed_built_and_trained(tmp_path):
    """The two files of `Add a model`, as they stand there, as a plug-in; or as ours, where they have been added."""
    page = "CONTRIBUTING.md"
    code = next(block for block in blocks("python", page) if "lenet.py" in block)
    toml = next(block for block in blocks("toml", page) if "lenet.toml" in block)
    write_plugin(tmp_path, "readme_models", "lenet", toml, code)
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
    counts, _, printed = run(script, tmp_path, PYTHONPATH=str(tmp_path)).partition("\n")
    assert counts.split()[0] == "61706"  # LeNet-5 in its modern form
    assert int(counts.split()[1]) < 20_000  # what every family's tiny size must be
    assert json.loads(printed)["evaluation"]["model"] == "lenet_tiny.digits"


@pytest.mark.parametrize("place", [0, 1], ids=["a pretrained model", "a model of one's own"])
def test_the_readme_shows_what_is_printed(tmp_path, place):
    write_samples(tmp_path)
    assert run(blocks("python")[place], tmp_path) == blocks("text")[place]


def test_the_new_task_scores(tmp_path):
    from zoo.data.dataset import DataSet, Examples, Target

    code = next(block for block in blocks("python", "docs/tasks.md") if "TASK = " in block)
    (tmp_path / "counting.py").write_text(code)
    spec = importlib.util.spec_from_file_location("counting", tmp_path / "counting.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    words = dict.fromkeys(("summary", "licence", "source"), "none")
    data = DataSet(
        "counts", "1", targets={"value": Target("value", shape=(1,))}, counts={}, inputs={}, store=None, **words
    )
    examples = Examples({"x": np.zeros((4, 1))}, {"value": np.array([[1], [2], [3], [4]], np.float32)})
    answers = {"value": np.array([[1.2], [2.4], [3.6], [4.0]], np.float32)}
    scores = module.TASK.score(answers, examples, data)
    assert scores == pytest.approx({"exact": 0.75, "mae": 0.3, "mse": 0.14}, rel=1e-5)


@pytest.mark.parametrize("name", sorted(set(re.findall(r"\b[a-z0-9_]+\.(?:cifar10|mitbih|digits)\b", README))))
def test_named_weights_exist(name):
    assert recipe_path(name).exists()


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\((?!http)([^)]+)\)", PAGES[page]):
        path, _, place = target.partition("#")
        there = (ROOT / page).parent / path if path else ROOT / page
        assert there.exists(), target
        if place:
            titles = re.findall(r"^#+ (.*)$", there.read_text("utf-8"), re.MULTILINE)
            assert place in [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles], target


def test_commands_and_their_options_exist():
    """Every line of a page's block that begins with `zoo`."""
    from zoo.cli import app, register

    register()
    top = typer.main.get_command(app)
    lines = [
        line
        for page in PAGES
        for block in blocks("(?:ba|)sh", page)
        for line in block.splitlines()
        if line[:4] == "zoo "
    ]
    assert len(lines) > 15
    for line in lines:
        words, command = line.partition("  #")[0].split()[1:], top
        while words[0] in getattr(command, "commands", {}):
            command = command.commands[words.pop(0)]
        assert command is not top, line
        known = {option for parameter in command.params for option in parameter.opts}
        assert not [word for word in words if word.startswith("--") and word not in known], line
