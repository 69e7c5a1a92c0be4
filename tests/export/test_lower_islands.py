"""Models of which int8 takes a part alone: what has no kernel is an island, what int8 spoils computes in float."""

import keras
import numpy as np
import pytest
from keras import Input, Model, layers, ops
from lowered_models import examples_of, lowered, model_of, ready, root_mean_square, worst_error
from own_cells import Keeper, LayerNormLSTM, Memory

from zoo.errors import ConversionError

LAYERS = {
    "elu": layers.Activation("elu"),
    "GroupNormalization": layers.GroupNormalization(3),
    "RMSNormalization": layers.RMSNormalization(),
    "UnitNormalization": layers.UnitNormalization(),
    "square": ops.square,
}


@pytest.mark.parametrize("name", LAYERS)
def test_what_litert_computes_in_int8_is_no_island(name, converter):
    """Between products.  What a recurrence reads at once stays an island: its grid is known when they are joined."""
    x = Input((10, 6), name="x")
    y = LAYERS[name](layers.Conv1D(6, 3, padding="same")(x))
    steps = layers.GRU(5)(layers.Dense(4)(y))
    model = ready(Model(x, {"y": layers.Dense(3)(steps), "z": layers.Dense(3)(layers.Flatten()(y))}))
    file = lowered(converter, model, "int8", calibration=examples_of(model, 300, seed=7))
    assert not file.float_islands
    assert root_mean_square(model, file.data, examples_of(model, 40, seed=7)) < 0.2


def test_what_has_no_kernel_is_an_island(converter):
    """SIN between integers; the recurrence and the products stay int8."""
    x = Input((10, 6), name="x")
    y = ops.sin(layers.Conv1D(6, 3, padding="same")(x))
    model = ready(Model(x, {"y": layers.Dense(3)(layers.GRU(5)(y)), "z": layers.Dense(3)(layers.Flatten()(y))}))
    file = lowered(converter, model, "int8")
    assert set(file.float_islands) == {"DEQUANTIZE", "SIN"}
    assert root_mean_square(model, file.data) < 0.2


def test_a_convolution_over_three_axes_is_one(converter):
    model = model_of(layers.Conv3D(3, 3), layers.Flatten(), layers.Dense(4), shape=(4, 5, 5, 2))
    file = lowered(converter, model, "int8")
    assert file.float_islands["CONV_3D"] == 1
    assert root_mean_square(model, file.data) < 0.1


def test_attention_over_what_is_masked(converter):
    """Keras adds -1e9 to a masked score: no grid holds that and the scores."""
    tokens = Input((8,), dtype="int32", name="tokens")
    h = layers.LSTM(6, return_sequences=True)(layers.Embedding(20, 8, mask_zero=True)(tokens))
    context = layers.Attention(use_scale=True)([h, h])
    model = ready(Model(tokens, {"y": layers.Dense(4)(layers.GlobalAveragePooling1D()(context))}))
    random = np.random.default_rng(1)
    values = random.integers(1, 20, (60, 8)).astype(np.int32)
    values[np.arange(8) >= random.integers(2, 9, (60, 1))] = 0
    file = lowered(converter, model, "int8", calibration={"tokens": values})
    assert root_mean_square(model, file.data, {"tokens": values}) < 0.15
    assert file.int8_scheme.endswith("rest int8 in matrix products alone")


def test_a_state_that_is_handed_on_as_it_is(converter):
    x, kept = Input((7, 3), name="x"), Input((5,), name="kept")
    h = layers.RNN(Keeper(5))(x, initial_state=[ops.zeros_like(kept), kept])
    model = ready(Model([x, kept], {"y": layers.Dense(3)(h)}))
    for form in ("unrolled", "blocked"):
        assert root_mean_square(model, lowered(converter, model, "int8", form=form).data) < 0.15


@pytest.mark.parametrize("cell", [LayerNormLSTM, Memory])
def test_own_cells_that_int8_spoils(cell, converter):
    """A normalisation divides by what a grid holds coarsely; a memory adds up each step's rounding."""
    keras.utils.set_random_seed(0)
    x = Input((16, 6), name="x")
    h = layers.RNN(cell(16), return_sequences=True)(x)
    model = ready(Model(x, {"y": layers.Dense(5)(layers.RNN(cell(16))(h))}), scale=None)
    examples = {"x": np.random.default_rng(2).normal(size=(90, 16, 6)).astype(np.float32)}
    file = lowered(converter, model, "int8", calibration=examples)
    assert root_mean_square(model, file.data, {"x": examples["x"][:30]}) < 0.15, file.int8_scheme


def test_a_loop_of_ones_own_stays_float(converter):
    x = Input((9, 4), name="x")
    average = _Average(name="average")
    model = ready(Model(x, {"y": layers.Dense(3)(layers.GRU(4)(average(layers.Dense(4)(x))))}))
    file = lowered(converter, model, "int8")
    assert "float rest" in file.int8_scheme
    assert root_mean_square(model, file.data) < 0.1
    loop = ready(Model(x, {"y": average(x)}))
    with pytest.raises(ConversionError, match="layer `average` has a loop of its own"):
        lowered(converter, loop, "int16x8")


class _Average(layers.Layer):
    """y_t = 0.7 y_{t-1} + 0.3 x_t, by a loop."""

    def call(self, x):
        def step(last, row):
            new = 0.7 * last + 0.3 * row
            return new, new

        rows = ops.transpose(x, (1, 0, 2))
        return ops.transpose(ops.scan(step, ops.zeros_like(rows[0]), rows)[1], (1, 0, 2))

    def compute_output_shape(self, shape):
        return shape


@pytest.mark.parametrize("make", [layers.LSTM, layers.GRU])
@pytest.mark.parametrize("activation", ["softmax", "softsign"])
def test_an_activation_over_a_whole_gate(make, activation, converter):
    """Each gate by itself, where one number of a gate depends on the others."""
    model = model_of(make(4, recurrent_activation=activation, return_sequences=True), make(4), shape=(9, 4))
    assert worst_error(model, lowered(converter, model, "float32").data) < 1e-5
    assert root_mean_square(model, lowered(converter, model, "dynamic_int8").data) < 0.1
    assert root_mean_square(model, lowered(converter, model, "int8").data) < 0.2
