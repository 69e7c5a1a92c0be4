"""`zoo train` and `zoo evaluate` by the real command: what a run holds, and every way that a training ends."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from run_files import only_run
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from zoo.data import get_data, hold_out
from zoo.errors import InputError, RecipeError
from zoo.training import load_recipe, load_run, train

ROOT = Path(__file__).parents[2]
QUICK = ("--set", "epochs=1", "--set", "warmup_epochs=0")


def test_a_run_holds_what_it_should(undisturbed):
    run, process = undisturbed
    assert {path.name for path in run.path.iterdir()} == {
        ".lock",
        "recipe.yaml",
        "environment.json",
        "state",
        "best.weights.h5",
        "metrics.csv",
        "tensorboard",
        "model.weights.h5",
        "evaluation.json",
    }
    assert re.fullmatch(r"\d{8}-\d{6}", run.path.name)
    assert run.path.parent.name == run.full_name == "resnet_tiny.digits"
    assert len(list((run.path / "state").iterdir())) == 2
    assert f"`zoo export {run.path} --out saved_models`" in process.stdout
    assert re.fullmatch(r"(epoch \d of 3: loss [\d.]+, validation loss [\d.]+, accuracy [\d.]+ %\n){3}", process.stderr)
    assert run.environment["deterministic"]
    assert run.training["epochs"] == 3
    assert run.training["seconds"] >= 0
    assert len(run.training["recipe_sha256"]) == 64


def test_the_evaluation_is_that_of_the_weights(undisturbed):
    """Recomputed with Keras's own `predict`, and validation is cut out of train alone."""
    run, process = undisturbed
    data, evaluation = get_data("digits"), run.evaluation
    train, validation = hold_out(data.load("train"), 200)
    assert evaluation["data"]["splits"] == {"train": len(train), "validation": len(validation), "test": 397}
    for examples, found in ((data.load("test"), "metrics"), (validation, "validation")):
        logits = run.model().predict({"image": examples.inputs["image"].astype(np.float32)}, verbose=0)["logits"]
        assert evaluation[found]["accuracy"] == pytest.approx(np.mean(logits.argmax(-1) == examples.targets["logits"]))
    low, high = evaluation["ci95"]["accuracy"]
    assert low < evaluation["metrics"]["accuracy"] < high
    assert evaluation["baselines"]["majority"]["accuracy"] < 0.2
    assert evaluation["reached"]
    assert f"{100 * evaluation['metrics']['accuracy']:.2f} %" in process.stdout


def test_the_logs_agree(undisturbed):
    run, _ = undisturbed
    board = EventAccumulator(str(run.path / "tensorboard"), size_guidance={"tensors": 0})
    board.Reload()
    assert [line["epoch"] for line in run.epochs] == [1, 2, 3]
    for name in ("loss", "validation_accuracy", "learning_rate", "gradient_norm"):
        values = [float(tf.make_ndarray(event.tensor_proto)) for event in board.Tensors(name)]
        assert values == pytest.approx([line[name] for line in run.epochs], rel=1e-6)
    assert run.epochs[-1]["learning_rate"] < run.epochs[1]["learning_rate"]
    best = max(run.epochs, key=lambda line: line["validation_accuracy"])
    assert run.evaluation["best_epoch"] == best["epoch"]


def test_a_run_is_evaluated_once(undisturbed, zoo):
    run, trained = undisturbed
    path = run.path / "evaluation.json"
    before, when = path.read_bytes(), path.stat().st_mtime_ns
    shown = zoo("evaluate", run.path).stdout
    assert shown in trained.stdout
    assert path.stat().st_mtime_ns == when
    path.unlink()
    zoo("evaluate", run.path)
    assert path.read_bytes() == before


def test_below_its_goal_it_exits_3(small_recipe, tmp_path, zoo):
    command = [sys.executable, ROOT / "recipes" / "train.py", small_recipe, *QUICK, "--set", "reach={accuracy: 1.0}"]
    process = subprocess.run([*command, "--out", tmp_path], capture_output=True, text=True, timeout=600)
    assert process.returncode == 3
    assert re.search(
        r"does not reach its goal on the test split: accuracy is [\d.]+ %, expected 100.00 % or more", process.stderr
    )
    run = load_run(only_run(tmp_path))
    assert not run.evaluation["reached"]
    assert "does not reach its goal" in zoo("evaluate", run.path, code=3).stderr


def test_a_loss_that_is_no_number_stops_it(small_recipe, tmp_path):
    recipe = load_recipe(small_recipe, {"learning_rate": 1e30})
    words = r"broke down at step \d+ \(epoch 1 of 3\): loss .*gradient.*, learning rate .*e\+\d+\nhint: try a smaller"
    with pytest.raises(RecipeError, match=words):
        train(recipe, tmp_path)
    with pytest.raises(InputError, match="has not ended"):
        load_run(only_run(tmp_path)).model()


def test_patience_ends_it(small_recipe, tmp_path):
    changes = {"epochs": 9, "patience": 2, "learning_rate": 1e-12, "monitor": "accuracy"}
    evaluation = train(load_recipe(small_recipe, changes), tmp_path).evaluation
    assert evaluation["epochs"] == evaluation["best_epoch"] + 2 < 9


def test_a_signal_is_heeded(small_recipe, tmp_path):
    command = [Path(sys.executable).with_name("zoo"), "train", small_recipe, "--set", "epochs=5000", "--out", tmp_path]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while not list(tmp_path.glob("*/*/state/*.state")):
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(timeout=0.2)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 128 + signal.SIGTERM
    step = re.search(r"SIGTERM stopped the training after step (\d+) ", errors).group(1)
    newest = max(tmp_path.glob("*/*/state/*.state"))
    assert int(newest.stem) == int(step)
    assert "`--resume` goes on" in errors


@pytest.mark.slow
def test_a_signal_is_heeded_in_evaluation_too(small_recipe, tmp_path, dies):
    errors = dies(small_recipe, tmp_path, "evaluating", 1, "SIGINT", code=1)
    assert "StoppedError: SIGINT stopped the evaluation" in errors
    assert (only_run(tmp_path) / "model.weights.h5").exists()


def test_a_data_set_that_is_not_there_is_named(tmp_path, zoo):
    process = zoo("train", "resnet8.cifar10", "--out", tmp_path, env={"TFDS_DATA_DIR": str(tmp_path)}, code=2)
    assert "`zoo data prepare cifar10`" in process.stderr
    assert not list(tmp_path.glob("resnet8.cifar10/*/recipe.yaml"))
