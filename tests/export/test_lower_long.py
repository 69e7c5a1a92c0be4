"""Long sequences: several loops that share one condition and one body, whatever is left over after them."""

import keras
import numpy as np
import pytest
from keras import Input, Model, layers
from lowered_models import CELLS, examples_of, lowered, model_of, ready, stored_answers, worst_error

from zoo.export.assembly.file import read
from zoo.export.assembly.repair import reachable
from zoo.export.recurrences.blocked import STEPS_OF_A_LOOP
from zoo.runtime.engine.flatbuffer import inspect

EXACT = 1e-5
BLOCK = 16
"""Of an LSTM."""


def lstm(length: int, units: int = 64) -> keras.Model:
    return model_of(layers.LSTM(units, return_sequences=True), shape=(length, 16))


def loops(data: bytes) -> list:
    """The WHILE operators of a file."""
    (piece,) = read(data).values()
    return [operator for operator in piece.graph.operators if operator.name == "WHILE"]


@pytest.mark.parametrize(("cell", "length", "count"), [("SimpleRNN", 544, 2), ("GRU", 1536, 3), ("LSTM", 1607, 4)])
def test_several_loops_answer_as_keras(cell, length, count, converter):
    """Both directions, masks and states; the last loop overlaps the one before it, and steps may be left after it."""
    x = Input((length, 3), name="x")
    masked = layers.Masking()(x)
    forward, *states = CELLS[cell](4, return_sequences=True, return_state=True)(x)
    outputs = {
        "forward": forward,
        "state": states[-1],
        "backward": CELLS[cell](3, return_sequences=True, go_backwards=True)(x),
        "held": CELLS[cell](3, return_sequences=True, go_backwards=True)(masked),
        "repeated": CELLS[cell](4, return_sequences=True)(masked, initial_state=states),
        "last": CELLS[cell](3, zero_output_for_mask=True)(masked),
    }
    model = ready(Model(x, outputs))
    examples = examples_of(model, 2)
    examples["x"][1, : length // 2] = 0
    file = lowered(converter, model, form="blocked", batch=2)
    assert worst_error(model, file.data, examples) <= EXACT
    assert len(loops(file.data)) == 4 * count + 1


def test_all_loops_share_their_condition_and_their_body(converter):
    file = lowered(converter, lstm(4 * STEPS_OF_A_LOOP, units=4), form="blocked")
    found = loops(file.data)
    assert len(found) == 4
    assert len({operator.subgraphs for operator in found}) == 1
    (piece,) = read(file.data).values()
    assert len(list(reachable(piece.graph))) == 3, "what is main, the condition, and the body"


def test_a_loop_writes_its_outputs_where_they_are(converter):
    """What the body is given twice, and gives twice, is one tensor outside: it reads and writes the same memory."""
    file = lowered(converter, lstm(4 * BLOCK, units=4), form="blocked")
    (loop,) = loops(file.data)
    _, body = loop.subgraphs
    (write,) = [operator for operator in body.operators if operator.name == "DYNAMIC_UPDATE_SLICE"]
    old, new = body.inputs.index(write.inputs[0]), body.inputs.index(write.outputs[0])
    assert old != new
    assert body.outputs[old] is body.outputs[new] is write.outputs[0]
    assert loop.inputs[old] is loop.inputs[new]
    assert loop.outputs[old] is loop.outputs[new]


def test_a_layer_that_writes_no_sequence_needs_no_second_loop(converter):
    file = lowered(converter, model_of(layers.LSTM(4), shape=(3 * STEPS_OF_A_LOOP, 3)))
    assert len(loops(file.data)) == 1


@pytest.mark.slow
def test_integers_are_the_same_bits_in_both_forms(converter):
    x = Input((STEPS_OF_A_LOOP + 101, 3), name="x")
    h = layers.SimpleRNN(4, return_sequences=True, go_backwards=True)(layers.Masking()(x))
    model = ready(Model(x, {"scores": layers.Dense(3)(h)}))
    examples = examples_of(model, 2)
    one, other = (
        stored_answers(lowered(converter, model, "int8", form=form, calibration=examples_of(model, 9)).data, examples)
        for form in ("unrolled", "blocked")
    )
    np.testing.assert_array_equal(one["scores"], other["scores"])


def test_a_file_hardly_grows_with_the_length(converter):
    """Issue 10: one loop within 1 KB, several for 1 KB more and 0.4 KB each, what is left over within one block."""

    def size(length: int) -> int:
        return len(lowered(converter, lstm(length), form="blocked").data)

    one_loop = [size(BLOCK * blocks) for blocks in (4, 11, 32)]
    assert max(one_loop) - min(one_loop) <= 1024
    kilobyte, a_loop = 1024, 410
    for length in (544, 1024, 1056, 1568, 2048, 8192):  # multiples of a block
        count = -(-length // STEPS_OF_A_LOOP)
        assert size(length) - one_loop[-1] <= kilobyte + count * a_loop, length
    assert size(8192) - size(2048) <= 12 * a_loop
    block = one_loop[-1] - len(lowered(converter, model_of(layers.Flatten(), shape=(4, 16))).data)
    assert size(2048 + BLOCK - 1) - size(2048) <= block


def test_time_grows_as_the_length_does(converter):
    """github.com/tensorflow/tensorflow/issues/47804: an LSTM took 4 times as long for twice the length.

    A loop's outputs lie in one place, so writing a block costs what its rows cost; where a system copies them all the
    same, no loop carries more of them than `STEPS_OF_A_LOOP`.  No step may be computed twice.
    """
    for length in (512, 2048, 8192):
        file = lowered(converter, lstm(length), form="blocked")
        found = loops(file.data)
        assert len(found) == length // STEPS_OF_A_LOOP
        rows = [max(tensor.shape[1] for tensor in loop.outputs if len(tensor.shape) == 3) for loop in found]
        assert set(rows) == {STEPS_OF_A_LOOP}
        counts = inspect(file.data).counts()
        assert counts["FULLY_CONNECTED"] == BLOCK + 1, "one body, whatever the length"
        assert counts["DYNAMIC_UPDATE_SLICE"] == 1
