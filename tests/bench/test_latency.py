"""`zoo bench latency` on the bundles of the digits: contestants, figures, refusals.  No figure is asserted."""

import json

import pytest

from zoo.bench.latency import compare
from zoo.bundle import load_bundle
from zoo.errors import InputError, UnknownNameError

NAME = "resnet_tiny.digits"


@pytest.fixture(scope="module")
def bundle():
    return load_bundle(NAME)


def test_every_file_runs_beside_the_others(bundle):
    found = compare([bundle, load_bundle("stacked_rnn_tiny.digits")], rounds=3)
    files = [target for target in bundle.targets if target != "saved_model"]
    assert [row["target"] for row in found["rows"] if row["bundle"] == NAME] == files
    assert {row["bundle"] for row in found["rows"]} == {NAME, "stacked_rnn_tiny.digits"}
    assert found["rows"][0]["ratio"] == 1
    for row in found["rows"]:
        assert 0 < row["p10"] <= row["median"] <= row["p90"]
    assert (found["threads"], found["clock"]) == (1, "thread CPU time")
    assert found["machine"]["cpu"]


def test_several_threads_are_timed_by_the_wall(bundle):
    found = compare([bundle], ["float32"], threads=2, rounds=2)
    assert (found["threads"], found["clock"]) == (2, "wall time")
    assert [row["target"] for row in found["rows"]] == ["float32"]


def test_what_cannot_run(bundle):
    with pytest.raises(InputError, match="runs on TensorFlow"):
        compare([bundle], ["saved_model"])
    with pytest.raises(InputError, match="none twice"):
        compare([bundle, bundle], ["int8"])
    with pytest.raises(UnknownNameError, match="ships no artifact for the target `int16x8`"):
        compare([bundle], ["int16x8"])


def test_the_command(zoo, tmp_path):
    kept = tmp_path / "latency.json"
    printed = zoo("bench", "latency", NAME, "--target", "float32", "--target", "int8", "-o", kept, "--json").stdout
    assert json.loads(printed) == json.loads(kept.read_text())
    table = zoo("bench", "latency", NAME, "--target", "int8").stdout
    assert NAME in table
