"""Recurrences near the identity: in 8 bits their diagonal stays float, and both forms still give the same bits."""

import keras
import numpy as np
import pytest
from keras import Input, Model, layers
from lowered_models import file_answers, keras_answers, lowered, root_mean_square, stored_answers, worst_error

from zoo.export.recurrences.cells import INT8_WEIGHTS, cell_of
from zoo.runtime.engine.flatbuffer import inspect
from zoo.sources.deployed import deployed
from zoo.verify.gates import graph_gates
from zoo.verify.measures.graph import read_graph

LENGTH, UNITS, EXAMPLES = 50, 32, 36
FORMS = ("unrolled", "blocked")


@keras.saving.register_keras_serializable("tests.own")
class WholeCell(layers.SimpleRNNCell):
    """A plain recurrence that is no layer of Keras's, so nobody looks at its weights: all of U is int8."""


def near_identity(units: int = UNITS, diagonal: float = 1.0) -> np.ndarray:
    """(units, units) as an IRNN has it once it is trained: a few weights beside the diagonal."""
    random = np.random.default_rng(4)
    others = random.normal(0, 0.05, (units, units)) * (random.random((units, units)) < 2 / units)
    np.fill_diagonal(others, 0)
    return (others + np.diag(diagonal * random.uniform(0.97, 1, units))).astype(np.float32)


def irnn(layer: layers.RNN, masked: bool = False) -> tuple[Model, dict[str, np.ndarray]]:
    """A model of one recurrence that adds up small numbers over a long sequence, and examples."""
    random = np.random.default_rng(5)
    x = Input((LENGTH, 2), name="x")
    model = Model(x, {"h": layer(layers.Masking()(x) if masked else x)})
    layer.set_weights([random.normal(0, 0.1, (2, UNITS)), near_identity(), np.full(UNITS, 0.01)])
    feeds = random.normal(size=(EXAMPLES, LENGTH, 2)).astype(np.float32)
    if masked:
        feeds[::3, 40:] = feeds[1::3, 5:9] = feeds[4] = 0
    return deployed(model), {"x": feeds}


def plain(**options) -> layers.SimpleRNN:
    return layers.SimpleRNN(UNITS, activation="relu", **options)


def test_float_files_have_no_part_in_it(converter):
    model, examples = irnn(plain())
    file = lowered(converter, model, "float32")
    assert worst_error(model, file.data, examples) <= 1e-5
    assert "MUL" not in inspect(file.data).counts()


@pytest.mark.parametrize("target", ["dynamic_int8", "int8"])
def test_the_error_is_far_below_that_of_weights_all_in_8_bits(target, converter):
    (model, examples), (whole, _) = irnn(plain()), irnn(layers.RNN(WholeCell(UNITS, activation="relu")))
    np.testing.assert_allclose(keras_answers(whole, examples)["h"], keras_answers(model, examples)["h"], rtol=1e-5)
    calibration = {"calibration": examples} if target == "int8" else {}
    error, without = (
        root_mean_square(each, lowered(converter, each, target, **calibration).data, examples)
        for each in (model, whole)
    )
    assert error < 0.06
    if target == "dynamic_int8":  # of an int8 file with a cell of one's own, what int8 spoils computes in float
        assert error < 0.35 * without


@pytest.mark.parametrize(
    ("target", "masked"),
    [
        ("dynamic_int8", False),
        ("dynamic_int8", True),
        ("int8", False),
        pytest.param("int8", True, marks=pytest.mark.slow),
    ],
)
def test_both_forms_give_the_same_bits(target, masked, converter, tmp_path):
    model, examples = irnn(plain(return_sequences=True, go_backwards=masked), masked)
    calibration = {"calibration": examples} if target == "int8" else {}
    files = [lowered(converter, model, target, form=form, **calibration) for form in FORMS]
    one, other = (stored_answers(file.data, {"x": examples["x"][:6]})["h"] for file in files)
    np.testing.assert_array_equal(one, other)
    assert root_mean_square(model, files[1].data, examples) < 0.2
    for file in files if target == "int8" else ():
        assert "near-identity diagonal in float" in file.int8_scheme
        assert file.float_islands["MUL"]
        path = tmp_path / "int8.tflite"
        path.write_bytes(file.data)
        assert all(gate.passed for gate in graph_gates("int8", read_graph(path), file.int8_scheme))


def test_a_stack_hands_float_states_on_to_int8_products(converter):
    """The second cell reads the state of the first, which is float: it gets a grid of its own."""
    x = Input((20, 2), name="x")
    layer = layers.RNN([layers.SimpleRNNCell(UNITS, activation="relu"), layers.GRUCell(4)])
    model = Model(x, {"h": layer(x)})
    weights = [np.random.default_rng(6).normal(0, 0.1, weight.shape) for weight in layer.get_weights()]
    weights[1] = near_identity()
    layer.set_weights(weights)
    model = deployed(model)
    files = [lowered(converter, model, "int8", form=form) for form in FORMS]
    assert root_mean_square(model, files[0].data) < 0.1
    feeds = {"x": np.random.default_rng(7).normal(size=(4, 20, 2)).astype(np.float32)}
    np.testing.assert_array_equal(*(file_answers(file.data, feeds)["h"] for file in files))
    products = [operator for operator in inspect(files[0].data).operators if operator.name == "FULLY_CONNECTED"]
    assert {operator.inputs[1].dtype for operator in products} == {"int8"}


def test_an_untrained_irnn_has_nothing_beside_its_diagonal(converter):
    model, examples = irnn(plain())
    model.set_weights([*model.get_weights()[:1], np.eye(UNITS), *model.get_weights()[2:]])
    file = lowered(converter, model, "int8", calibration=examples)
    assert root_mean_square(model, file.data, examples) < 0.05


@pytest.mark.parametrize(
    ("kernel", "split"),
    [
        (near_identity(), True),
        (-near_identity(), True),
        (np.eye(UNITS), True),
        (near_identity(diagonal=0.5), False),  # forgets: an error is gone after a few steps
        (np.linalg.qr(np.random.default_rng(8).normal(size=(UNITS, UNITS)))[0], False),  # as Keras starts
        (np.eye(UNITS) + np.eye(UNITS, k=1), False),  # others set the scales too
        (np.ones((1, 1)), False),  # one weight is exact in 8 bits
    ],
)
def test_which_kernels_are_split(kernel, split):
    layer = layers.SimpleRNN(len(kernel))
    layer.build((1, 3, 2))
    layer.set_weights([layer.get_weights()[0], kernel, layer.get_weights()[2]])
    found, float_one = cell_of(layer, kinds=INT8_WEIGHTS), cell_of(layer)
    assert bool(found.floating) == split
    assert not float_one.floating
    if split:
        np.testing.assert_array_equal(np.diag(found.recurrent_kernel), 0)
        np.testing.assert_allclose(found.recurrent_kernel + np.diag(found.diagonal), kernel, rtol=1e-6)
