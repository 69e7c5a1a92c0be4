"""ConvLSTM of one, two and three dimensions: pictures for states, convolutions for products."""

import numpy as np
import pytest
from keras import Input, Model, ops
from keras.layers import ConvLSTM1D, ConvLSTM2D, ConvLSTM3D, Dense, Flatten
from lowered_models import examples_of, lowered, ready, root_mean_square, stored_answers, worst_error

from zoo.runtime.engine.flatbuffer import inspect

EXACT = 1e-5
LAYERS = {1: ConvLSTM1D, 2: ConvLSTM2D, 3: ConvLSTM3D}
SPACE = (7, 5, 4)


def film_model(dimensions: int, length: int = 17) -> Model:
    """Strides, dilation and padding, both directions, states in and out, and masked frames."""
    make, x = LAYERS[dimensions], Input((length, *SPACE[:dimensions], 2), name="x")
    options = {"padding": "same", "return_sequences": True}
    first, h, c = make(3, 3, return_state=True, dropout=0.5, **options)(x)
    again = make(3, 2, **options)(x, initial_state=[h, c])
    strided = make(2, 2, strides=2, go_backwards=True, activation="relu")(again)
    mask = ops.any(x[..., 0] > -2, axis=tuple(range(2, 2 + dimensions)))
    dilated = make(2, 2, dilation_rate=2, use_bias=False, recurrent_activation="hard_sigmoid", **options)(x, mask=mask)
    return ready(Model(x, {"first": first, "c": c, "strided": strided, "dilated": dilated}))


@pytest.mark.parametrize("form", ["unrolled", "blocked"])
@pytest.mark.parametrize("dimensions", LAYERS)
def test_convolutional_layers_answer_as_keras(dimensions, form, converter):
    model = film_model(dimensions)
    file = lowered(converter, model, form=form)
    assert set(file.forms) == {form}
    assert worst_error(model, file.data, examples_of(model, 2)) <= EXACT


@pytest.mark.parametrize("dimensions", LAYERS)
def test_frames_are_convolved_at_once_and_a_state_once_a_step(dimensions, converter):
    x = Input((5, *SPACE[:dimensions], 2), name="x")
    model = ready(Model(x, {"y": LAYERS[dimensions](3, 3)(x)}))
    counts = inspect(lowered(converter, model).data).counts()
    assert counts["CONV_3D" if dimensions == 3 else "CONV_2D"] == 1 + 4, "what the first makes of zeros is a constant"


@pytest.mark.parametrize(("target", "tolerance"), [("float16", 5e-3), ("dynamic_int8", 2e-2)])
def test_small_weights(target, tolerance, converter):
    x = Input((6, 8, 8, 8), name="x")
    model = ready(Model(x, {"y": ConvLSTM2D(8, 3)(x)}), scale=0.1)
    file = lowered(converter, model, target)
    assert worst_error(model, file.data) <= tolerance
    weights = {tensor.dtype for tensor in inspect(file.data).tensors if tensor.constant and tensor.elements > 1024}
    assert weights == {"float16" if target == "float16" else "int8"}


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("dimensions", [1, 2])
def test_integers_are_the_same_bits_in_both_forms(dimensions, batch, converter):
    x = Input((17, *SPACE[:dimensions], 2), name="x")
    h = LAYERS[dimensions](3, 3, padding="same", return_sequences=True)(x)
    model = ready(Model(x, {"scores": Dense(5)(Flatten()(LAYERS[dimensions](2, 2, go_backwards=True)(h)))}))
    unrolled, blocked = (lowered(converter, model, "int8", form=form, batch=batch) for form in ("unrolled", "blocked"))
    examples = examples_of(model, 8)
    one, other = (stored_answers(file.data, examples) for file in (unrolled, blocked))
    np.testing.assert_array_equal(one["scores"], other["scores"])
    assert root_mean_square(model, unrolled.data) < 0.1
    assert unrolled.int8_scheme != "all int8" or not unrolled.float_islands
