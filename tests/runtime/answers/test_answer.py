"""An answer prints well, is one line for pipes, and becomes JSON."""

import json

import make
import numpy as np
import pytest

from zoo.runtime.answers import Answer, make_answers
from zoo.runtime.answers.classes import softmax

LABELS = ["cat", "dog", "sunflower", "boat", "car", "bird"]
SHARES = np.array([[0.05, 0.5, 0.25, 0.125, 0.0625, 0.0125]], np.float32)
VALUES = {"low": np.array([[0.5, -1.0]]), "high": np.arange(12.0).reshape(1, 12) / 3}


def answer(outputs, entries, source="a.png", bundle="resnet8.x", target="int8"):
    return Answer(source, bundle, target, outputs, make_answers(entries, outputs, {}))


CLASSES = answer({"logits": np.log(SHARES)}, {"logits": make.classes(LABELS)})
NUMBERS = answer(VALUES, {}, "a.csv", "own", "float32")
HEADS = answer(
    {"colour": np.log(SHARES[:, 1:4]), "is_old": np.array([[0.25]], np.float32), "age": np.array([[31.25]]), **VALUES},
    {
        "colour": make.classes(["red", "green", "blue"]),
        "is_old": make.classes(["new", "old"], of="yes_no"),
        "age": {"kind": "values", "unit": "years"},
    },
)


def test_classes_print_the_best_five():
    assert str(CLASSES).splitlines() == [
        "a.png  (resnet8.x, int8)",
        "  dog         50.0%  ████████████",
        "  sunflower   25.0%  ██████",
        "  boat        12.5%  ███",
        "  car          6.2%  ██",
        "  cat          5.0%  █",
    ]
    assert CLASSES.line() == "a.png: dog 50.0%, sunflower 25.0%, boat 12.5%"
    assert (CLASSES.label, CLASSES.top(1)) == ("dog", [("dog", 0.5)])
    np.testing.assert_allclose(CLASSES.probabilities, SHARES[0], rtol=1e-6)


def test_outputs_without_a_meaning_print_names_shapes_and_first_values():
    assert str(NUMBERS).splitlines() == [
        "a.csv  (own, float32)",
        "  low (1, 2): 0.5 -1",
        "  high (1, 12): 0 0.3333 0.6667 1 1.333 1.667 2 2.333 ...",
    ]
    assert NUMBERS.line() == "a.csv: low (1, 2): 0.5 -1; high (1, 12): 0 0.3333 0.6667 1 1.333 1.667 2 2.333 ..."
    assert (NUMBERS.label, NUMBERS.value, NUMBERS.text, NUMBERS.probabilities) == (None, None, None, None)
    assert NUMBERS.top() == []


def test_several_answers_stand_under_their_names():
    assert str(HEADS).splitlines() == [
        "a.png  (resnet8.x, int8)",
        "  colour",
        "    red     57.1%  ██████████████",
        "    green   28.6%  ███████",
        "    blue    14.3%  ███",
        "  is_old",
        "    new   75.0%  ██████████████████",
        "    old   25.0%  ██████",
        "  age: 31.25 years",
        "  low (1, 2): 0.5 -1",
        "  high (1, 12): 0 0.3333 0.6667 1 1.333 1.667 2 2.333 ...",
    ]
    assert HEADS.line().startswith("a.png: colour red 57.1%; is_old new 75.0%; age 31.25 years; low (1, 2): 0.5 -1;")
    assert HEADS.label == "red"  # the manifest's first
    assert HEADS.answers["age"].value == 31.25


def test_to_dict_is_json():
    found = json.loads(json.dumps(HEADS.to_dict(), allow_nan=False))
    assert (found["input"], found["bundle"], found["target"]) == ("a.png", "resnet8.x", "int8")
    assert list(found["answers"]) == ["colour", "is_old", "age"]
    assert found["answers"]["is_old"] == {
        "kind": "classes",
        "label": "new",
        "probabilities": {"new": 0.75, "old": 0.25},
    }
    assert found["answers"]["age"] == {"kind": "values", "value": 31.25, "unit": "years"}
    assert found["outputs"]["low"] == [[0.5, -1.0]]
    assert NUMBERS.to_dict()["answers"] == {}


def test_what_json_cannot_hold_is_null():
    odd = answer({"y": np.array([[1.5, np.nan, np.inf]], np.float32)}, {"y": {"kind": "values"}}).to_dict()
    odd = json.loads(json.dumps(odd, allow_nan=False))
    assert (odd["outputs"], odd["answers"]["y"]["value"]) == ({"y": [[1.5, None, None]]}, [1.5, None, None])


def test_softmax_does_not_overflow():
    assert softmax(np.array([1000.0, 1000.0])).tolist() == [0.5, 0.5]
    logits = np.array([[0.0, 1.0, -2.0]])
    np.testing.assert_allclose(softmax(logits), np.exp(logits) / np.exp(logits).sum(), rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.int32, np.bool_])
def test_outputs_of_other_types_are_plain(dtype):
    values = answer({"y": np.array([[1, 0]], dtype)}, {})
    assert json.dumps(values.to_dict()["outputs"]) in ('{"y": [[1, 0]]}', '{"y": [[true, false]]}')
    assert str(values).endswith("y (1, 2): 1 0")
