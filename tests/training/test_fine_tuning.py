"""`init` and `freeze`: where weights come from, what stays bit for bit, and what is computed only once."""

import fnmatch
import logging
import re

import keras
import numpy as np
import pytest
from plugin_files import write_plugin
from run_files import bits, only_run
from tiny_plugin import bundle_of_weights, tiny_models

from zoo.data import get_data
from zoo.errors import RecipeError
from zoo.export import export_model
from zoo.families import create_model, load_model
from zoo.training import load_recipe, load_run, train
from zoo.training.fine_tuning import features
from zoo.training.fine_tuning.front import EachStep, cut_behind_front

TUNED = """
model: resnet_tiny
data: {data}
tag: three
init: resnet_tiny.digits
freeze: [body]
seed: 3
epochs: 3
batch_size: 32
optimizer: adam
learning_rate: 0.02
schedule: cosine
checkpoint_minutes: 0.0005
validation: 60
reach: {{accuracy: 0.8}}
"""


HEAD = "logits"


@pytest.fixture(scope="module")
def recipe_file(tmp_path_factory):
    """A new head for three of the ten digits, on the frozen body of the shipped weights."""
    folder, arrays = tmp_path_factory.mktemp("tuned"), {}
    for split in ("train", "test"):
        examples = get_data("digits").load(split)
        chosen = examples.targets["logits"] < 3
        arrays |= {f"x_{split}": examples.inputs["image"][chosen], f"y_{split}": examples.targets["logits"][chosen]}
    np.savez(folder / "digits.npz", **arrays)
    (folder / "tuned.yaml").write_text(TUNED.format(data=folder / "digits.npz"), "utf-8")
    return folder / "tuned.yaml"


@pytest.fixture(scope="module")
def tuned(recipe_file, zoo, tmp_path_factory):
    """The run of one go, and what the command said."""
    out = tmp_path_factory.mktemp("whole")
    process = zoo("train", recipe_file, "--deterministic", "--out", out)
    return load_run(only_run(out)), process.stderr


def assert_body_stayed(run):
    """Bit for bit what the shipped weights are, moving means included."""
    before, after = load_model("resnet_tiny.digits"), run.model()
    for layer in before.layers:
        if layer.name != HEAD:
            for ours, theirs in zip(layer.get_weights(), after.get_layer(layer.name).get_weights(), strict=True):
                np.testing.assert_array_equal(ours, theirs)


def test_a_new_head_is_trained_on_kept_features(tuned):
    run, said = tuned
    assert "`resnet_tiny.three` begins with the weights of `resnet_tiny.digits`; fresh: the head, `logits`\n" in said
    body, head = 28, 28 * 3 + 3  # features, and the parameters that read them
    assert re.search(rf"`resnet_tiny.three` trains {head} of [\d,]+ parameters\n", said)
    examples = run.evaluation["data"]["splits"]["train"] + run.evaluation["data"]["splits"]["validation"]
    bytes_ = examples * body * 4
    assert f"run once over {examples} examples: {bytes_:,} bytes of features are kept in memory\n" in said
    assert run.evaluation["reached"]
    assert not (run.path / features.FOLDER).exists()
    assert_body_stayed(run)


def test_a_killed_run_goes_on_bit_for_bit(tuned, recipe_file, dies, zoo, tmp_path):
    dies(recipe_file, tmp_path, "training", 9)
    run = only_run(tmp_path)
    assert list((run / "state").glob("*.state"))
    (run / features.FOLDER).mkdir()  # as a process leaves it that is killed while it keeps features on disk
    (run / features.FOLDER / "train.front.0.npy").write_bytes(b"torn")
    assert "going on with" in zoo("train", recipe_file, "--resume", "--deterministic", "--out", tmp_path).stderr
    assert bits(run) == bits(tuned[0].path)
    assert not (run / features.FOLDER).exists()


@pytest.mark.slow
def test_a_tuned_run_is_a_run_like_any(tuned, tmp_path, converter):
    bundle = export_model(tuned[0].path, "float32", out=tmp_path)
    assert bundle.card["artifacts"]["float32"]["status"] == "passed"
    assert bundle.labels == ("0", "1", "2")
    inputs = {"image": np.zeros((1, 8, 8, 1), np.float32)}
    np.testing.assert_array_equal(load_model(bundle.path)(inputs)[HEAD], tuned[0].model()(inputs)[HEAD])


def test_augmentation_runs_the_front_at_each_step(recipe_file, tmp_path, caplog):
    caplog.set_level(logging.INFO, "zoo")
    run = train(load_recipe(recipe_file, {"augment": ["crop"]}), tmp_path)
    assert "the frozen front is run at each step: `augment` changes what it reads" in caplog.text
    assert run.evaluation["reached"]
    assert_body_stayed(run)


def test_a_run_is_a_beginning_too(tuned, recipe_file, tmp_path, caplog):
    """Of the same classes: its head is taken over."""
    caplog.set_level(logging.INFO, "zoo")
    changes = {"init": str(tuned[0].path), "epochs": 1, "learning_rate": 1e-12, "freeze": ["stem*", "stage1*"]}
    run = train(load_recipe(recipe_file, changes), tmp_path)
    assert f"begins with the weights of `{tuned[0].path}`\n" in caplog.text
    assert load_run(run.path).recipe.init == str(tuned[0].path.resolve())
    for before, after in zip(tuned[0].model().trainable_weights, run.model().trainable_weights, strict=True):
        np.testing.assert_allclose(before, after, atol=1e-6)


def test_features_without_room_are_kept_in_files(recipe_file, tmp_path, caplog, monkeypatch):
    caplog.set_level(logging.INFO, "zoo")
    monkeypatch.setattr(features, "ROOM", 3000)  # that is enough for neither split
    seen = set()

    def report(stage, done, total):
        if stage == "training":
            seen.update(path.name for path in tmp_path.glob(f"*/*/{features.FOLDER}/*"))

    run = train(load_recipe(recipe_file), tmp_path, report=report)
    assert len(seen) == 2
    assert f"bytes of features are kept in `{run.path / features.FOLDER}`" in caplog.text
    assert not (run.path / features.FOLDER).exists()
    assert run.evaluation["reached"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"freeze": ["conv*"]},
            "`freeze` has `conv*`, which matches no layer of `resnet_tiny`; the nearest are `stem_",
        ),
        ({"freeze": ["bodi"]}, "the nearest are `body`"),
        ({"freeze": ["*"]}, "`freeze` leaves no layer of `resnet_tiny` to be trained"),
        ({"init": "resnet_tiny.digit"}, "impossible value of `init`: `resnet_tiny.digit` is not a pretrained tag"),
        ({"init": "resnet8.cifar10"}, "found `resnet8.cifar10`, which is a `resnet8`, expected weights of a `resnet_t"),
        ({"init": "resnet20"}, "impossible value of `init`: `resnet20` names a model that has no pretrained weights"),
        ({"init": "."}, "is neither a bundle nor a run"),
    ],
)
def test_what_cannot_be_is_named(recipe_file, changes, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RecipeError, match=re.escape(words)):
        train(load_recipe(recipe_file, changes), tmp_path / "runs")
    assert not list(tmp_path.glob("runs/*/*")), "what cannot be trained leaves no run"


def test_a_body_of_another_shape_is_named(small_recipe, tmp_path, monkeypatch):
    """The weights of a stack that reads rows of eight pixels, for pictures whose rows have 24 values."""
    random = np.random.default_rng(0)
    np.savez(
        tmp_path / "wide.npz", x=random.integers(0, 255, (60, 8, 24, 1), np.uint8), y=np.arange(60, dtype=np.int32) % 3
    )
    changes = {"model": "stacked_rnn_tiny", "data": str(tmp_path / "wide.npz"), "validation": 10, "augment": []}
    recipe = load_recipe(small_recipe, changes | {"init": "stacked_rnn_tiny.digits", "batch_size": 4})
    with pytest.raises(RecipeError, match=r"`init`: .* its layer `gru1` .* depend on `input_shape` or `num_classes`"):
        train(recipe, tmp_path / "runs")


@pytest.mark.parametrize(
    ("name", "frozen"),
    [
        ("resnet_tiny", "stem*"),
        ("ecg_cnn_tiny", "stage*"),
        ("stacked_rnn_tiny", "gru1"),
        ("bars_tiny", "see"),
        ("moves_tiny", "gru"),
        ("speech_tiny", "conv"),
    ],
)
def test_a_model_in_two_answers_as_the_whole(name, frozen):
    """With a second output that the front alone gives, states, several inputs, and dropout on both sides of the cut."""
    with tiny_models():
        model = create_model(name)
    for layer in model.layers:
        layer.trainable = not fnmatch.fnmatch(layer.name, frozen)
    cut = cut_behind_front(model)
    random = np.random.default_rng(0)
    inputs = {
        tensor.name: keras.ops.convert_to_tensor(random.integers(1, 4, (3, *tensor.shape[1:])), tensor.dtype)
        for tensor in model.inputs
    }
    expected, found = model(inputs, training=False), EachStep(cut)(inputs)
    assert found.keys() == expected.keys()
    for key in expected:
        np.testing.assert_allclose(found[key], expected[key], rtol=1e-5, atol=1e-5)
    held = {layer.name for layer in cut.front.layers}
    assert {layer.name for layer in model.layers if layer.weights and not layer.trainable} <= held


def test_dropout_before_the_head_stays():
    model = create_model("ecg_cnn_tiny")
    for layer in model.layers:
        layer.trainable = not layer.name.startswith("stage")
    cut = cut_behind_front(model)
    assert "stage1_dropout" in {layer.name for layer in cut.front.layers}
    assert "dropout" in {layer.name for layer in cut.rest.layers}
    assert list(cut.front.input) == ["ecg", "rr"]


def test_nothing_is_kept_where_a_mask_goes_beside_it_or_nothing_frozen_comes_first():
    tokens = keras.Input((5,), dtype="int32", name="tokens")
    words = keras.layers.Embedding(7, 4, mask_zero=True, name="embed")(tokens)
    model = keras.Model({"tokens": tokens}, {"logits": keras.layers.Dense(2)(keras.layers.GRU(3, name="gru")(words))})
    model.get_layer("embed").trainable = False
    assert cut_behind_front(model) is None
    model.get_layer("embed").trainable = True
    model.get_layer("gru").trainable = False
    assert cut_behind_front(model) is None


COUNTING = """
import keras

@keras.saving.register_keras_serializable("counting")
class Counting(keras.layers.Layer):
    def build(self, shape):
        self.count = self.add_weight(shape=(), initializer="zeros", trainable=False, name="count")

    def call(self, x):
        self.count.assign_add(keras.ops.cast(keras.ops.shape(x)[0], "float32"))
        return x

def build(*, input_shape, num_classes):
    image = keras.Input(input_shape, name="image")
    x = keras.layers.Dense(8, name="first")(keras.layers.Flatten(name="flat")(Counting(name="counting")(image)))
    return keras.Model({"image": image}, {"logits": keras.layers.Dense(num_classes, name="logits")(x)})
"""


@pytest.mark.parametrize("augment", [[], ["crop"]])
def test_the_front_sees_each_example_once(augment, small_recipe, tmp_path):
    """By a layer that counts them; without augmentation alone."""
    toml = (
        "task = 'classification'\nsummary = 'A line'\npaper = 'none'\n[counting_tiny]\ninput_shape = [8, 8, 1]\n"
        "num_classes = 10\n"
    )
    write_plugin(tmp_path, f"counts{len(augment)}", "counting", toml, COUNTING)
    with tiny_models(tmp_path):
        changes = {"model": "counting_tiny", "freeze": ["body"], "augment": augment, "monitor": "loss"}
        recipe = load_recipe(small_recipe, changes | {"reach": {"accuracy": 0.0}})
        run = train(recipe, tmp_path / "runs")
        count = run.model().get_layer("counting").count.numpy()
    splits = run.evaluation["data"]["splits"]
    looked_at = 2  # of which a loss is asked what it reads
    once = splits["train"] + splits["validation"] + looked_at
    assert count == once if not augment else count > splits["train"] + splits["validation"] + looked_at


def test_of_what_examples_share_features_are_made_once(small_recipe, tmp_path):
    """Two captions of a picture: the picture's features are kept as often as there are pictures."""
    pictures = set()

    def report(stage, done, total):
        if stage == "frozen front: train":
            pictures.add(total)

    with tiny_models():
        bundle, _ = bundle_of_weights(tmp_path, "bars_tiny.drawn")
        changes = {"model": "bars_tiny", "data": "tiny_bars", "init": str(bundle.path), "freeze": ["see"]}
        recipe = load_recipe(
            small_recipe,
            changes
            | {
                "validation": 80,
                "reach": {"bleu4": 0.0},
                "augment": [],
                "epochs": 1,
                "warmup_epochs": 0,
                "monitor": "loss",
            },
        )
        train(recipe, tmp_path / "runs", report=report)
    assert pictures == {240}
