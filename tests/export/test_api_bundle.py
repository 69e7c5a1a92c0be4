"""What `export_model` writes: the whole bundle or nothing, with everything that its user needs to know in it."""

import copy
import json
import shutil
import zipfile

import keras
import numpy as np
import pytest
from keras import Input, Model, layers
from user_models import LOWERED, sequential, sequential_lstm, stateful

from zoo.bundle import load_bundle
from zoo.errors import DataError, GateError, InputError
from zoo.export import export_model
from zoo.families import load_model
from zoo.registry import get_spec
from zoo.runtime import load
from zoo.training import load_recipe, train

pytestmark = pytest.mark.usefixtures("converter")


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(7)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A real training of one epoch."""
    recipe = load_recipe("resnet_tiny.digits", {"epochs": 1, "warmup_epochs": 0, "reach": {"accuracy": 0.0}})
    return train(recipe, out=tmp_path_factory.mktemp("runs"))


def overflowing() -> Model:
    """Its weights are beyond the largest float16."""
    x = Input((3,), name="x")
    return Model(x, layers.Dense(2, kernel_initializer=keras.initializers.Constant(1e6), name="y")(x))


def pictures(seed: int) -> dict[str, np.ndarray]:
    return {"picture": np.random.default_rng(seed).normal(size=(40, 8, 8, 1))}


def test_the_users_model_is_not_changed(tmp_path):
    model = stateful()
    model(np.ones((1, 6, 3), "float32"))  # leaves a state behind
    config = copy.deepcopy(model.get_config())
    variables = [np.array(variable) for variable in model.variables]
    policies = [layer.dtype_policy for layer in model._flatten_layers()]
    export_model(model, "float32", out=tmp_path, name="model")
    assert model.get_config() == config
    assert [layer.dtype_policy for layer in model._flatten_layers()] == policies
    assert model.layers[1].stateful
    for variable, before in zip(model.variables, variables, strict=True):
        np.testing.assert_array_equal(variable, before)


def test_a_users_bundle_says_whose_it_is(tmp_path):
    bundle = export_model(LOWERED["two inputs, two outputs"](), "float32", out=tmp_path, name="Two-in, two out")
    manifest = bundle.manifest
    assert bundle.path == tmp_path / "two_in_two_out"
    assert (bundle.family, bundle.task, bundle.labels, manifest["model"], manifest["tag"]) == (None,) * 5
    assert manifest["source"] == "source.keras"
    assert {name: facts["shape"] for name, facts in bundle.parts["predict"]["inputs"].items()} == {
        "beat": [1, 6, 3],
        "rhythm": [1, 2],
    }
    assert {name: facts["shape"] for name, facts in bundle.parts["predict"]["outputs"].items()} == {
        "kind": [1, 3],
        "risk": [1, 1],
    }
    assert {path.name for path in bundle.path.iterdir()} == {
        "manifest.json",
        "card.json",
        "README.md",
        "source.keras",
        "float32.tflite",
    }
    assert bundle.card["keras"] is None
    assert "not measured" in (bundle.path / "README.md").read_text()
    assert zipfile.is_zipfile(bundle.file("source.keras"))


def test_the_card_says_on_what_it_was_compared(tmp_path):
    random = export_model(sequential(), "float32", out=tmp_path, name="random").card
    np.savez(tmp_path / "given.npz", picture=np.random.default_rng(0).normal(size=(20, 8, 8, 1)))
    given = export_model(sequential(), "float32", out=tmp_path, name="given", examples=tmp_path / "given.npz").card
    assert random["artifacts"]["float32"]["parity"]["source"] == "random inputs"
    parity = given["artifacts"]["float32"]["parity"]
    assert (parity["source"], parity["examples"], parity["agreement"]) == ("examples", 20, 1.0)
    assert "agreement_by_class" not in parity
    (answers,) = parity["answers"].values()
    assert (answers["kind"], answers["agreement"], answers["an_example"]) == ("value", 1.0, 1)
    assert answers["error"] < 1e-5
    assert answers["correlation"] == 1.0


def test_a_target_that_fails_is_left_out_and_says_why(tmp_path):
    bundle = export_model(overflowing(), ["float32", "float16"], out=tmp_path, name="large")
    assert bundle.targets == ("float32",)
    assert not (bundle.path / "float16.tflite").exists()
    entry = bundle.card["artifacts"]["float16"]
    assert (entry["status"], entry["file"]) == ("disabled", None)
    assert "parity" in entry["reason"]
    assert entry["reason"] in (bundle.path / "README.md").read_text()


@pytest.mark.slow
def test_a_file_that_ends_its_process_is_passed_over(tmp_path):
    """The variance of a single feature is zeros alone: the first int8 file of it aborts when it is run."""
    x = Input((6, 1), name="x")
    variance = keras.ops.var(x, axis=2, keepdims=True)
    model = Model(x, layers.Dense(2, name="y")(layers.Flatten()(variance)))
    signals = {"x": np.random.default_rng(0).normal(size=(40, 6, 1))}
    bundle = export_model(model, ["float32", "int8"], out=tmp_path, name="constant", calibration=signals)
    assert bundle.targets == ("float32", "int8")
    answer = load(bundle, target="int8")(signals["x"][0]).outputs["y"]
    np.testing.assert_allclose(answer, model.predict(signals["x"][:1], verbose=0), atol=0.01)


def test_if_every_target_fails_nothing_is_written(tmp_path):
    with pytest.raises(GateError, match=r"left out of `large`.*float16: .*parity.* no bundle was written") as caught:
        export_model(overflowing(), "float16", out=tmp_path, name="large")
    assert caught.value.exit_code == 3
    assert not list(tmp_path.iterdir())


def test_an_older_bundle_stays_until_the_new_one_is_whole(tmp_path):
    first = export_model(sequential(), "float32", out=tmp_path, name="model")
    before = first.file("float32.tflite").read_bytes()
    with pytest.raises(GateError):
        export_model(overflowing(), "float16", out=tmp_path, name="model")
    assert load_bundle(first.path).file("float32.tflite").read_bytes() == before
    second = export_model(sequential_lstm(), "float16", out=tmp_path, name="model")
    assert second.targets == ("float16",)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_users_bundle_is_exported_again(tmp_path):
    model = sequential_lstm()
    first = export_model(model, "float32", out=tmp_path, name="model")
    again = export_model(first.path, "dynamic_int8", out=tmp_path)
    assert (again.path, again.targets) == (first.path, ("dynamic_int8",))
    assert again.family is None


def test_a_model_by_name_is_exported_untrained(tmp_path):
    bundle = export_model("resnet_tiny", ["float32", "int8"], out=tmp_path, calibration="digits")
    spec, image = get_spec("resnet_tiny"), bundle.parts["predict"]["inputs"]["image"]
    assert (bundle.name, bundle.family, bundle.task, bundle.labels) == ("resnet_tiny", "resnet", "classification", None)
    assert bundle.manifest["build"] == spec.arguments
    assert (image["kind"], image["shape"], image["fit"]["mode"]) == ("image", [1, 8, 8, 1], "squash")
    stored = bundle.manifest["artifacts"]["int8"]["quantization"]["predict"]
    assert (stored["image"]["dtype"], stored["logits"]["dtype"]) == ("uint8", "int8")
    assert (stored["image"]["scale"], stored["image"]["zero_point"]) == pytest.approx((1.0, 0), abs=1e-6)
    calibration = bundle.card["artifacts"]["int8"]["calibration"]
    assert calibration == {"source": "digits train", "examples": 300, "of": 1400, "seed": 0}
    image = np.random.default_rng(0).uniform(0, 255, (1, 8, 8, 1)).astype("float32")
    expected = load_model(bundle.path)({"image": image})["logits"]
    np.testing.assert_allclose(load(bundle)(image).outputs["logits"], expected, rtol=1e-5, atol=1e-4)


def test_a_run_becomes_a_bundle_with_all_that_is_known_of_it(run, tmp_path):
    bundle = export_model(run.path, ["saved_model", "float32", "int8"], out=tmp_path)
    assert bundle.name == "resnet_tiny.digits"
    assert (bundle.manifest["model"], bundle.manifest["tag"]) == ("resnet_tiny", "digits")
    assert bundle.labels == tuple("0123456789")
    assert bundle.manifest["answers"]["logits"]["of"] == "logits"
    assert bundle.file("recipe.yaml").read_bytes() == (run.path / "recipe.yaml").read_bytes()
    assert bundle.card["training"]["seed"] == run.recipe.seed
    assert bundle.card["artifacts"]["float32"]["metrics"]["accuracy"] > 0
    assert bundle.card["artifacts"]["int8"]["calibration"]["source"] == "digits train"
    for one, other in zip(load_model(bundle.path).get_weights(), run.model().get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    again = export_model(bundle.path, "float16", out=tmp_path / "again")
    assert again.card["training"] == bundle.card["training"]
    with pytest.raises(InputError, match="test split of `digits`, found `examples`"):
        export_model(run.path, "float32", out=tmp_path, examples={"image": np.zeros((3, 8, 8, 1))})


def test_a_run_that_has_not_ended_is_refused(run, tmp_path):
    shutil.copytree(run.path, tmp_path / "run")
    (tmp_path / "run" / "model.weights.h5").unlink()
    with pytest.raises(InputError, match="has not ended"):
        export_model(tmp_path / "run", "float32", out=tmp_path / "out")


def test_a_data_set_that_is_not_prepared_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    picture = Input((32, 32, 3), name="image")
    model = Model(picture, layers.GlobalAveragePooling2D(name="y")(picture))
    with pytest.raises(DataError, match="not prepared: `cifar10`") as caught:
        export_model(model, "int8", out=tmp_path / "out", name="model", calibration="cifar10")
    assert "zoo data prepare cifar10" in caught.value.hint
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("form", ["unrolled", "blocked"])
def test_a_batch_is_as_many_rows_as_asked_for(form, tmp_path):
    bundle = export_model(sequential_lstm(), "float32", out=tmp_path, name="model", batch_size=3, form=form)
    assert bundle.parts["predict"]["inputs"]["signal"]["shape"] == [3, 6, 3]
    assert bundle.parts["predict"]["outputs"]["y"]["shape"] == [3, 2]


@pytest.mark.parametrize("form", ["unrolled", "blocked"])
def test_the_form_is_the_one_that_was_asked_for(form, tmp_path):
    bundle = export_model(sequential_lstm(), "float32", out=tmp_path, name="model", form=form)
    entry = bundle.card["artifacts"]["float32"]
    assert set(entry["forms"].values()) == {form}
    assert ("WHILE" in entry["operators"]) == (form == "blocked")


@pytest.mark.parametrize("targets", [["float32", "int8"], ["int8"]])
def test_int8_is_not_larger_than_float32(targets, tmp_path):
    """Unrolled, the scales of every step take more than a small recurrence's weights save."""
    model = keras.Sequential([Input((30, 4), name="x"), layers.SimpleRNN(8), layers.Dense(1)])
    given = np.random.default_rng(0).normal(size=(48, 30, 4)).astype("float32")
    alone = export_model(model, "float32", out=tmp_path / "alone", name="model").card["artifacts"]["float32"]
    cards = export_model(model, targets, out=tmp_path / "out", name="model", calibration=given).card["artifacts"]
    assert (set(alone["forms"].values()), set(cards["int8"]["forms"].values())) == ({"unrolled"}, {"blocked"})
    assert cards["int8"]["bytes"] < alone["bytes"]


@pytest.mark.parametrize("ends", ["int8", "uint8"])
def test_the_ends_of_int8_are_those_asked_for(ends, tmp_path):
    bundle = export_model(
        sequential(), "int8", out=tmp_path, name="model", calibration=pictures(0), examples=pictures(1), int8_io=ends
    )
    stored = bundle.manifest["artifacts"]["int8"]["quantization"]["predict"]
    assert {facts["dtype"] for facts in stored.values()} == {ends}


def test_int16_activations_for_a_feed_forward_model(tmp_path):
    bundle = export_model(sequential(), "int16x8", out=tmp_path, name="model", calibration=pictures(0))
    stored = bundle.manifest["artifacts"]["int16x8"]["quantization"]["predict"]
    assert {facts["dtype"] for facts in stored.values()} == {"int16"}


def test_progress_names_the_stage(tmp_path):
    stages = []
    export_model(
        sequential(),
        "float32",
        out=tmp_path,
        name="model",
        report=lambda stage, done, total: stages.append((stage, done, total)),
    )
    assert stages[0] == ("convert", 0, 1)
    assert all(0 <= done <= total for _, done, total in stages)
    assert json.dumps(stages).count("float32") > 0
