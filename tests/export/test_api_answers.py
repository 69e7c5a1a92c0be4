"""What a user says of a model's answers, how they are judged, and what is kept of files that answer otherwise."""

import json

import keras
import numpy as np
import pytest
from keras import Input, Model, layers

from zoo.bundle import load_bundle
from zoo.errors import GateError, InputError, InputWarning, UnknownNameError
from zoo.export import export_model
from zoo.runtime import load
from zoo.verify.verification import verify_bundle

pytestmark = pytest.mark.usefixtures("converter")
LABELS = ("cat", "dog", "eel")


def numbers(seed, width=1.0):
    return {"x": np.random.default_rng(seed).normal(0, width, (60, 6)).astype("float32")}


def kelvin() -> Model:
    keras.utils.set_random_seed(0)
    x = Input((6,), name="x")
    return Model(x, layers.Dense(1, name="kelvin", bias_initializer=keras.initializers.Constant(290.0))(x))


def chooser(activation: str | None) -> Model:
    keras.utils.set_random_seed(0)
    x = Input((6,), name="x")
    kernel = keras.initializers.RandomNormal(stddev=2.0)
    return Model(x, layers.Dense(3, activation, kernel_initializer=kernel, name="kind")(x))


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Calibrated on inputs near 0, so that int8 answers nothing but the offset."""
    return export_model(
        kelvin(),
        ["float32", "int8"],
        out=tmp_path_factory.mktemp("kept"),
        name="kelvin",
        calibration=numbers(0, 0.01),
        examples=numbers(1),
        keep_failed=True,
    )


def test_an_offset_does_not_hide_garbage(kept):
    """Every answer is within one percent of Keras's."""
    entry = kept.card["artifacts"]["int8"]
    assert entry["status"] == "failed"
    assert "agreement: found same answer on" in entry["reason"]
    answers = entry["parity"]["answers"]["kelvin"]
    assert answers["kind"] == "value"
    assert answers["error"] > 0.5
    assert entry["parity"]["max_abs"] < 0.02 * 290
    assert kept.card["artifacts"]["float32"]["parity"]["answers"]["kelvin"]["correlation"] == 1.0


def test_what_is_kept_says_so_wherever_it_is_met(kept, zoo):
    assert (kept.targets, tuple(kept.failed)) == (("float32",), ("int8",))
    assert kept.failed["int8"] == kept.card["artifacts"]["int8"]["reason"]
    readme = (kept.path / "README.md").read_text()
    assert "int8 (failed)" in readme
    assert "`int8` **failed its gates** and was kept" in readme
    assert load(kept).target == "float32"
    np.savez(kept.path.parent / "one.npz", x=numbers(2)["x"][0])
    said = zoo("predict", kept.path, kept.path.parent / "one.npz", "--target", "int8", "--json")
    assert "warning" in said.stderr
    assert "failed its gates and was kept on request: agreement: found" in said.stderr
    assert "failed its gates" in json.loads(said.stdout)["warnings"][0]
    with pytest.warns(InputWarning, match="failed its gates"):
        load(kept, "int8")(numbers(2)["x"][0])


def test_what_is_kept_is_verified_as_failed(kept):
    verified = verify_bundle(kept)
    assert {gate.name for gate in verified.gates["card"] if not gate.passed} == set()
    assert all(gate.passed for gate in verified.gates["float32"])
    assert kept.card["artifacts"]["int8"]["file"] == "int8.tflite"
    assert [gate.name for gate in verified.gates["int8"] if not gate.passed] == ["kept"]  # its examples are not here


def test_without_a_word_nothing_is_kept(tmp_path):
    arguments = {"out": tmp_path, "name": "kelvin", "calibration": numbers(0, 0.01), "examples": numbers(1)}
    with pytest.raises(GateError, match="left out of `kelvin`: int8: agreement: found"):
        export_model(kelvin(), "int8", **arguments)
    bundle = export_model(kelvin(), "int8", **arguments, keep_failed=True)
    assert bundle.targets == ()
    with pytest.raises(UnknownNameError, match="keeps `int8`, which failed its gates"):
        load(bundle)
    assert load(bundle, "int8").target == "int8"


@pytest.mark.parametrize("activation", [None, "softmax"])
def test_a_choice_is_named_and_its_probabilities_are_taken_once(activation, tmp_path):
    (tmp_path / "labels.txt").write_text("\n".join(LABELS) + "\n")
    model = chooser(activation)
    truth = np.asarray(model(numbers(1)["x"])).argmax(-1)
    truth[:6] = (truth[:6] + 1) % 3  # Keras is wrong on a tenth
    right = {"kind": truth} if activation else {"labels": np.array(LABELS)[truth]}
    bundle = export_model(
        model,
        ["float32", "int8"],
        out=tmp_path,
        name="chooser",
        calibration=numbers(0),
        examples=numbers(1) | right,
        labels=tmp_path / "labels.txt",
    )
    assert (bundle.task, bundle.labels) == ("classification", LABELS)
    kind = "logits" if activation is None else "probabilities"
    for target in bundle.targets:
        answers = bundle.card["artifacts"][target]["parity"]["answers"]["kind"]
        assert (answers["kind"], answers["keras_right"]) == (kind, 0.9)
        assert answers["right"] == pytest.approx(0.9, abs=0.05)
    assert "was right on" in (bundle.path / "README.md").read_text()
    assert bundle.targets == ("float32", "int8")
    example = numbers(2)["x"][:1]
    outputs = np.asarray(model(example), np.float64)
    wanted = outputs if activation else np.exp(outputs) / np.exp(outputs).sum()
    answer = load(bundle)(example)
    np.testing.assert_allclose(answer.probabilities, wanted[0], atol=1e-6)
    assert answer.label == LABELS[int(wanted.argmax())]
    again = export_model(bundle.path, "float32", out=tmp_path / "again")
    assert again.labels == LABELS
    assert again.manifest["answers"]["kind"]["of"] == kind


def test_one_sigmoid_has_the_labels_of_no_and_yes(tmp_path):
    x = Input((6,), name="x")
    model = Model(x, layers.Dense(1, activation="sigmoid", name="y")(x))
    bundle = export_model(model, "float32", out=tmp_path, name="is_dog", labels=["cat", "dog"])
    assert bundle.manifest["answers"]["y"]["of"] == "yes_no"
    example = numbers(2)["x"][:1, :6]
    yes = float(np.asarray(model(example))[0, 0])
    answer = load(bundle)(example)
    assert answer.label == ("dog" if yes > 0.5 else "cat")
    np.testing.assert_allclose(answer.probabilities, [1 - yes, yes], atol=1e-6)
    with pytest.raises(InputError, match="3 labels fit no output that chooses a class"):
        export_model(model, "float32", out=tmp_path, name="is_dog", labels=["cat", "dog", "emu"])


def test_a_task_that_is_said(tmp_path):
    """Regression: the softmax is a value like any other; classification: numbers are logits."""
    value, choice = {"kind": "values"}, {"kind": "classes", "of": "logits", "labels": None}
    for task, activation, expected in (("regression", "softmax", value), ("classification", None, choice)):
        bundle = export_model(chooser(activation), "float32", out=tmp_path, name="said", task=task)
        assert bundle.manifest["answers"]["kind"] == expected
        assert load_bundle(bundle.path).task == task
        assert bundle.labels is None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"task": "guessing"}, "expected `classification` or `regression`"),
        ({"labels": ["a", "a"]}, "the label `a` stands twice, as 1 and 2"),
        ({"labels": ["a"]}, "found 1 labels, expected two or more"),
        ({"labels": ["a", " ", "c"]}, "label 2 is ' '"),
        ({"labels": ["a", "b"]}, r"2 labels fit no output that chooses a class: found `kind` \(None, 3\)"),
        ({"labels": "no_such_file.txt"}, "no file of labels"),
        ({"labels": ["a", "b", "c"], "task": "regression"}, "labels name the classes of a choice"),
        (
            {"labels": LABELS, "examples": {**numbers(1), "kind": np.array(["dog", "emu"] * 30)}},
            "holds the class `emu`, which is none of the labels",
        ),
        (
            {"task": "classification", "examples": {**numbers(1), "kind": np.arange(60)}},
            "holds classes from 0 to 59: expected 0 to 2",
        ),
        (
            {"task": "classification", "examples": {**numbers(1), "labels": np.zeros(60)}},
            r"`labels` is float64 of shape \(60,\): expected the right class of each example",
        ),
        ({"examples": {**numbers(1), "kind": np.zeros(60, int)}}, "names an unknown input: `kind`"),
    ],
)
def test_what_cannot_be_said(options, words, tmp_path):
    with pytest.raises(InputError, match=words):
        export_model(chooser(None), "float32", out=tmp_path, name="chooser", **options)


def test_a_task_without_classes(tmp_path):
    with pytest.raises(InputError, match="no output has a number for each of several classes"):
        export_model(kelvin(), "float32", out=tmp_path, name="kelvin", task="classification")
    with pytest.raises(InputError, match="a model of the zoo, whose outputs are known"):
        export_model("resnet_tiny", "float32", out=tmp_path, labels=list("0123456789"))
