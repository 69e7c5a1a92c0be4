"""A bundle of a model that is not the zoo's: parity and agreement on examples, or on random inputs, and no score."""

import keras
import numpy as np
import pytest
from keras import layers

from zoo.export import export_model
from zoo.verify.cards.render import bundle_readme
from zoo.verify.verification import score_artifact, verify_bundle

RANDOM = np.random.default_rng(0)
SERIES = RANDOM.normal(3.0, 2.0, (64, 6, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    return keras.Sequential([layers.Input((6, 3), name="series"), layers.LSTM(8), layers.Dense(2)], name="mine")


@pytest.fixture(scope="module")
def with_examples(model, tmp_path_factory):
    arrays = {"series": SERIES}
    return export_model(
        model, ["float32", "int8"], out=tmp_path_factory.mktemp("a"), calibration=arrays, examples=arrays
    )


@pytest.fixture(scope="module")
def without(model, tmp_path_factory):
    return export_model(model, ["float32", "dynamic_int8"], out=tmp_path_factory.mktemp("b"))


def test_the_card_says_on_what_it_was_compared(with_examples, without):
    for bundle, source, count in ((with_examples, "examples", 64), (without, "random inputs", 256)):
        for entry in bundle.card["artifacts"].values():
            assert (entry["parity"]["source"], entry["parity"]["examples"]) == (source, count)
            assert entry["parity"]["agreement"] >= 0.95
            assert (entry["metrics"], entry["ci95"]) == (None, None)
    assert {without.card[key] for key in ("data", "training", "baselines", "published", "keras")} == {None}
    assert without.card["model"]["parameters"] == 4 * 8 * (3 + 8 + 1) + (8 + 1) * 2


def test_a_file_without_large_weights_is_the_same_as_float32(without):
    assert without.card["artifacts"]["dynamic_int8"]["same_as"] == "float32"
    assert "`dynamic_int8` is the same as float32" in bundle_readme(without.card)


def test_it_is_verified_against_its_source(without):
    assert verify_bundle(without).failures == []


def test_examples_that_are_not_in_the_bundle(with_examples):
    """On random inputs parity is looked at again; agreement of int8 is that of the examples, and is not."""
    verified = verify_bundle(with_examples)
    assert verified.failures == []
    (agreement,) = [gate for gate in verified.gates["int8"] if gate.name == "agreement"]
    assert "not in the bundle" in agreement.figure
    assert "parity" in {gate.name for gate in verified.gates["float32"]}


def test_there_is_no_score(without):
    with pytest.raises(Exception, match="has no recipe that says on which data"):
        score_artifact(without, "float32")
