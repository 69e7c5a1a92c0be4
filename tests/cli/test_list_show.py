"""`zoo list`, `zoo show`, `zoo facts` and the frame of the command line, through the real command."""

import json
import subprocess
import sys

import pytest


def test_list_prints_a_table_and_json(zoo):
    table = zoo("list", "resnet*").stdout
    assert "resnet20" in table
    assert "271,098" in table
    assert "ecg_cnn13" not in table
    rows = json.loads(zoo("list", "resnet20", "--json").stdout)
    assert [row["name"] for row in rows] == ["resnet20"]
    assert rows[0]["parameters"] == 271_098


def test_list_pretrained_lists_trainings(zoo):
    names = [row["name"] for row in json.loads(zoo("list", "--pretrained", "--json").stdout)]
    assert all("." in name for name in names)


def test_show_has_facts_and_paper(zoo):
    shown = zoo("show", "resnet20").stdout
    for fact in ("271,098", "40,551,040", "81", "He et al. 2016", "image (32, 32, 3) float32"):
        assert fact in shown
    facts = json.loads(zoo("show", "ecg_lstm4", "--json").stdout)
    assert facts["receptive_field"] is None
    assert facts["inputs"]["ecg"] == {"shape": [256, 1], "dtype": "float32"}


def test_neither_imports_keras():
    code = (
        "import sys; from zoo import cli; cli.register(); sys.argv = ['zoo', 'show', 'resnet8', '--json']\n"
        "try: cli.app()\n"
        "except SystemExit: pass\n"
        "heavy = {'tensorflow', 'keras', 'tensorflow_datasets', 'sklearn', 'matplotlib', 'ai_edge_litert'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert process.stderr.strip() == "[]"


def test_a_users_mistake_is_a_sentence_and_exit_2(zoo):
    wrong = zoo("show", "resnet9", code=2)
    assert wrong.stdout == ""
    assert wrong.stderr.startswith("error: unknown model: `resnet9`; the nearest are `resnet")
    assert "hint: `zoo list` shows all" in wrong.stderr
    assert "Traceback" not in wrong.stderr
    assert "no model matches `zzz*`" in zoo("list", "zzz*", code=2).stderr
    assert "found neither" in zoo("facts", code=2).stderr


def test_debug_shows_the_trace(zoo):
    assert "Traceback" in zoo("--debug", "show", "resnet9", code=1).stderr


def test_every_command_has_help_with_an_example(zoo):
    from zoo.cli import COMMANDS

    overview = zoo("--help").stdout
    for command in COMMANDS:
        assert command in overview
        assert f"zoo {command}" in zoo(command, "--help").stdout


def test_an_unknown_command_is_exit_2(zoo):
    assert "No such command" in zoo("trian", code=2).stderr


@pytest.mark.parametrize(
    ("command", "error", "hint"),
    [
        ("export resnet_tiny --target flaot32 --out out", "unknown target: `flaot32`; the nearest", "the targets are"),
        ("train ./nothere.yaml", "the recipe `./nothere.yaml` does not exist", "or the path of a YAML file"),
        ("train resnet_tiny.digitz", "unknown recipe: `resnet_tiny.digitz`; the nearest", "or the path of a YAML file"),
    ],
)
def test_a_wrong_word_gets_a_hint(zoo, tmp_path, command, error, hint):
    first, between, last = zoo(*command.split(), code=2, cwd=tmp_path).stderr.splitlines()
    assert first.startswith(f"error: {error}")
    assert between == ""
    assert last.startswith("hint: ")
    assert hint in last


@pytest.mark.parametrize("command", ["list", "show", "train", "evaluate", "export", "verify", "card", "predict"])
def test_usage_names_arguments_in_capitals(zoo, command):
    usage = next(line for line in zoo(command, "--help").stdout.splitlines() if "Usage:" in line)
    assert not [word for word in usage.split()[3:] if word.strip("{}[].").islower()]
