"""Every registered model is exported at its tiny size, by name, to all usual targets; a new family needs no line."""

import keras
import numpy as np
import pytest

import zoo
from zoo.verify.running.artifacts import open_artifact

TARGETS = ("saved_model", "float32", "float16", "dynamic_int8", "int8")
ERROR = {"saved_model": 1e-5, "float32": 1e-5, "float16": 1e-2}
"""Largest difference from Keras, times the scale of the logits."""
AGREEMENT = {"dynamic_int8": 0.98, "int8": 0.95}
"""Least share of examples that get the class that Keras gives them, as the gates have it."""


@pytest.fixture(scope="module")
def exported(tmp_path_factory, converter):
    """A function `exported(name) -> (bundle, its Keras model, examples)`; every model is exported once."""
    made = {}

    def export(name: str):
        if name not in made:
            keras.utils.set_random_seed(7)
            model = zoo.create_model(name)
            drawn = examples(name, 400, seed=1)
            chosen = clear_cases(model, drawn)
            keras.utils.set_random_seed(7)  # for the same weights
            made[name] = (
                zoo.export_model(name, TARGETS, out=tmp_path_factory.mktemp(name), calibration=drawn, examples=chosen),
                model,
                chosen,
            )
        return made[name]

    return export


def examples(name: str, count: int, seed: int) -> dict[str, np.ndarray]:
    """Seeded inputs: images, token ids, signals around 0, and features around 1."""
    random = np.random.default_rng(seed)
    drawn = {}
    for input_name, facts in zoo.get_spec(name).facts["inputs"].items():
        shape, dtype = (count, *facts["shape"]), np.dtype(facts["dtype"])
        if dtype.kind == "i":
            values = random.integers(1, 4, shape)
        elif input_name == "image":
            values = random.uniform(0, 255, shape)
        else:
            values = random.normal(size=shape) if len(shape) > 2 else random.uniform(0.5, 1.5, shape)
        drawn[input_name] = values.astype(dtype)
    return drawn


def clear_cases(model: keras.Model, drawn: dict[str, np.ndarray], count: int = 200) -> dict[str, np.ndarray]:
    """The examples that lie farthest from a boundary: random weights put most so near to one that rounding decides."""
    logits = np.sort(answers_of_keras(model, drawn), axis=-1)
    clearest = np.argsort(logits[:, -2] - logits[:, -1])[:count]
    return {name: values[clearest] for name, values in drawn.items()}


def answers_of_keras(model: keras.Model, inputs: dict[str, np.ndarray]) -> np.ndarray:
    return np.asarray(model(inputs, training=False)["logits"])


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name == "stacked_rnn_tiny" else pytest.mark.slow)
        for name in zoo.list_models("*_tiny")
    ],
)
def test_artifacts_answer_as_keras(name, target, exported):
    bundle, model, inputs = exported(name)
    assert target in bundle.targets, bundle.card["artifacts"][target]["reason"]
    wanted = answers_of_keras(model, inputs)
    with open_artifact(target, bundle.artifact(target)) as artifact:
        found = artifact.outputs(inputs)["logits"]
    if target in ERROR:
        assert np.abs(found - wanted).max() <= ERROR[target] * max(1, np.abs(wanted).max())
    else:
        assert np.mean(found.argmax(-1) == wanted.argmax(-1)) >= AGREEMENT[target]
        assert np.sqrt(np.mean((found - wanted) ** 2)) <= 0.1 * np.std(wanted)


def test_every_family_has_a_tiny_size():
    """So that none escapes the tests here."""
    tiny = {zoo.get_spec(name).family for name in zoo.list_models("*_tiny")}
    assert {zoo.get_spec(name).family for name in zoo.list_models()} == tiny
