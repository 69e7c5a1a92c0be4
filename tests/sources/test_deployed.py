"""The deployed form of a user's model: named, stateless, of known length, in float32, and of the same numbers."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from zoo.sources.deployed import deployed, load_source
from zoo.sources.names import input_names, output_names, unique_name


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def test_outputs_are_named_by_their_layers():
    one, two = keras.Input((3,), name="first-one"), keras.Input((3,), name="two")
    shared = layers.Dense(2, name="out")
    model = keras.Model([one, two], [shared(one), layers.Dense(2, name="other out")(two), shared(two)])
    assert input_names(model) == ["first_one", "two"]
    assert output_names(model) == ["out", "other_out", "out_1"]


def test_keys_of_a_dict_name_the_outputs():
    x = keras.Input((3,), name="x")
    model = keras.Model({"x": x}, {"b": layers.Dense(2)(x), "a": layers.Dense(3)(x)})
    assert output_names(model) == ["a", "b"]
    answers = deployed(model)({"x": numbers(1, 3)})
    assert {name: answer.shape[1] for name, answer in answers.items()} == {"b": 2, "a": 3}


STRANGE = ["my layer", "my-layer", "слой", "层", "_front", "-front", "a:b", "block1/conv", "2nd"]


def test_any_name_becomes_one_that_tensorflow_traces():
    """What is no letter, digit or `_` becomes `_`, none stands in front, and no two are alike."""
    taken: list[str] = []
    for name in STRANGE:
        taken.append(unique_name(name, taken, "layer"))
    assert taken == ["my_layer", "my_layer_1", "layer", "layer_1", "front", "front_1", "a_b", "block1_conv", "2nd"]


def test_a_model_of_strange_names_is_traced():
    left, right = keras.Input((3,), name="left hand"), keras.Input((3,), name="left-hand")
    hidden = [layers.Dense(2, name=name)(left) for name in STRANGE if "/" not in name]
    model = keras.Model([left, right], layers.Concatenate(name="_ ответ")([*hidden, right]), name="My Model")
    assert input_names(model) == ["left_hand", "left_hand_1"]
    given = [numbers(2, 3), numbers(2, 3) + 1]
    wanted = np.asarray(model(given))
    form = deployed(model)
    assert form.name == "My_Model"
    answer = tf.function(form)({"left_hand": tf.constant(given[0]), "left_hand_1": tf.constant(given[1])})
    np.testing.assert_allclose(answer["output"], wanted, atol=1e-6)


def test_a_stateful_model_begins_each_call_with_zeros():
    model = keras.Sequential([layers.Input((5, 3), batch_size=1, name="x"), layers.LSTM(4, stateful=True, name="y")])
    x = numbers(1, 5, 3)
    fresh = np.asarray(model(x))
    model.layers[0].reset_state()
    form = deployed(model)
    for _ in range(2):
        np.testing.assert_allclose(form({"x": x})["y"], fresh, atol=1e-6)
    assert form({"x": numbers(2, 5, 3)})["y"].shape == (2, 4)


def test_mixed_precision_computes_in_float32():
    x = keras.Input((4,), name="x")
    model = keras.Model(x, layers.Dense(2, name="y", dtype="mixed_float16")(x))
    kernel, bias = model.get_weights()
    form, given = deployed(model), numbers(3, 4)
    answer = form({"x": given})["y"]
    assert answer.dtype == "float32"
    np.testing.assert_allclose(answer, given @ kernel + bias, atol=1e-6)


def test_an_open_time_axis_is_given_its_length():
    x, fixed = keras.Input((None, 3), name="x"), keras.Input((2,), name="fixed")
    model = keras.Model([x, fixed], layers.Add(name="y")([layers.GRU(2)(x), fixed]))
    form = deployed(model, {"x": (7, 3)})
    assert [tuple(form.input[name].shape) for name in ("x", "fixed")] == [(None, 7, 3), (None, 2)]
    given = [numbers(2, 7, 3), numbers(2, 2)]
    np.testing.assert_allclose(form(dict(zip(("x", "fixed"), given, strict=True)))["y"], model(given), atol=1e-6)


def test_a_source_is_read_back_in_its_deployed_form(tmp_path):
    x = keras.Input((None, 3), name="x")
    model = keras.Model(x, layers.GRU(2, name="y")(x))
    model.save(tmp_path / "source.keras")
    read = load_source(tmp_path / "source.keras", {"x": (1, 6, 3)})
    np.testing.assert_allclose(read({"x": numbers(1, 6, 3)})["y"], model(numbers(1, 6, 3)), atol=1e-6)


def test_sizes_that_a_layer_leaves_open_are_known_where_the_model_is_deployed():
    x = keras.Input((20, 4), name="x")
    y = keras.layers.EinsumDense("btf,fg->btg", (None, 3), name="y")(x)
    model = deployed(keras.Model(x, {"each": y, "last": keras.layers.GRU(2)(y)}))
    assert {name: tensor.shape for name, tensor in model.output.items()} == {"each": (None, 20, 3), "last": (None, 2)}
