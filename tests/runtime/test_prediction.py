"""A prediction prints well and becomes JSON."""

import json

import numpy as np
import pytest

from zoo.runtime.prediction import Prediction, softmax

LABELS = ["cat", "dog", "sunflower", "boat", "car", "bird"]
SHARES = np.array([0.05, 0.5, 0.25, 0.125, 0.0625, 0.0125], np.float32)
CLASSES = Prediction("a.png", "resnet8.x", "int8", {"logits": np.log(SHARES)[None]}, SHARES, LABELS)
VALUES = Prediction(
    "a.csv", "own", "float32", {"low": np.array([[0.5, -1.0]]), "high": np.arange(12.0).reshape(1, 12) / 3}
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
    assert CLASSES.label == "dog"
    assert CLASSES.top(1) == [("dog", 0.5)]


def test_outputs_without_classes_print_names_shapes_and_first_values():
    assert str(VALUES).splitlines() == [
        "a.csv  (own, float32)",
        "  low (1, 2): 0.5 -1",
        "  high (1, 12): 0 0.3333 0.6667 1 1.333 1.667 2 2.333 ...",
    ]
    assert VALUES.line() == "a.csv: low (1, 2): 0.5 -1; high (1, 12): 0 0.3333 0.6667 1 1.333 1.667 2 2.333 ..."
    assert VALUES.label is None
    assert VALUES.top() == []


def test_classes_without_labels_are_numbered():
    assert Prediction("a", "b", "int8", {}, SHARES).label == "1"


def test_to_dict_is_json():
    found = json.loads(json.dumps(CLASSES.to_dict(), allow_nan=False))
    assert found["input"] == "a.png"
    assert found["bundle"] == "resnet8.x"
    assert found["target"] == "int8"
    assert found["label"] == "dog"
    assert found["probabilities"] == dict(zip(LABELS, SHARES.tolist(), strict=True))
    assert found["outputs"]["logits"] == [np.log(SHARES).tolist()]
    assert "probabilities" not in VALUES.to_dict()


def test_what_json_cannot_hold_is_null():
    odd = Prediction("a", "b", "float32", {"y": np.array([[1.5, np.nan, np.inf]], np.float32)})
    assert json.loads(json.dumps(odd.to_dict(), allow_nan=False))["outputs"] == {"y": [[1.5, None, None]]}


def test_softmax_does_not_overflow():
    assert softmax(np.array([1000.0, 1000.0])).tolist() == [0.5, 0.5]
    logits = np.array([[0.0, 1.0, -2.0]])
    np.testing.assert_allclose(softmax(logits), np.exp(logits) / np.exp(logits).sum(), rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.int32, np.bool_])
def test_outputs_of_other_types_are_plain(dtype):
    values = Prediction("a", "b", "float32", {"y": np.array([[1, 0]], dtype)})
    assert json.dumps(values.to_dict()["outputs"]) in ('{"y": [[1, 0]]}', '{"y": [[true, false]]}')
    assert str(values).endswith("y (1, 2): 1 0")
