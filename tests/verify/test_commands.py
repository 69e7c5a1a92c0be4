"""`zoo verify` and `zoo card` through the real command."""

import json

import pytest

from zoo.bundle import load_bundle, update_files


def test_verify_prints_every_gate(zoo, bundle):
    table = zoo("verify", bundle.path).stdout
    for target in (*bundle.targets, "card"):
        assert f"\n{target}" in table
    assert "FAILED" not in table


@pytest.mark.slow
def test_verify_fails_by_its_exit_status(zoo, copy, measured):
    card = json.loads(json.dumps(measured.card))
    card["artifacts"]["float32"]["metrics"]["accuracy"] = 0.999
    update_files(copy, {"card.json": json.dumps(card).encode()})
    process = zoo("verify", copy.path, "--json", code=3)
    assert (
        "error: 1 gate not met: `resnet_tiny.digits` card: artifacts > float32 > metrics > accuracy" in process.stderr
    )
    assert "Traceback" not in process.stderr
    (found,) = json.loads(process.stdout)
    assert [gate["passed"] for gate in found["gates"]["card"]] == [False]


def test_verify_of_nothing(zoo, tmp_path):
    process = zoo("verify", tmp_path, code=2)
    assert "is not a bundle" in process.stderr


def test_card_shows_writes_and_checks(zoo, copy):
    shown = zoo("card", copy.path).stdout
    assert shown.strip() == (copy.path / "README.md").read_text().strip()
    assert zoo("card", copy.path, "--check").stdout == "READMEs are up to date: 1 bundle\n"
    assert zoo("card", copy.path, "--write").stdout == ""  # nothing was out of date
    update_files(copy, {"README.md": b"by hand\n"})
    assert "out of date" in zoo("card", copy.path, "--check", code=3).stderr
    assert zoo("card", copy.path, "--write").stdout.strip().endswith("README.md")
    zoo("card", load_bundle(copy.path).path, "--check")


def test_card_cannot_do_both(zoo, copy):
    assert "exclude each other" in zoo("card", copy.path, "--check", "--write", code=2).stderr


def test_a_card_of_another_form_is_a_sentence(zoo, copy):
    update_files(copy, {"card.json": b'{"schema": 1}'})
    for command in ("card", "verify"):
        process = zoo(command, copy.path, code=2)
        assert f"{copy.path / 'card.json'}`: the key `bundle` is missing" in process.stderr
        assert "Traceback" not in process.stderr
