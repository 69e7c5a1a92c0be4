"""The study of the heartbeat models says what its figures say."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent
LABELS = ["N", "S", "V", "F"]
METRICS = ["macro_f1", *(f"f1_{label}" for label in LABELS)]


@pytest.fixture(scope="module")
def study_ecg():
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("study_ecg", ROOT / "recipes" / "study_ecg.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def figures(models, *, low: float, high: float) -> dict:
    """A study with made-up figures."""
    seeds = {str(seed): dict.fromkeys([*METRICS, "accuracy"], 0.5 + seed / 100) for seed in (1, 2, 3)}
    difference = {"value": (low + high) / 2, "low": low, "high": high, "standard_error": 0.01}
    return {
        "data": {"name": "mitbih_beats", "test": 49712, "records": 22},
        "scored_labels": LABELS,
        "models": {name: {"parameters": 1234, "macs": 567890, "seeds": seeds} for name in models},
        "difference": dict.fromkeys(METRICS, difference),
    }


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-0.02, 0.04, "they cannot be told apart"),
        (0.01, 0.05, "they differ. `ecg_cnn13` is better"),
        (-0.05, -0.01, "they differ. `ecg_lstm4` is better"),
    ],
)
def test_the_verdict_is_what_the_interval_says(study_ecg, low, high, verdict):
    page = study_ecg.page(figures(study_ecg.MODELS, low=low, high=high))
    assert verdict in page
    assert f"**{(low + high) / 2:+.3f}**" in page


def test_the_table_gives_mean_and_deviation_of_the_seeds(study_ecg):
    rows = study_ecg.table(figures(study_ecg.MODELS, low=-0.1, high=0.1))
    deviation = np.std([0.51, 0.52, 0.53], ddof=1)
    assert f"0.520 ± {deviation:.3f}" in rows[2]
    assert "1,234" in rows[2]
    assert len({row.count("|") for row in rows}) == 1


def test_the_picture_is_drawn(study_ecg, tmp_path):
    study_ecg.draw(figures(study_ecg.MODELS, low=-0.1, high=0.1), tmp_path / "study.png")
    assert (tmp_path / "study.png").read_bytes().startswith(b"\x89PNG")


def test_the_page_is_that_of_the_shipped_figures(study_ecg):
    figures_of_the_study = ROOT / "docs" / "ecg_study.json"
    if not figures_of_the_study.exists():
        pytest.skip("the study has not been run yet: `python recipes/study_ecg.py` makes its three files")
    study = json.loads(figures_of_the_study.read_text("utf-8"))
    assert (ROOT / "docs" / "ecg_study.md").read_text("utf-8") == study_ecg.page(study)
    assert all(len(model["seeds"]) == len(study_ecg.SEEDS) >= 5 for model in study["models"].values())
