"""Every task the whole way: trained, killed, resumed, exported, verified, shown, scored, and asked on a bare device.

The models and data are those of the plug-in `tests/tiny`, one of each a task.
"""

import csv
import json
import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from plugin_files import with_plugins
from run_files import bits, only_run

from zoo.bundle import load_bundle
from zoo.bundle.metric import Metric
from zoo.targets import USUAL_TARGETS
from zoo.tasks import list_tasks

TESTS = Path(__file__).parents[1]
WITH_TINY = with_plugins(TESTS / "tiny")
RECIPE = """
model: {name}_tiny
data: tiny_{name}
seed: 1
epochs: {epochs}
batch_size: 32
optimizer: adam
learning_rate: 0.02
schedule: cosine
validation: 64
checkpoint_minutes: 0.002
reach: {{{metric}: {goal}}}
"""
STEPS = (320 - 64) // 32
"""Of an epoch."""

BARE = """
import sys

class Refuse:
    heavy = {"tensorflow", "keras", "tensorflow_datasets", "sklearn", "scipy", "yaml", "matplotlib", "tiny_models"}

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.heavy:
            raise ModuleNotFoundError(f"{name} is not installed", name=name)

sys.meta_path.insert(0, Refuse())
"""
"""Run when Python starts: what only trainings need is not there, nor is the plug-in."""


@dataclass(frozen=True)
class Way:
    """What is trained, for a task, and what it must reach."""

    name: str
    epochs: int
    metric: str
    goal: float
    ask: object
    """Writes a file for `zoo predict` and gives its name."""
    right: object
    """Whether the answers to it are right."""
    may_fail: tuple[str, ...] = ()
    """Targets that a card may say are disabled, and why."""


def bar_at_the_left(folder: Path) -> str:
    pixels = np.full((8, 8), 30, np.uint8)
    pixels[:, :3] = 220
    Image.fromarray(pixels).save(folder / "bar.png")
    return "bar.png"


def marked_numbers(folder: Path) -> str:
    np.savetxt(folder / "row.csv", [[0.1, 0], [0.3, 1], [0.9, 0], [0.4, 1], [0.2, 0], [0.5, 0]], delimiter=",")
    return "row.csv"


def rising(folder: Path) -> str:
    np.savetxt(folder / "motion.csv", np.ones((8, 3)), delimiter=",")
    return "motion.csv"


def beginning(folder: Path) -> str:
    (folder / "rhyme.txt").write_text("one two buck", "utf-8")
    return "rhyme.txt"


def cab(folder: Path) -> str:
    """Three frames a letter, with a pause between."""
    sound = np.zeros((9, 4), np.float32)
    for frame, letter in ((0, 2), (1, 2), (2, 2), (4, 0), (5, 0), (7, 1), (8, 1)):
        sound[frame, letter] = 1
    np.savez(folder / "sound.npz", sound=np.pad(sound, [(0, 15), (0, 0)]), length=np.int32(11))
    return "sound.npz"


WAYS = {
    "captioning": Way(
        *("bars", 20, "bleu4", 0.8, bar_at_the_left),
        lambda found: found["tokens"]["text"] in ("a bar at the left", "the bar is left"),
        ("int8",),
    ),
    "classification": Way(
        *("moves", 6, "accuracy", 0.8, rising),
        lambda found: found["kind"]["label"] == "up" and found["phase"]["runs"][-1]["label"] == "rises",
    ),
    "ctc": Way("speech", 12, "cer", 0.3, cab, lambda found: found["tokens"]["text"] == "cab"),
    "language_model": Way(
        *("rhyme", 8, "bits", 1.5, beginning),
        lambda found: "".join(run["label"] for run in found["logits"]["runs"]).endswith("buckl"),
    ),
    "regression": Way("sums", 20, "mse", 0.05, marked_numbers, lambda found: 0.3 < found["value"]["value"] < 1.1),
}


def test_there_is_a_way_for_every_task():
    assert sorted(WAYS) == list_tasks()


def commands(folder: Path, *lists: list) -> list[tuple[int, str, str]]:
    """Runs commands of `zoo` in one process, where the plug-in is installed; see `commands.py`."""
    file = folder / "commands.json"
    file.write_text(json.dumps([list(map(str, arguments)) for arguments in lists]), "utf-8")
    process = subprocess.run(
        [sys.executable, TESTS / "commands.py", file],
        capture_output=True,
        text=True,
        env=WITH_TINY,
        timeout=1200,
    )
    assert process.returncode == 0, process.stderr
    return [tuple(json.loads(line)) for line in process.stdout.splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize("task", WAYS)
def test_the_whole_way(task, dies, zoo, tmp_path):
    way, seed = WAYS[task], random.SystemRandom().randrange(10**6)
    print(f"the death drawn with seed {seed}")
    recipe, whole, killed, out = (tmp_path / name for name in ("recipe.yaml", "whole", "killed", "bundles"))
    recipe.write_text(RECIPE.format(**vars(way)), "utf-8")

    dies(recipe, killed, "training", random.Random(seed).randrange(STEPS + 1, STEPS * way.epochs), env=WITH_TINY)
    run, bundle = only_run(killed), out / f"{way.name}_tiny.tiny_{way.name}"
    assert list((run / "state").glob("*.state")), "it was to die behind its first save"
    assert not (run / "evaluation.json").exists()

    train = ("train", recipe, "--deterministic", "--out")
    undisturbed, resumed, exported, verified, card, evaluated, scored = commands(
        tmp_path,
        [*train, whole],
        [*train, killed, "--resume"],
        ["export", run, "--out", out],
        ["verify", bundle, "--json"],
        ["card", bundle, "--check"],
        ["evaluate", run, "--json"],
        ["evaluate", bundle, "--json"],
    )
    assert (undisturbed[0], resumed[0]) == (0, 0), undisturbed[2] + resumed[2]  # 3 where the goal is not reached
    assert "going on with" in resumed[2]
    assert bits(run) == bits(only_run(whole))

    evaluation = json.loads(evaluated[1])
    check_best_epoch(run, way.metric, evaluation)
    assert exported[0] in ((0, 3) if way.may_fail else (0,)), exported[2]
    check_bundle(bundle, task, way, evaluation)
    assert verified[0] == 0, verified[2]
    [gates] = json.loads(verified[1])
    assert all(gate["passed"] for found in gates["gates"].values() for gate in found)
    assert [gate["name"] for gate in gates["gates"]["card"]] == ["card"]
    assert card[0] == 0, card[2]
    check_scores(bundle, json.loads(scored[1])["artifacts"])
    check_answers(bundle, way, zoo, tmp_path)


def check_best_epoch(run: Path, metric: str, evaluation: dict) -> None:
    """The weights that are kept are those of the first of the best epochs, whichever way is better."""
    with (run / "metrics.csv").open(encoding="utf-8") as table:
        values = [float(line[f"validation_{metric}"]) for line in csv.DictReader(table)]
    best = max if metric in ("accuracy", "bleu4") else min
    assert evaluation["best_epoch"] == 1 + values.index(best(values))
    assert evaluation["validation"][metric] == best(values)
    assert evaluation["reached"]


def check_bundle(path: Path, task: str, way: Way, evaluation: dict) -> None:
    """Its card says of every usual target that it passed, or why not."""
    bundle = load_bundle(path)
    assert (bundle.manifest["task"], bundle.card["model"]["task"]) == (task, task)
    assert list(bundle.card["artifacts"]) == list(USUAL_TARGETS)
    for target, entry in bundle.card["artifacts"].items():
        if entry["status"] == "passed":
            assert target in bundle.targets
            assert entry["parity"]["agreement"] >= 0.95
        else:
            assert target in way.may_fail
            assert "found" in entry["reason"]
            assert "expected" in entry["reason"]
            assert entry["reason"] in (path / "README.md").read_text("utf-8")
    metric = Metric.of(bundle.card, way.metric)
    readme = (path / "README.md").read_text("utf-8")
    assert metric.text(evaluation["metrics"][way.metric]) in readme
    assert bundle.card["keras"]["metrics"][way.metric] == pytest.approx(evaluation["metrics"][way.metric], abs=1e-4)
    for name, metrics in evaluation["baselines"].items():
        assert bundle.card["baselines"][name] == pytest.approx(metrics, abs=1e-5)


def check_scores(path: Path, scores: dict) -> None:
    """`zoo evaluate` finds what the card says."""
    bundle = load_bundle(path)
    assert list(scores) == list(bundle.targets)
    for target, found in scores.items():
        assert found["metrics"] == pytest.approx(bundle.card["artifacts"][target]["metrics"], abs=1e-5)
        assert found["ci95"].keys() == bundle.card["artifacts"][target]["ci95"].keys()


def check_answers(path: Path, way: Way, zoo, folder: Path) -> None:
    """`zoo predict` where nothing is installed but what a device needs."""
    (folder / "bare").mkdir()
    (folder / "bare" / "sitecustomize.py").write_text(BARE, "utf-8")
    bare = with_plugins(folder / "bare")
    asked = way.ask(folder)
    for target in load_bundle(path).targets:
        if target != "saved_model":
            process = zoo("predict", path, asked, "--target", target, "--json", cwd=folder, env=bare)
            assert way.right(json.loads(process.stdout)["answers"]), process.stdout[:1000]
    assert "`tensorflow` is not installed" in zoo("evaluate", path, code=2, env=bare).stderr
