"""Models cut open: what the rest reads and gives, and what never reaches the converter."""

import keras
import pytest
from keras import Input, Model, layers
from lowered_models import ready

from zoo.export.recurrences.holes import Cut, cut_open


def cut(model: keras.Model, mask_dtype: str = "float32") -> Cut:
    model = ready(model)
    inputs = {tensor.name: ((1, *tensor.shape[1:]), tensor.dtype) for tensor in model.inputs}
    return cut_open(model, inputs, mask_dtype)


def test_a_lone_recurrence_leaves_no_rest():
    x = Input((6, 3), name="x")
    found = cut(Model(x, {"y": layers.LSTM(4)(layers.Dropout(0.5)(x))}))
    assert found.rest is None
    (hole,) = found.holes
    assert (hole.sequence, hole.outputs) == ("input_0", ("hole_0_0",))
    assert (hole.batch, hole.length, hole.row) == (1, 6, (3,))
    assert found.outputs == {"y": "hole_0_0"}


def test_the_rest_reads_what_it_needs_and_no_more():
    x, unused = Input((6, 3), name="x"), Input((2,), name="unused")
    h = layers.GRU(4, return_sequences=True)(layers.Dense(5)(x))
    found = cut(Model([x, unused], {"y": layers.Dense(2)(layers.GRU(3)(h))}))
    assert set(found.rest_reads) == {found.inputs["x"], "hole_1_0"}
    assert [hole.sequence for hole in found.holes] == ["rest_0", "hole_0_0"]
    assert found.rest_reads["hole_1_0"] == (1, 3)


def test_states_are_wires_and_constants_are_known():
    x = Input((6, 3), name="x")
    _, h, c = layers.LSTM(4, return_state=True)(x)
    y = layers.LSTM(4)(x, initial_state=[h, keras.ops.ones((1, 4))])
    found = cut(Model(x, {"y": y, "c": c}))
    assert found.holes[0].outputs == ("hole_0_0", "hole_0_1", "hole_0_2")
    assert found.holes[1].initial_state == ("hole_0_1", "constant_0")
    assert found.constants["constant_0"].tolist() == [[1.0] * 4]
    assert found.outputs == {"y": "hole_1_0", "c": "hole_0_2"}


@pytest.mark.parametrize("dtype", ["float32", "bool"])
def test_layers_under_one_mask_share_it(dtype):
    x = Input((6, 3), name="x")
    both = layers.Bidirectional(layers.GRU(4))(layers.Masking()(x))
    first, second = cut(Model(x, {"y": both}), dtype).holes
    assert first.mask == second.mask
    assert first.mask_dtype == dtype


def test_keras_is_put_back():
    before = layers.RNN.call, layers.TimeDistributed.call
    cut(Model(x := Input((6, 3), name="x"), {"y": layers.LSTM(4)(x)}))
    assert (layers.RNN.call, layers.TimeDistributed.call) == before
