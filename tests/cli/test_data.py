"""`zoo data`, through the real command."""

import json


def test_list_names_every_set(zoo, tmp_path):
    environment = {"TFDS_DATA_DIR": str(tmp_path)}
    table = zoo("data", "list", env=environment).stdout
    assert "51,021" in table
    rows = {row["name"]: row for row in json.loads(zoo("data", "list", "--json", env=environment).stdout)}
    assert {"cifar10", "digits", "mitbih_beats"} <= set(rows)
    assert rows["cifar10"]["examples"] == {"train": 50_000, "test": 10_000}
    assert rows["digits"]["prepared"]
    assert not rows["cifar10"]["prepared"]


def test_show_tells_inputs_licence_and_flaws(zoo, tmp_path):
    shown = zoo("data", "show", "mitbih_beats", env={"TFDS_DATA_DIR": str(tmp_path)}).stdout
    for fact in ("ecg (256, 1) float32, mV, 360 Hz", "rr (4,) float32, s", "Open Data Commons", "201 (train) and 202"):
        assert fact in shown
    facts = json.loads(zoo("data", "show", "digits", "--json").stdout)
    assert facts["inputs"]["image"] == {"kind": "image", "shape": [8, 8, 1], "dtype": "uint8"}


def test_prepare_of_what_needs_none(zoo):
    assert zoo("data", "prepare", "digits").stdout == "digits 1.0.0 is prepared\n"


def test_prepare_without_a_network_is_a_sentence(zoo, tmp_path):
    nowhere = {"TFDS_DATA_DIR": str(tmp_path), "HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": ""}
    process = zoo("data", "prepare", "cifar10", code=2, env=nowhere)
    assert process.stdout == ""
    assert (
        "error: data set cannot be downloaded: `cifar10`; no answer from https://www.cs.toronto.edu" in process.stderr
    )
    assert f"copy the folder from a machine where it is prepared to {tmp_path}" in process.stderr
    assert "Traceback" not in process.stderr


def test_an_unknown_set_names_the_nearest(zoo):
    process = zoo("data", "show", "mitbih", code=2)
    assert process.stderr.startswith("error: unknown data set: `mitbih`; the nearest are `mitbih_beats`")


def test_show_of_a_prepared_set_says_nothing_else(zoo, require_data):
    require_data("cifar10")
    assert zoo("data", "show", "cifar10").stderr == ""
