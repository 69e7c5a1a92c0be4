"""Every bundle that ships: verified again on this machine, its card true, its README up to date."""

import pytest

from zoo.bundle import load_bundle
from zoo.registry import get_spec
from zoo.targets import TARGETS
from zoo.verify.cards import readmes
from zoo.verify.cards.render import headline
from zoo.verify.verification import recipe_of, verify_bundle

BUNDLES = readmes.shipped_bundles()
NAMES = [bundle.name for bundle in BUNDLES]


def quick(bundle):
    """The digits are embedded and few; the other test splits take minutes."""
    return bundle.name.endswith(".digits")


@pytest.mark.parametrize(
    "bundle", [pytest.param(each, marks=() if quick(each) else pytest.mark.slow, id=each.name) for each in BUNDLES]
)
def test_every_gate_again(bundle, require_data):
    require_data(recipe_of(bundle).data)
    assert verify_bundle(bundle).failures == []


@pytest.mark.parametrize("bundle", BUNDLES, ids=NAMES)
def test_the_card_is_of_this_bundle(bundle):
    assert bundle.card["bundle"] == bundle.name == get_spec(bundle.name).full_name
    assert set(bundle.card["artifacts"]) <= set(TARGETS)
    for target, entry in bundle.card["artifacts"].items():
        assert (entry["status"] == "passed") == (target in bundle.manifest["artifacts"])
        assert (entry["reason"] is None) == (entry["status"] == "passed")


@pytest.mark.parametrize("bundle", BUNDLES, ids=NAMES)
def test_float32_and_int8_ship_and_keep_the_promise(bundle):
    recipe, metric = recipe_of(bundle), headline(bundle.card)
    assert {"float32", "int8"} <= set(bundle.targets)
    assert bundle.card["keras"]["metrics"][metric] >= recipe.reach[metric]


@pytest.mark.parametrize(
    ("name", "metric", "least"),
    [
        ("resnet8.cifar10", "accuracy", 0.85),  # the quality target of MLPerf Tiny
        ("ecg_lstm4.mitbih", "macro_f1", 0.57),
        ("ecg_lstm4.mitbih", "f1_V", 0.74),
    ],
)
def test_the_float32_file_answers_as_well_as_was_asked_for(name, metric, least):
    assert load_bundle(name).card["artifacts"]["float32"]["metrics"][metric] >= least


@pytest.mark.parametrize("bundle", BUNDLES, ids=NAMES)
def test_calibration_never_saw_the_test_split(bundle):
    source = bundle.card["artifacts"]["int8"]["calibration"]["source"]
    assert "train" in source
    assert "test" not in source


@pytest.mark.parametrize("bundle", BUNDLES, ids=NAMES)
def test_readme_is_up_to_date(bundle):
    assert (bundle.path / "README.md").read_text("utf-8") == readmes.of(bundle)
