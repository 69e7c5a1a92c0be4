"""Cells that no equation of ours knows: stacked ones, and a user's own, by tracing a step of them."""

from functools import partial

import keras
import numpy as np
import pytest
from keras import Input, Model, layers
from lowered_models import examples_of, lowered, model_of, ready, root_mean_square, stored_answers, worst_error
from own_cells import OWN_CELLS, ErrorFunctionCell, ForgetfulCell, NormalisedCell, PictureCell, TwoSpeedsCell

from zoo.errors import ConversionError
from zoo.runtime.engine.flatbuffer import inspect

EXACT = 1e-5

STACKS = {
    "LSTM, GRU": lambda: [layers.LSTMCell(6), layers.GRUCell(5)],  # the case of issue 10
    "every stock cell": lambda: [
        layers.GRUCell(4, reset_after=False, use_bias=False),
        layers.SimpleRNNCell(6, activation="relu", recurrent_dropout=0.5),
        layers.LSTMCell(3, recurrent_activation="relu"),
    ],
    "a user's among them": lambda: [layers.LSTMCell(6), NormalisedCell(4)],
}
CELLS = {
    **{f"stack: {name}": make for name, make in STACKS.items()},
    **{name: partial(kind, 5) for name, kind in OWN_CELLS.items()},
}


@pytest.mark.parametrize("form", ["unrolled", "blocked"])
@pytest.mark.parametrize("case", CELLS)
def test_cells_answer_as_keras(case, form, converter):
    """From both ends, with masks of every policy, on a length that leaves steps after the last whole block."""
    x = Input((21, 4), name="x")
    masked = layers.Masking()(x)
    outputs = {
        "backwards": layers.RNN(CELLS[case](), return_sequences=True, go_backwards=True)(x),
        "held": layers.RNN(CELLS[case](), return_sequences=True)(masked),
        "both": layers.Bidirectional(layers.RNN(CELLS[case](), return_sequences=True))(masked),
    }
    model = ready(Model(x, outputs))
    examples = examples_of(model, 6)
    examples["x"][2, :3] = examples["x"][3, 4] = examples["x"][4] = 0
    file = lowered(converter, model, form=form)
    assert set(file.forms) == {form}
    assert worst_error(model, file.data, examples) <= EXACT


@pytest.mark.parametrize("case", CELLS)
@pytest.mark.parametrize(("target", "tolerance"), [("float16", 5e-3), ("dynamic_int8", 2e-2)])
def test_small_weights(case, target, tolerance, converter):
    model = model_of(layers.RNN(CELLS[case](), return_sequences=True))
    assert worst_error(model, lowered(converter, model, target).data) <= tolerance


@pytest.mark.parametrize("case", ["stack: LSTM, GRU", "stack: every stock cell", *OWN_CELLS])
def test_integers_are_the_same_bits_in_both_forms(case, converter):
    x = Input((21, 4), name="x")
    h = layers.RNN(CELLS[case](), return_sequences=True)(layers.Masking()(x))
    model = ready(Model(x, {"scores": layers.Dense(6)(h)}))
    unrolled, blocked = (lowered(converter, model, "int8", form=form) for form in ("unrolled", "blocked"))
    examples = examples_of(model, 8)
    one, other = (stored_answers(file.data, examples) for file in (unrolled, blocked))
    np.testing.assert_array_equal(one["scores"], other["scores"])
    assert root_mean_square(model, unrolled.data) < 0.2
    if unrolled.int8_scheme == "all int8":
        assert set(unrolled.float_islands) <= {"DEQUANTIZE"}, "the mask is made of float inputs"


def test_the_last_output_is_the_same_bits_in_both_forms(converter):
    """A step may give a state on another grid than the one on which it is carried."""
    model = model_of(layers.RNN(TwoSpeedsCell(8), go_backwards=True), shape=(11, 3))
    unrolled, blocked = (lowered(converter, model, "int8", form=form) for form in ("unrolled", "blocked"))
    one, other = (stored_answers(file.data, examples_of(model, 8)) for file in (unrolled, blocked))
    np.testing.assert_array_equal(*(next(iter(answers.values())) for answers in (one, other)))


def test_calibration_that_a_step_cannot_be_made_int8_on_is_named(converter):
    """All masked: what the step repeats is never anything but zeros."""
    x = Input((6, 3), name="x")
    h = layers.RNN(OWN_CELLS["learnt start"](4), name="odd")(layers.Masking()(x))
    calibration = {"x": np.zeros((9, 6, 3), np.float32)}
    with pytest.raises(ConversionError, match=r"layer `odd` .* `LearntStartCell`, of whose step .* no int8"):
        lowered(converter, ready(Model(x, {"y": h})), "int8", calibration=calibration)


def test_states_go_in_and_come_out(converter):
    """Nested ones, as Keras hands them on."""
    x = Input((9, 4), name="x")
    stack = layers.RNN([layers.LSTMCell(6), layers.GRUCell(5)], return_state=True)
    last, first_states, second_state = stack(x)
    own = layers.RNN(TwoSpeedsCell(3), return_sequences=True, return_state=True)
    sequence, slow, fast = own(x)
    again = layers.RNN(TwoSpeedsCell(3))(sequence, initial_state=[slow, fast])
    one = layers.RNN([layers.LSTMCell(4)])(x)  # Keras itself runs no such stack under a mask
    states = {f"state{number}": state for number, state in enumerate(keras.tree.flatten([first_states, second_state]))}
    model = ready(Model(x, {"last": last, **states, "slow": slow, "again": again, "one": one}))
    for form in ("unrolled", "blocked"):
        assert worst_error(model, lowered(converter, model, form=form).data) <= EXACT


def test_a_batch(converter):
    model = model_of(layers.RNN(OWN_CELLS["learnt start"](4), return_sequences=True), layers.RNN(TwoSpeedsCell(3)))
    for target, tolerance in (("float32", EXACT), ("int8", 0.1)):
        assert worst_error(model, lowered(converter, model, target, batch=3).data, examples_of(model, 6)) <= tolerance


@pytest.mark.parametrize("form", ["unrolled", "blocked"])
def test_a_state_that_is_a_picture(form, converter):
    model = model_of(layers.RNN(PictureCell(3), return_sequences=True), shape=(9, 4, 4, 2))
    assert worst_error(model, lowered(converter, model, form=form).data) <= EXACT


def test_a_cell_that_is_called_twice_is_converted_once(converter):
    one, two = Input((6, 4), name="one"), Input((9, 4), name="two")
    shared = layers.RNN(NormalisedCell(20))
    model = ready(Model([one, two], {"first": shared(one), "second": shared(two)}))
    file = lowered(converter, model)
    assert worst_error(model, file.data) <= EXACT
    kernels = [tensor for tensor in inspect(file.data).tensors if tensor.constant and tensor.elements == 400]
    assert len(kernels) == 1


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (ForgetfulCell, r"layer `odd` repeats the cell `ForgetfulCell`, whose `call` writes to a variable \(Assign"),
        (ErrorFunctionCell, "layer `odd` repeats the cell `ErrorFunctionCell`, of whose `call` no TFLite.*Erfinv"),
    ],
)
@pytest.mark.parametrize("target", ["float32", "int8"])
def test_what_cannot_be_traced_to_built_ins_is_named(cell, message, target, converter):
    model = model_of(layers.LSTM(4, return_sequences=True), layers.RNN(cell(3), name="odd"))
    with pytest.raises(ConversionError, match=message) as caught:
        lowered(converter, model, target)
    assert "`call" in caught.value.hint
