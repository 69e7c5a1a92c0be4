"""`zoo show` prints what the card of a bundle says, of the bundle that would be loaded, and nothing else."""

import copy
import json
import shutil

import pytest

from zoo.bundle import load_bundle, update_files

NAME = "resnet_tiny.digits"


@pytest.fixture
def home(tmp_path):
    """A copy of a shipped bundle in a `$ZOO_HOME` of its own."""
    shutil.copytree(load_bundle(NAME).path, tmp_path / NAME)
    return tmp_path


def write_card(home, card):
    update_files(load_bundle(home / NAME), {"card.json": json.dumps(card).encode()})


def test_a_bundle_without_a_card_has_no_figures(zoo, home):
    manifest = json.loads((home / NAME / "manifest.json").read_text())
    del manifest["files"]["card.json"]
    (home / NAME / "manifest.json").write_text(json.dumps(manifest))
    assert "no card" in zoo("show", NAME, env={"ZOO_HOME": str(home)}).stdout
    assert json.loads(zoo("show", NAME, "--json", env={"ZOO_HOME": str(home)}).stdout)["pretrained"] == {NAME: None}


def test_a_disabled_target_says_why(zoo, home):
    card = copy.deepcopy(load_bundle(NAME).card)
    card["artifacts"]["int8"] |= {"status": "disabled", "reason": "agreement: found 12 %"}
    write_card(home, card)
    assert "disabled: agreement: found 12 %" in zoo("show", NAME, env={"ZOO_HOME": str(home)}).stdout


def test_both_runtimes_stand_in_eighty_columns(zoo, home):
    card = copy.deepcopy(load_bundle(NAME).card)
    latency = {**card["artifacts"]["int8"]["latency_us"], "median": 1234.56}
    card["artifacts"]["float32"]["interpreter"] = {"latency_us": latency, "peak_memory_bytes": 125_000_000}
    write_card(home, card)
    lines = zoo("show", NAME, env={"ZOO_HOME": str(home)}).stdout.splitlines()
    begin = next(number for number, line in enumerate(lines) if "us Interpreter" in line)
    assert lines[begin + 2].split()[0] == "float32"
    assert lines[begin + 2].split()[-2:] == ["1,234.6", "125.0"]
    assert max(map(len, lines[begin:])) <= 80


@pytest.mark.parametrize("card", [b"{", b'{"schema": 1}'])
def test_a_card_that_is_none_is_a_sentence(zoo, home, card):
    update_files(load_bundle(home / NAME), {"card.json": card})
    process = zoo("show", NAME, code=2, env={"ZOO_HOME": str(home)})
    assert process.stderr.startswith(f"error: `{home / NAME / 'card.json'}`")


def test_a_card_that_was_changed_is_a_sentence(zoo, home):
    (home / NAME / "card.json").write_text("{}")
    assert "has the wrong size" in zoo("show", NAME, code=2, env={"ZOO_HOME": str(home)}).stderr
