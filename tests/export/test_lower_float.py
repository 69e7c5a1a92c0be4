"""Float files answer as Keras does: every cell, form, direction and mask, and whatever is special about a model."""

import keras
import numpy as np
import pytest
from ai_edge_litert.compiled_model import CompiledModel, HardwareAccelerator, Options
from keras import Input, Model, layers
from lowered_models import (
    CELLS,
    examples_of,
    file_answers,
    keras_answers,
    lowered,
    masked_model,
    model_of,
    ready,
    worst_error,
)

from zoo.errors import ConversionError
from zoo.export.assembly.file import read
from zoo.export.recurrences.cells import cell_of
from zoo.export.recurrences.masking import Policy, Step
from zoo.runtime.engine.flatbuffer import inspect

EXACT = 1e-5


@pytest.mark.parametrize("form", ["unrolled", "blocked"])
@pytest.mark.parametrize("cell", CELLS)
def test_cells_in_both_directions(cell, form, converter):
    """Length 21 leaves steps after the last whole block; one output is a sequence, one the last of it."""
    x = Input((21, 4), name="x")
    forward = CELLS[cell](6, return_sequences=True)(x)
    backward = CELLS[cell](5, return_sequences=True, go_backwards=True)(forward)
    last = CELLS[cell](3, go_backwards=True)(forward)
    model = ready(Model(x, {"forward": forward, "backward": backward, "last": last, "end": CELLS[cell](2)(x)}))
    file = lowered(converter, model, form=form)
    assert file.forms == (form,) * 4
    assert worst_error(model, file.data) <= EXACT


@pytest.mark.parametrize("cell", CELLS)
def test_a_step_takes_as_many_operators_as_its_cell_says(cell, converter):
    """All but the first, whose product with a state of zeros is known before."""
    layer = CELLS[cell](6, return_sequences=True)
    graphs = [inspect(lowered(converter, model_of(layer, shape=(n, 4)), form="unrolled").data) for n in (1, 11)]
    first, all_of_them = (len(graph.operators) for graph in graphs)
    cell = cell_of(layer)
    once = {"UNPACK": len(cell.projected), "FULLY_CONNECTED": len(cell.projected), "PACK": 1}
    assert first - sum(once.values()) < cell.operators
    assert all_of_them - first == 10 * cell.operators


@pytest.mark.parametrize("form", ["unrolled", "blocked"])
@pytest.mark.parametrize("cell", ["LSTM", "GRU", "SimpleRNN"])
def test_masks(cell, form, converter):
    """Every policy, from both ends, on lengths that leave steps after the last whole block."""
    model, examples = masked_model(CELLS[cell], length=21)
    file = lowered(converter, model, form=form)
    assert set(file.forms) == {form}
    assert worst_error(model, file.data, examples) <= EXACT


@pytest.mark.parametrize(("target", "tolerance"), [("float16", 2e-3), ("dynamic_int8", 2e-2)])
def test_masks_with_small_weights(target, tolerance, converter):
    model, examples = masked_model(CELLS["LSTM"], length=21)
    assert worst_error(model, lowered(converter, model, target, form="blocked").data, examples) <= tolerance


@pytest.mark.parametrize("policy", [{}, {"zero_output_for_mask": True}])
def test_a_masked_step_takes_as_many_operators_as_it_says(policy, converter):
    layer = layers.GRU(6, return_sequences=True, **policy)

    def operators(length: int) -> int:
        return sum(
            inspect(lowered(converter, model_of(layers.Masking(), layer, shape=(length, 4))).data).counts().values()
        )

    more = operators(11) - operators(10)
    assert more == Step(cell_of(layer), Policy.ZERO if policy else Policy.HOLD).operators


def test_a_mask_of_tokens(converter):
    tokens = Input((7,), name="tokens", dtype="int32")
    h = layers.Embedding(9, 4, mask_zero=True)(tokens)
    h = layers.Bidirectional(layers.LSTM(4, return_sequences=True))(h)
    model = ready(Model(tokens, {"y": layers.Dense(3)(layers.GRU(4)(h))}))
    file = lowered(converter, model)
    assert inspect(file.data).signatures["predict"].inputs["tokens"].dtype == "int32"
    assert worst_error(model, file.data) <= EXACT


def test_states_are_handed_on(converter):
    """From an encoder to a decoder, from constants, and out of the model, by both forms."""
    x = Input((17, 4), name="x")
    sequence, h, c = layers.LSTM(5, return_sequences=True, return_state=True)(x)
    decoded = layers.LSTM(5, return_sequences=True)(sequence, initial_state=[h, c])
    _, state = layers.GRU(3, return_state=True, go_backwards=True)(x, initial_state=keras.ops.ones((1, 3)))
    model = ready(Model(x, {"decoded": decoded, "h": h, "c": c, "state": state}))
    for form in ("unrolled", "blocked"):
        assert worst_error(model, lowered(converter, model, form=form).data) <= EXACT


def test_one_layer_called_three_times_is_stored_once(converter):
    one, two = Input((6, 4), name="one"), Input((6, 4), name="two")
    shared = layers.GRU(4, return_sequences=True)
    first = shared(one)
    model = ready(Model([one, two], {"deep": shared(first), "other": shared(two), "first": layers.Dense(2)(first)}))
    file = lowered(converter, model)
    assert worst_error(model, file.data) <= EXACT
    constants = {id(tensor): tensor for _, tensor in _constants(file.data)}.values()
    kernels = sorted(tensor.shape for tensor in constants if len(tensor.shape) == 2 and tensor.shape[0] > 2)
    assert kernels == [(4, 4), (8, 4), (12, 4)], "a kernel for candidate and gates each, one recurrent kernel"


def _constants(data: bytes):
    (piece,) = read(data).values()
    for operator in piece.graph.operators:
        yield from ((operator, tensor) for tensor in operator.inputs if tensor is not None and tensor.constant)


def test_a_model_in_a_model_called_twice(converter):
    inner = keras.Sequential([Input((6, 4)), layers.LSTM(4, return_sequences=True), layers.Dense(4)])
    x = Input((6, 4), name="x")
    model = ready(Model(x, {"y": layers.Flatten()(inner(inner(x)))}))
    assert worst_error(model, lowered(converter, model).data) <= EXACT


def test_time_distributed_layers_take_all_frames_at_once(converter):
    frames = Input((4, 8, 8, 1), name="frames")
    h = layers.TimeDistributed(layers.Conv2D(3, 3, strides=2))(frames)
    h = layers.TimeDistributed(layers.Flatten())(h)
    words = layers.TimeDistributed(layers.LSTM(3))(layers.Reshape((4, 3, 9))(h))
    model = ready(Model(frames, {"y": layers.GRU(4)(h), "words": layers.LSTM(2)(words)}))
    file = lowered(converter, model)
    assert worst_error(model, file.data) <= EXACT
    assert inspect(file.data).counts()["CONV_2D"] == 1


def test_layers_are_normalised(converter):
    x = Input((5, 3, 4), name="x")
    options = [{}, {"axis": [1, 3]}, {"center": False, "scale": False, "epsilon": 0.1}]
    outputs = {f"y{number}": layers.LayerNormalization(**some)(x) for number, some in enumerate(options)}
    model = ready(Model(x, outputs))
    assert worst_error(model, lowered(converter, model).data) <= EXACT


def test_dilated_convolutions_are_one_operator_each(converter):
    """Two over the same frames, and every padding; `swish` brings a gradient of its own, which no file can hold."""
    x = Input((12, 4), name="x")
    options = [
        {"padding": "causal", "dilation_rate": 2, "activation": "swish"},
        {"padding": "causal", "dilation_rate": 2},
        {"padding": "same", "dilation_rate": 3, "use_bias": False},
        {"padding": "valid", "dilation_rate": 2},
    ]
    model = ready(Model(x, {f"y{number}": layers.Conv1D(5, 3, **some)(x) for number, some in enumerate(options)}))
    file = lowered(converter, model)
    assert worst_error(model, file.data) <= EXACT
    counts = inspect(file.data).counts()
    assert counts["CONV_2D"] == len(options)
    assert not {"SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND"} & counts.keys()


def test_activations_without_kernels_of_their_own(converter):
    model = model_of(
        layers.LSTM(4, return_sequences=True, activation="relu", recurrent_activation="hard_sigmoid", use_bias=False),
        layers.GRU(4, return_sequences=True, activation="elu", use_bias=False),
        layers.SimpleRNN(3, activation="relu", use_bias=False),
    )
    assert worst_error(model, lowered(converter, model).data) <= EXACT


@pytest.mark.parametrize(("target", "tolerance"), [("float16", 2e-3), ("dynamic_int8", 2e-2)])
def test_small_weights(target, tolerance, converter):
    """Both forms; weights are stored small, in the loop's body too, and float16's are read once for all steps."""
    model = model_of(layers.Dense(48), layers.LSTM(40, return_sequences=True), layers.GRU(24), shape=(24, 32))
    model = ready(model, scale=0.1)
    for form in ("unrolled", "blocked"):
        file = lowered(converter, model, target, form=form)
        assert worst_error(model, file.data) <= tolerance
        weights = {tensor.dtype for tensor in inspect(file.data).tensors if tensor.constant and tensor.elements > 1024}
        assert weights == {"float16" if target == "float16" else "int8"}
        assert inspect(file.data).counts().get("DEQUANTIZE", 0) < 24


@pytest.mark.parametrize("form", ["unrolled", "blocked"])
def test_batches(form, converter):
    sequence = layers.LSTM(4, return_sequences=True, go_backwards=True)
    model = model_of(layers.Dense(4), sequence, layers.Masking(), layers.GRU(3), shape=(21, 4))
    examples = examples_of(model, 6)
    three, one = (lowered(converter, model, batch=batch, form=form) for batch in (3, 1))
    assert worst_error(model, three.data, examples) <= EXACT
    for name, answers in file_answers(three.data, examples).items():
        np.testing.assert_allclose(answers, file_answers(one.data, examples)[name], atol=1e-6)


def test_auto_unrolls_what_is_short_and_blocks_what_is_long(converter):
    def forms(*stack, length: int, **options) -> tuple[str, ...]:
        return lowered(converter, model_of(*stack, shape=(length, 4)), **options).forms

    stack = [layers.SimpleRNN(4, return_sequences=True), layers.LSTM(4)]
    assert forms(*stack, length=10) == ("unrolled", "unrolled")
    assert forms(*stack, length=3000) == ("blocked", "blocked")
    assert forms(layers.LSTM(4), length=700, runtime="gpu") == ("unrolled",)


def test_auto_heeds_a_budget(converter):
    model = model_of(layers.LSTM(8), shape=(60, 4))
    sizes = {form: len(lowered(converter, model, form=form).data) for form in ("unrolled", "blocked")}
    assert sizes["blocked"] < sizes["unrolled"]
    for budget in (sizes["unrolled"], sizes["blocked"]):
        assert len(lowered(converter, model, size_budget=budget).data) == budget
    with pytest.raises(ConversionError, match="more than the budget of"):
        lowered(converter, model, size_budget=sizes["blocked"] - 1)
    with pytest.raises(ConversionError, match="more than the budget of"):
        lowered(converter, model, size_budget=sizes["blocked"], form="unrolled")


@pytest.mark.parametrize("masked", [False, True])
def test_a_blocked_file_does_not_grow_with_the_length(masked, converter):
    """One loop; `test_lower_long` has several."""

    def size(length: int) -> int:
        stack = [layers.Masking()] * masked + [layers.LSTM(8, return_sequences=True)]
        return len(lowered(converter, model_of(*stack, shape=(length, 4)), form="blocked").data)

    assert abs(size(512) - size(256)) < 64


def test_outputs_that_are_inputs_or_come_twice(converter):
    """CompiledModel reads such an output wrong if it has no operator of its own."""
    x = Input((5, 3), name="x")
    y = layers.LSTM(2)(x)
    model = ready(Model(x, {"x_again": x, "y": y, "y_again": y}))
    file = lowered(converter, model)
    examples = examples_of(model)
    assert worst_error(model, file.data, examples) <= EXACT
    wanted = keras_answers(model, {"x": examples["x"][:1]})
    for name, found in compiled_answers(file.data, examples["x"][:1]).items():
        np.testing.assert_allclose(found, wanted[name], atol=1e-6)


def compiled_answers(data: bytes, x: np.ndarray) -> dict[str, np.ndarray]:
    compiled = CompiledModel.from_buffer(data, options=Options(hardware_accelerators=HardwareAccelerator.CPU))
    names = compiled.get_signature_list()["predict"]
    inputs, outputs = compiled.create_input_buffers(0), compiled.create_output_buffers(0)
    inputs[0].write(np.ascontiguousarray(x))
    compiled.run_by_index(0, inputs, outputs)
    shapes = compiled.get_output_tensor_details("predict")
    return {
        name: buffer.read(int(np.prod(shapes[name]["shape"])), np.float32).reshape(shapes[name]["shape"])
        for name, buffer in zip(names["outputs"], outputs, strict=True)
    }


def test_the_model_is_left_as_it_is(converter):
    x = Input(batch_shape=(1, 6, 3), name="x")
    layer = layers.LSTM(4, stateful=True)
    model = ready(Model(x, {"y": layers.Dropout(0.5)(layer(x))}))
    layer.stateful = True  # `deployed` takes it away; a model that has it is cut open from the zero state
    before = [np.array(variable) for variable in model.variables]
    examples = examples_of(model)
    file = lowered(converter, model)
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)
    layer.stateful = False
    assert worst_error(model, file.data, examples) <= EXACT


def test_what_cannot_be_lowered_is_named(converter):
    class Loop(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = layers.LSTM(3, name="inside")
            self.inner.build((None, 6, 4))

        def call(self, x):
            return keras.ops.map(self.inner, x[:, None])[:, 0]

        def compute_output_shape(self, shape):
            return (shape[0], 3)

    with pytest.raises(ConversionError, match="`inside` is called in a loop"):
        lowered(converter, model_of(Loop(), shape=(6, 4)))


def test_names_and_signature(converter):
    model = model_of(layers.LSTM(4, name="state"), layers.Dense(2, name="scores"))
    graph = inspect(lowered(converter, model, signature="encode").data)
    (signature,) = graph.signatures.values()
    assert list(graph.signatures) == ["encode"]
    assert (list(signature.inputs), list(signature.outputs)) == (["x"], ["scores"])
    ends = (*signature.inputs.values(), *signature.outputs.values())
    assert [tensor.name for tensor in ends] == ["x", "scores"]
