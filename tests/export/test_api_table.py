"""Every way to put a Keras model together, through the public function, compared with Keras on the artifact."""

import keras
import numpy as np
import pytest
from user_models import LOWERED

from zoo.bundle import Bundle
from zoo.export import export_model
from zoo.runtime.engine.litert import LiteRTRunner

pytestmark = pytest.mark.usefixtures("converter")

OPTIONS = {"open time axis": {"length": 6}}
TOLERANCE = {"mixed precision": 5e-3}
"""Keras itself is rounded there: its reference computes in 16 bits, the artifact in 32."""


def made(case: str) -> keras.Model:
    keras.utils.set_random_seed(7)
    return LOWERED[case]()


def some_inputs(bundle: Bundle, count: int = 3) -> list[dict[str, np.ndarray]]:
    """Examples, of which every second has steps of zeros at its end: padding, where the model has a mask."""
    random = np.random.default_rng(5)
    examples = []
    for number in range(count):
        example = {}
        for name, facts in bundle.parts["predict"]["inputs"].items():
            low, high = facts.get("range", (0, 1))
            whole = "int" in facts["dtype"]
            values = random.integers(low, high + 1, facts["shape"]) if whole else random.normal(size=facts["shape"])
            if number % 2 and len(facts["shape"]) < 4:
                values[:, 2:] = 0
            example[name] = values.astype(facts["dtype"])
        examples.append(example)
    return examples


def answers_of_keras(model: keras.Model, example: dict[str, np.ndarray]) -> list[np.ndarray]:
    for layer in model._flatten_layers():
        if getattr(layer, "stateful", False):
            layer.reset_state()
    if isinstance(getattr(model, "_inputs_struct", None), dict):
        given = example
    else:
        given = list(example.values())
        given = given[0] if len(given) == 1 else given
    return [np.asarray(answer, np.float32) for answer in keras.tree.flatten(model(given))]


def errors(model: keras.Model, bundle: Bundle, target: str) -> np.ndarray:
    """All differences from Keras over some examples; outputs are compared in the manifest's order."""
    runner = LiteRTRunner(bundle.artifact(target))
    outputs = bundle.parts["predict"]["outputs"]
    differences = []
    for example in some_inputs(bundle):
        found, expected = runner.run("predict", **example), answers_of_keras(model, example)
        assert len(outputs) == len(expected)
        differences += [np.abs(found[name] - answer) for name, answer in zip(outputs, expected, strict=True)]
    return np.concatenate([difference.ravel() for difference in differences])


@pytest.mark.parametrize("case", LOWERED)
def test_a_model_object_answers_as_keras(case, tmp_path):
    model = made(case)
    bundle = export_model(model, "float32", out=tmp_path, name="model", **OPTIONS.get(case, {}))
    assert bundle.targets == ("float32",)
    assert errors(model, bundle, "float32").max() <= TOLERANCE.get(case, 1e-5)


@pytest.mark.parametrize("case", ["Sequential", "two inputs, two outputs", "stateful", "registered custom layer"])
def test_a_keras_file_answers_as_keras(case, tmp_path):
    model = made(case)
    model.save(tmp_path / "My model.keras")
    bundle = export_model(tmp_path / "My model.keras", ["saved_model", "float32"], out=tmp_path / "bundles")
    assert bundle.name == "my_model"
    assert bundle.targets == ("saved_model", "float32")
    assert errors(model, bundle, "float32").max() <= 1e-5
    assert bundle.file("source.keras").read_bytes() == (tmp_path / "My model.keras").read_bytes()


QUANTISED = (
    "two inputs, two outputs",
    "Embedding(mask_zero)",
    "cells of one's own",
    *(
        pytest.param(case, marks=pytest.mark.slow)
        for case in (
            "Sequential",
            "functional",
            "Bidirectional concat",
            "return_state into initial_state",
            "TimeDistributed",
            "LSTMCell and GRUCell in one RNN",
            "ConvLSTM",
        )
    ),
)
MEAN_ERROR = {"float16": 1e-3, "dynamic_int8": 0.01, "int8": 0.05}
"""What is allowed; outputs are about 1 large."""


def examples_for(model: keras.Model, seed: int) -> dict[str, np.ndarray]:
    """Such as `some_inputs` gives, without padding; by seed for calibration and for the gates."""
    random = np.random.default_rng(seed)
    shapes = {tensor._keras_history.operation.name: (64, *tensor.shape[1:]) for tensor in model.inputs}
    return {
        name: random.integers(0, 11, shape) if name == "tokens" else random.normal(size=shape)
        for name, shape in shapes.items()
    }


@pytest.mark.parametrize("case", QUANTISED)
def test_small_targets_answer_nearly_as_keras(case, tmp_path):
    model = made(case)
    bundle = export_model(
        model,
        list(MEAN_ERROR),
        out=tmp_path,
        name="model",
        calibration=examples_for(model, 11),
        examples=examples_for(model, 12),
    )
    assert bundle.targets == tuple(MEAN_ERROR), bundle.card["artifacts"]
    for target, error in MEAN_ERROR.items():
        assert errors(model, bundle, target).mean() <= error, target
