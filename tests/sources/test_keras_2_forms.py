"""Forms that older versions of Keras 2 wrote: read with the meaning that they had, or refused by the layer's name."""

import keras
import numpy as np
import pytest
import tf_keras
from old_forms import (
    arguments_of_then,
    as_list,
    layers_of,
    named_cudnn,
    no_gates,
    no_input_layer,
    no_reset_after,
    of_cudnn,
    rewritten,
)
from old_models import FEATURES, STEPS, one, signal, stacked
from tf_keras import layers as old

from zoo.errors import InputError
from zoo.sources.h5_file import load_h5_file
from zoo.sources.keras_2.functions import hard_sigmoid_of_keras_2
from zoo.sources.keras_file import load_keras_file

pytestmark = pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")

SHAPE = (STEPS, FEATURES)
GATES = "hard_sigmoid"


def nested() -> tf_keras.Model:
    x = signal()
    inner = stacked(old.LSTM(4, return_sequences=True, input_shape=SHAPE), old.Dense(3))
    return tf_keras.Model(x, old.GRU(2, reset_after=False)(inner(x)))


def both_kinds() -> tf_keras.Model:
    return stacked(old.Bidirectional(old.LSTM(4, return_sequences=True), input_shape=SHAPE), old.GRU(3))


FORMS = {
    "a list": (lambda: stacked(old.LSTM(4, input_shape=SHAPE), old.Dense(2)), as_list, "2.1.4"),
    "a list in a model": (nested, as_list, "2.1.4"),
    "no input layer": (lambda: stacked(old.Dense(4, input_shape=(3,)), old.Dense(2)), no_input_layer, "2.3.1"),
    "no input layer in a model": (nested, no_input_layer, "2.2.4-tf"),
    "no input layer before a convolution": (
        lambda: stacked(old.Conv1D(4, 3, input_shape=SHAPE), old.Flatten(), old.Dense(2)),
        no_input_layer,
        "2.2.4",
    ),
    "no reset_after": (lambda: one(old.GRU(4, reset_after=False)), no_reset_after, "2.1.6"),
    "gates of 2.2": (lambda: one(old.LSTM(4, recurrent_activation=GATES)), no_gates, "2.2.4"),
    "gates of 2.3": (lambda: one(old.LSTM(4)), no_gates, "2.3.1"),
    "gates of a ConvLSTM": (
        lambda: one(old.ConvLSTM2D(2, 3, recurrent_activation=GATES), lambda: old.Input((3, 6, 6, 2))),
        no_gates,
        "2.11.0",
    ),
    "arguments": (
        lambda: stacked(
            old.SeparableConv1D(4, 3, input_shape=SHAPE),
            old.SpatialDropout1D(0.1),
            old.ELU(0.3),
            old.LSTM(3),
            old.Dense(2),
        ),
        arguments_of_then,
        "2.4.0",
    ),
    "cuDNN": (both_kinds, named_cudnn, "2.2.4"),
}


def save(model: tf_keras.Model, folder):
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(0, 0.7, weight.shape) for weight in model.get_weights()])
    model.save(folder / "model.h5")
    return folder / "model.h5"


@pytest.mark.parametrize("form", FORMS)
def test_a_form_means_what_it_meant(form, tmp_path):
    build, change, version = FORMS[form]
    tf_keras.backend.clear_session()
    model = build()
    path = save(model, tmp_path)
    given = np.random.default_rng(1).normal(size=(3, *model.input_shape[1:])).astype("float32")
    wanted = np.asarray(model(given))
    path = rewritten(path, change, version)
    if change is named_cudnn:
        of_cudnn(path)
    loaded = load_h5_file(path)
    loaded.save(tmp_path / "again.keras")
    for read in (loaded, load_keras_file(tmp_path / "again.keras")):
        np.testing.assert_allclose(read(given), wanted, rtol=1e-5, atol=2e-6)


def test_keras_2_called_its_own_function_hard_sigmoid():
    x = np.linspace(-5, 5, 1001)
    found = np.asarray(hard_sigmoid_of_keras_2(x.astype("float32")), np.float64)
    np.testing.assert_allclose(found, np.clip(0.2 * x + 0.5, 0, 1), atol=2e-7)
    assert np.abs(found - np.asarray(keras.activations.hard_sigmoid(x), np.float64)).max() > 0.05


def with_argument(kind: str, **arguments):
    def change(config: dict) -> None:
        for entry in layers_of(config, kind):
            entry["config"].update(arguments)

    return change


def of_another_class(kind: str, becomes: str):
    def change(config: dict) -> None:
        for entry in [*layers_of(config, kind)]:
            entry["class_name"] = becomes

    return change


REFUSED = {
    "an argument that nobody knows": (with_argument("Dense", folds=3), "layer `dense` .* `folds=3`, which Keras 3 has"),
    "time in front": (with_argument("LSTM", time_major=True), "layer `lstm` .* has `time_major=True`"),
    "locally connected": (of_another_class("Dense", "LocallyConnected1D"), "layer `dense` .* that Keras 3 has not"),
    "a class of nobody": (of_another_class("Dense", "Gated"), "layer `dense` .* nor registered: `Gated`"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_said_is_refused_by_the_layers_name(case, tmp_path):
    change, message = REFUSED[case]
    tf_keras.backend.clear_session()
    path = save(stacked(old.LSTM(2, input_shape=SHAPE), old.Dense(2)), tmp_path)
    with pytest.raises(InputError, match=message):
        load_h5_file(rewritten(path, change))


def test_a_file_of_keras_1_is_a_sentence(tmp_path):
    path = save(stacked(old.Dense(2, input_shape=(3,))), tmp_path)
    with pytest.raises(InputError, match="was written by Keras 1"):
        load_h5_file(rewritten(path, lambda config: None, "1.2.2"))


def test_a_policy_is_its_name(tmp_path):
    def change(config: dict) -> None:
        for entry in layers_of(config, "Dense"):
            entry["config"]["dtype"] = {"class_name": "Policy", "config": {"name": "mixed_float16"}}

    tf_keras.backend.clear_session()
    path = save(stacked(old.Dense(4, input_shape=(3,)), old.Dense(2)), tmp_path)
    model = load_h5_file(rewritten(path, change, "2.4.0"))
    assert {layer.dtype_policy.name for layer in model.layers} == {"mixed_float16"}
    assert {weight.dtype for weight in model.weights} == {"float32"}
