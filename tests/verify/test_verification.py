"""A bundle that tells the truth passes; every way of lying on the card, or of damage, is found."""

import json

import pytest

from zoo.bundle import load_bundle, update_files
from zoo.errors import BundleError, GateError
from zoo.verify.verification import Verified, card_gates, score_artifact, verify_bundle


def changed(card, path, value):
    """The card with the value at `path` replaced."""
    card = json.loads(json.dumps(card))
    *above, last = path
    place = card
    for key in above:
        place = place[key]
    place[last] = value
    return card


def found_wrong(bundle, card, measured):
    """The places at which `card`, in the bundle, differs from what was measured."""
    told = update_files(bundle, {"card.json": json.dumps(card).encode()})
    return {gate.name for gate in card_gates(told, measured.card) if not gate.passed}


def test_a_true_bundle_passes(bundle, measured):
    verified = verify_bundle(bundle)
    assert verified.failures == []
    verified.check()
    assert set(verified.gates) == {*bundle.targets, "card"}


@pytest.mark.parametrize(
    ("path", "lie"),
    [
        (("model", "parameters"), 1),
        (("model", "macs"), 1),
        (("data", "splits", "train"), 1400),
        (("training", "recipe_sha256"), "0" * 64),
        (("baselines", "majority", "accuracy"), 0.2),
        (("keras", "metrics", "accuracy"), 0.99),
        (("keras", "ci95", "accuracy"), [0.98, 0.99]),
        (("artifacts", "int8", "metrics", "accuracy"), 0.99),
        (("artifacts", "int8", "ci95", "accuracy"), [0.9, 0.99]),
        (("artifacts", "int8", "bytes"), 1),
        (("artifacts", "int8", "sha256"), "0" * 64),
        (("artifacts", "int8", "operators", "CONV_2D"), 1),
        (("artifacts", "int8", "operators", "FLEX"), 1),
        (("artifacts", "int8", "float_islands"), {"ADD": 1}),
        (("artifacts", "int8", "signatures", "predict", "inputs", "image"), "int8"),
        (("artifacts", "int8", "parity", "agreement"), 0.5),
        (("artifacts", "int8", "parity", "agreement_by_class", "3"), 0.5),
        (("artifacts", "float16", "parity", "max_abs"), 0.5),
        (("artifacts", "dynamic_int8", "same_as"), "float32"),
        (("artifacts", "saved_model", "status"), "disabled"),
        (("published",), {"metrics": {"accuracy": 0.1}, "source": "nobody"}),
    ],
)
def test_a_lie_is_found(copy, measured, path, lie):
    wrong = found_wrong(copy, changed(measured.card, path, lie), measured)
    assert all(name.startswith(" > ".join(path)) for name in wrong)
    assert wrong


def test_a_target_that_is_said_to_ship_and_does_not_is_found(copy, measured):
    card = changed(measured.card, ("artifacts", "int16x8"), measured.card["artifacts"]["int8"])
    assert found_wrong(copy, card, measured) == {"artifacts > int16x8"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("artifacts", "int8", "latency_us", "median"), 1.0),
        (("artifacts", "int8", "peak_memory_bytes"), 1),
        (("artifacts", "int8", "interpreter", "peak_memory_bytes"), 1),
        (("artifacts", "int8", "calibration"), {"source": "elsewhere", "examples": 3, "of": 9, "seed": 1}),
        (("artifacts", "int8", "metrics", "accuracy"), None),
    ],
)
def test_what_belongs_to_a_moment_is_no_lie(copy, measured, path, value):
    """Times, memory, and another processor's rounding; what the maker alone knows is taken from the card."""
    if value is None:
        value = measured.card["artifacts"]["int8"]["metrics"]["accuracy"] + 0.001
    card = changed(measured.card, path, value)
    again = measured if path[2] != "calibration" else type(measured)(card, measured.gates)
    assert found_wrong(copy, card, again) == set()


def test_a_lie_fails_the_whole_bundle(copy, measured):
    card = changed(measured.card, ("artifacts", "int8", "metrics", "accuracy"), 0.999)
    verified = Verified(
        copy.name, {"card": card_gates(update_files(copy, {"card.json": json.dumps(card).encode()}), measured.card)}
    )
    with pytest.raises(GateError, match=r"artifacts > int8 > metrics > accuracy: found 0.999"):
        verified.check()
    assert GateError.exit_code == 3


def test_a_changed_file_is_found(copy):
    path = copy.path / "saved_model" / "saved_model.pb"
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(BundleError, match=r"saved_model.pb` has the wrong size"):
        verify_bundle(load_bundle(copy.path))


def test_a_bundle_without_a_card(copy):
    manifest = json.loads((copy.path / "manifest.json").read_text())
    del manifest["files"]["card.json"]
    (copy.path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match=r"has no card\.json"):
        verify_bundle(load_bundle(copy.path))


def test_the_score_of_one_artifact(bundle, measured):
    found = score_artifact(bundle, "int8")
    assert found["metrics"] == pytest.approx(measured.card["artifacts"]["int8"]["metrics"], abs=1e-6)
    assert found["ci95"]["accuracy"] == pytest.approx(measured.card["artifacts"]["int8"]["ci95"]["accuracy"], abs=1e-6)
