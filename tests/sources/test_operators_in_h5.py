"""Operators in functional models: Keras 3's own `.h5`, and the graph nodes that `tf.keras` up to 2.3 kept as layers."""

import json

import h5py
import keras
import numpy as np
import pytest
import tf_keras
from keras import layers, ops
from old_forms import rewritten
from old_models import FEATURES, STEPS
from tf_keras import layers as old

from zoo.errors import InputError
from zoo.sources.h5_file import load_h5_file

pytestmark = pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")


def numbers() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(2, STEPS, FEATURES)).astype("float32")


def test_operators_of_keras_3_are_read_back(tmp_path):
    x = keras.Input((STEPS, FEATURES), name="x")
    h = layers.LSTM(FEATURES, return_sequences=True)(x)
    total = layers.Add()([h + x, h])
    first, last = ops.split(ops.concatenate([ops.mean(total, axis=1), 1.0 - h[:, -1]], axis=-1), 2, axis=-1)
    model = keras.Model(x, [first, ops.expand_dims(last, 1)])
    model.save(tmp_path / "model.h5")
    for found, wanted in zip(load_h5_file(tmp_path / "model.h5")(numbers()), model(numbers()), strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-6)


def node(name: str, op: str, given: list, constants: dict, **attributes) -> dict:
    described = json.dumps({"name": name, "op": op, "attr": attributes})
    config = {"name": name, "trainable": True, "dtype": "float32", "node_def": described, "constants": constants}
    return {"class_name": "TensorFlowOpLayer", "name": name, "config": config, "inbound_nodes": [given]}


def with_nodes(config: dict) -> None:
    x = ["x", 0, 0, {}]
    slices = {"1": [0, -2], "2": [0, -1], "3": [1, 1]}
    masks = {"begin_mask": {"i": "1"}, "end_mask": {"i": "1"}, "shrink_axis_mask": {"i": "2"}}
    config["config"]["layers"] += [
        node("half", "Mul", [x], {"1": 0.5}),
        node("sum", "AddV2", [["half", 0, 0, {}], x], {}),
        node("mean", "Mean", [["sum", 0, 0, {}]], {"1": [1]}, keep_dims={"b": False}),
        node("step", "StridedSlice", [["sum", 0, 0, {}]], slices, **masks),
        node("all", "ConcatV2", [["mean", 0, 0, {}], ["step", 0, 0, {}]], {"2": -1}),
    ]
    config["config"]["output_layers"] = [["all", 0, 0]]


def a_file(folder):
    tf_keras.backend.clear_session()
    x = old.Input((STEPS, FEATURES), name="x")
    tf_keras.Model(x, old.ReLU(name="relu")(x)).save(folder / "model.h5")
    return folder / "model.h5"


def test_nodes_of_a_graph_are_operators(tmp_path):
    found = load_h5_file(rewritten(a_file(tmp_path), with_nodes, "2.2.4-tf"))(numbers())
    total = 1.5 * numbers()
    np.testing.assert_allclose(found, np.concatenate([total.mean(1), total[:, -2]], -1), atol=1e-6)


def test_an_operator_of_another_meaning_is_refused_by_name(tmp_path):
    def change(config: dict) -> None:
        with_nodes(config)
        config["config"]["layers"][-1]["config"]["node_def"] = json.dumps({"op": "Betainc"})

    with pytest.raises(InputError, match=r"layer `all` .* calls TensorFlow, whose operator `Betainc`"):
        load_h5_file(rewritten(a_file(tmp_path), change, "2.2.4-tf"))


def test_an_operator_of_keras_3_needs_no_module(tmp_path):
    x = keras.Input((3,), name="x")
    keras.Model(x, x * 2.0).save(tmp_path / "model.h5")
    with h5py.File(tmp_path / "model.h5") as file:
        written = json.loads(file.attrs["model_config"])["config"]["layers"][1]
    assert "module" not in written  # else this test tests nothing
    np.testing.assert_allclose(load_h5_file(tmp_path / "model.h5")(np.ones((1, 3))), 2.0)
