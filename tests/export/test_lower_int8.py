"""Integer files: equal bits in both forms, no float but where a scheme wants it, ends as asked, repairs done."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.compiled_model import CompiledModel, CpuOptions, HardwareAccelerator, Options
from keras import Input, Model, layers
from lowered_models import (
    CELLS,
    examples_of,
    integrator,
    keras_answers,
    lowered,
    model_of,
    ready,
    root_mean_square,
    stored_answers,
    worst_error,
)

from zoo.errors import ConversionError
from zoo.export.convert import Converter
from zoo.export.lower import Lowered
from zoo.export.recurrences.ranges import SCHEMES
from zoo.runtime.engine.flatbuffer import inspect
from zoo.sources.deployed import deployed
from zoo.verify.gates import Gate, graph_gates
from zoo.verify.measures.graph import read_graph


@pytest.mark.parametrize("cell", CELLS)
def test_both_forms_compute_the_same_bits(cell, converter):
    x = Input((37, 4), name="x")
    h = CELLS[cell](16, return_sequences=True)(layers.Dense(5)(x))
    h = CELLS[cell](8, return_sequences=True, go_backwards=True)(h)
    model = ready(Model(x, {"scores": layers.Dense(6)(CELLS[cell](8)(h))}))
    unrolled, blocked = (lowered(converter, model, "int8", form=form) for form in ("unrolled", "blocked"))
    examples = examples_of(model, 10)
    one, other = (stored_answers(file.data, examples) for file in (unrolled, blocked))
    np.testing.assert_array_equal(one["scores"], other["scores"])
    assert unrolled.int8_scheme == blocked.int8_scheme
    assert root_mean_square(model, unrolled.data) < 0.1
    assert not unrolled.float_islands or unrolled.int8_scheme != "all int8"
    assert inspect(unrolled.data).counts().get("QUANTIZE", 0) <= 4, "the pieces share their grids"


def test_both_forms_compute_the_same_bits_under_masks(converter):
    """Every policy, on a length that leaves steps after the last whole block."""
    x = Input((21, 4), name="x")
    masked = layers.Masking()(x)
    state = layers.Dense(5, activation="tanh")(layers.Flatten()(x))
    held, last = layers.GRU(5, return_sequences=True, return_state=True, go_backwards=True)(masked)
    zeroed = layers.GRU(5, zero_output_for_mask=True)(masked)
    repeated = layers.GRU(5, return_sequences=True)(masked, initial_state=state)
    model = ready(Model(x, {"held": held, "last": last, "zeroed": zeroed, "repeated": repeated}))
    examples = examples_of(model, 6)
    examples["x"][2, :3] = examples["x"][3, 4] = examples["x"][4] = 0
    unrolled, blocked = (lowered(converter, model, "int8", form=form) for form in ("unrolled", "blocked"))
    one, other = (stored_answers(file.data, examples) for file in (unrolled, blocked))
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)
    assert root_mean_square(model, blocked.data) < 0.15


def test_directions_and_their_merge(converter):
    model = model_of(
        layers.Bidirectional(layers.GRU(6, return_sequences=True)),
        layers.Bidirectional(layers.LSTM(4)),
        layers.Dense(4),
    )
    file = lowered(converter, model, "int8")
    assert root_mean_square(model, file.data) < 0.1
    moved = [operator for operator in inspect(file.data).operators if operator.name == "REVERSE_V2"]
    assert [op.inputs[0].scales for op in moved] == [op.outputs[0].scales for op in moved]


def test_masks_choose_between_integers(converter):
    x = Input((9, 4), name="x")
    masked = layers.Masking()(x)
    h = layers.Bidirectional(layers.LSTM(4, return_sequences=True))(masked)
    late = layers.GRU(4)(masked, initial_state=layers.Dense(4)(layers.Flatten()(x)))
    joined = layers.Concatenate()([late, layers.SimpleRNN(4)(h)])
    model = ready(Model(x, {"scores": layers.Dense(3)(joined)}))
    file = lowered(converter, model, "int8")
    assert root_mean_square(model, file.data) < 0.15
    counts = inspect(file.data).counts()
    assert counts["SELECT_V2"] >= 9 * 5
    assert set(file.float_islands) == {"DEQUANTIZE"}, "the mask itself is made of float inputs"


def test_two_inputs_states_and_frames(converter):
    frames, rhythm = Input((4, 8, 8, 1), name="frames"), Input((2,), name="rhythm")
    h = layers.TimeDistributed(layers.Conv2D(3, 3, strides=2, activation="relu"))(frames)
    h = layers.TimeDistributed(layers.GlobalAveragePooling2D())(h)
    state = layers.Dense(4)(rhythm)
    sequence, last = layers.GRU(4, return_sequences=True, return_state=True)(h, initial_state=state)
    joined = layers.Concatenate()([layers.LSTM(4)(sequence), rhythm])
    model = ready(Model([frames, rhythm], {"scores": layers.Dense(3)(joined), "last": last}))
    file = lowered(converter, model, "int8")
    assert root_mean_square(model, file.data) < 0.15
    assert not file.float_islands


def test_tokens_stay_whole_numbers(converter):
    tokens = Input((7,), name="tokens", dtype="int32")
    h = layers.GRU(6)(layers.Embedding(9, 4, mask_zero=True)(tokens))
    model = ready(Model(tokens, {"scores": layers.Dense(3)(h)}))
    file = lowered(converter, model, "int8")
    assert inspect(file.data).signatures["predict"].inputs["tokens"].dtype == "int32"
    assert root_mean_square(model, file.data) < 0.1


def test_ends_are_what_was_asked_for(converter):
    one, two = Input((6, 4), name="one"), Input((3,), name="two")
    joined = layers.Concatenate()([layers.GRU(4)(one), two])
    model = ready(Model([one, two], {"scores": layers.Dense(3)(joined), "two_again": two}))

    def ends(int8_io) -> list[str]:
        file = lowered(converter, model, "int8", int8_io=int8_io)
        assert root_mean_square(model, file.data) < 0.1
        signature = inspect(file.data).signatures["predict"]
        return [tensor.dtype for tensor in (*signature.inputs.values(), *signature.outputs.values())]

    assert ends("int8") == ["int8"] * 4
    assert ends("uint8") == ["uint8"] * 4
    assert ends(None) == ["float32"] * 4
    assert ends({"one": "uint8", "scores": None}) == ["uint8", "int8", "float32", "int8"]


@pytest.mark.parametrize(("target", "dtype"), [("int8", "uint8"), ("int16x8", "int16")])
def test_models_without_recurrences(target, dtype, converter):
    model = model_of(
        layers.Conv2D(6, 3),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Flatten(),
        layers.Dense(4),
        shape=(8, 8, 3),
    )
    file = lowered(converter, model, target, int8_io="uint8")
    assert root_mean_square(model, file.data) < 0.1
    assert (file.forms, file.int8_scheme, file.float_islands) == ((), None, {})
    signature = inspect(file.data).signatures["predict"]
    assert {tensor.dtype for tensor in (*signature.inputs.values(), *signature.outputs.values())} == {dtype}


@pytest.mark.parametrize("form", ["unrolled", "blocked"])
def test_batches(form, converter):
    model = model_of(layers.Dense(4), layers.LSTM(4, return_sequences=True), layers.GRU(3), shape=(21, 4))
    three, one = (lowered(converter, model, "int8", batch=batch, form=form) for batch in (3, 1))
    examples = examples_of(model, 6)
    assert root_mean_square(model, three.data, examples) < 0.1
    assert root_mean_square(model, one.data, examples) < 0.1


def test_layers_are_normalised_in_integers(converter):
    model = model_of(layers.LayerNormalization(), shape=(6, 8))
    file = lowered(converter, model, "int8")
    assert not file.float_islands
    assert root_mean_square(model, file.data) < 0.2


def test_h_keeps_a_fine_grid_beside_coarse_features(converter):
    """A CONCATENATION puts h and a feature that runs to hundreds on one grid; the steps must not compute on that."""
    x, far = Input((12, 4), name="x"), Input((2,), name="far")
    h = layers.GRU(4)(x)
    joined = layers.Concatenate()([h, far * 300])
    model = ready(Model([x, far], {"scores": layers.Dense(2)(h), "joined": joined}))
    (hidden,) = [
        operator.outputs[0].scales[0]
        for operator in inspect(lowered(converter, model, "int8").data).operators
        if operator.name == "ADD" and operator.outputs[0].shape == (1, 4)
    ][-1:]
    assert hidden < 0.01


def test_a_sequence_of_one_step(converter):
    """h is never anything but zeros there: a range of width 0, which XNNPACK refuses."""
    model = model_of(layers.LSTM(4, return_sequences=True), layers.GRU(4), shape=(1, 4))
    assert worst_error(model, lowered(converter, model, "int8").data) < 0.05


def test_one_example_calibrates(converter):
    model = model_of(layers.GRU(4), layers.Dense(2))
    assert lowered(converter, model, "int8", calibration=examples_of(model, 1)).int8_scheme


def test_a_cell_state_that_reaches_far_takes_a_more_exact_recipe(converter):
    model, examples = integrator()
    file = lowered(converter, model, "int8", calibration=examples)
    assert file.int8_scheme not in (None, "all int8")
    wanted, found = (
        answers["scores"].argmax(-1)
        for answers in (keras_answers(model, examples), stored_answers(file.data, examples))
    )
    assert np.mean(wanted == found) > 0.95
    assert ("MUL" in file.float_islands) == (not file.int8_scheme.startswith("all int8"))


def test_files_give_the_same_with_and_without_the_weight_cache(converter):
    """One Dense on inputs of unlike range: packed for one of them, its weights would serve the other as well."""
    x = Input((4,), name="x")
    shared = layers.Dense(4)
    model = ready(Model(x, {"near": shared(x), "far": shared(layers.Dense(4)(x) * 40)}))
    file = lowered(converter, model, "int8")
    assert root_mean_square(model, file.data) < 0.1
    x = stored_inputs(file.data, examples_of(model, 1)["x"])
    np.testing.assert_array_equal(compiled(file.data, x, cache=":memory"), compiled(file.data, x, cache=None))


def stored_inputs(data: bytes, x: np.ndarray) -> np.ndarray:
    tensor = inspect(data).signatures["predict"].inputs["x"]
    return np.clip(np.rint(x / tensor.scales[0]) + tensor.zero_points[0], -128, 127).astype(np.int8)


def compiled(data: bytes, x: np.ndarray, cache: str | None) -> np.ndarray:
    """All outputs of a file in the compiled runtime, one after another."""
    cpu = CpuOptions(num_threads=1, xnnpack_weight_cache_path=cache) if cache else CpuOptions(num_threads=1)
    model = CompiledModel.from_buffer(data, options=Options(HardwareAccelerator.CPU, cpu_options=cpu))
    inputs, outputs = model.create_input_buffers(0), model.create_output_buffers(0)
    inputs[0].write(np.ascontiguousarray(x))
    model.run_by_index(0, inputs, outputs)
    return np.concatenate([buffer.read(4, np.int8) for buffer in outputs])


def test_calibration_is_needed_and_int16x8_takes_no_recurrence(converter):
    model = model_of(layers.GRU(4, name="memory"))
    with pytest.raises(ConversionError, match="`int8` needs calibration"):
        lowered(converter, model, "int8", calibration=None)
    with pytest.raises(ConversionError, match="`memory` is recurrent"):
        lowered(converter, model, "int16x8")


def test_a_bias_of_equal_numbers(converter):
    """The converter stores one for every channel, on the scale of the first, where ranges are by fake quantisation."""
    x = Input((8, 4), name="x")
    layer = layers.SimpleRNN(6)
    model = Model(x, {"h": layer(x)})
    kernel, recurrent, bias = layer.get_weights()
    layer.set_weights([kernel * np.linspace(0.1, 2, 6), recurrent, np.full_like(bias, 0.7)])
    model = deployed(model)
    assert root_mean_square(model, lowered(converter, model, "int8").data) < 0.1
    assert worst_error(model, lowered(converter, model).data) <= 1e-6


def test_all_calls_of_a_layer_compute_on_one_grid(converter):
    """The second call reads numbers three times as large: one step, converted once, serves both."""
    x, wide = Input((6, 4), name="x"), Input((9, 4), name="wide")
    shared = layers.GRU(8, name="shared")
    model = ready(Model([x, wide], {"near": shared(x), "far": shared(wide * 3)}))
    unrolled, blocked = (lowered(converter, model, "int8", form=form) for form in ("unrolled", "blocked"))
    assert root_mean_square(model, unrolled.data) < 0.1
    examples = examples_of(model, 6)
    one, other = (stored_answers(file.data, examples) for file in (unrolled, blocked))
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])
    products = [operator for operator in inspect(unrolled.data).operators if operator.name == "FULLY_CONNECTED"]
    steps = [operator for operator in products if operator.outputs[0].shape == (1, 24)]
    assert len(steps) == 5 + 8, "the product of a first state, zeros, is a constant"
    grids = {8: [], 16: [], 24: []}  # the candidate's and the gates' projection, the step: by their width
    for operator in products:
        result = operator.outputs[0]
        grids[result.shape[-1]].append((operator.inputs[0].scales, result.scales, result.zero_points))
    assert [(len(found), len(set(found))) for found in grids.values()] == [(2, 1), (2, 1), (len(steps), 1)]


def test_a_rest_that_int8_spoils_stays_float(converter, tmp_path):
    """A CONCATENATION puts h and a feature that runs to hundreds on one grid; only the small h decides the answer."""
    x, far = Input((12, 4), name="x"), Input((2,), name="far")
    joined = layers.Concatenate()([layers.GRU(8)(x), far * 300])
    head = layers.Dense(4)
    model = ready(Model([x, far], {"scores": head(joined)}))
    weights, bias = model.get_weights()[-2:]
    weights[8:] *= 1e-4
    model.set_weights([*model.get_weights()[:-2], weights, bias])
    file = lowered(converter, model, "int8")
    assert "float rest" in file.int8_scheme.split(", ")
    assert file.float_islands["FULLY_CONNECTED"]
    assert root_mean_square(model, file.data) < 0.1
    assert {tensor.dtype for tensor in inspect(file.data).signatures["predict"].inputs.values()} == {"int8"}
    assert all(gate.passed for gate in float_gates(file, tmp_path))
    assert not all(gate.passed for gate in float_gates(replace(file, int8_scheme="all int8"), tmp_path))


@pytest.mark.parametrize("scheme", [alternatives[0] for alternatives in SCHEMES[:-1]], ids=lambda scheme: scheme.name)
def test_the_table_has_what_a_recipe_leaves_float(scheme, converter, monkeypatch, tmp_path):
    """In loops and in the steps after the last whole block."""
    monkeypatch.setattr("zoo.export.lowering.integer.files.SCHEMES", ((scheme,),))
    x = Input((19, 4), name="x")
    h = layers.Bidirectional(layers.LSTM(4, return_sequences=True))(layers.Masking()(x))
    h = layers.GRU(4, return_sequences=True, activation="relu")(h)
    last, state = layers.GRU(4, reset_after=False, return_state=True)(h)
    late = layers.SimpleRNN(4)(x, initial_state=state)
    model = ready(Model(x, {"scores": layers.Dense(3)(layers.Concatenate()([last, late]))}))
    file = lowered(converter, model, "int8", form="blocked")
    assert file.int8_scheme.startswith(scheme.name)
    assert all(gate.passed for gate in float_gates(file, tmp_path)), file.float_islands


def float_gates(file: Lowered, folder: Path) -> list[Gate]:
    path = folder / "int8.tflite"
    path.write_bytes(file.data)
    return graph_gates("int8", read_graph(path), file.int8_scheme)


class Counting(Converter):
    """A converter that notes which functions it was asked for."""

    def convert(self, functions, target, calibration=None):
        self.asked = [*getattr(self, "asked", []), *functions]
        return super().convert(functions, target, calibration)


def test_what_recipes_share_is_converted_once():
    model, examples = integrator()
    with Counting() as converter:
        file = lowered(converter, model, "int8", calibration=examples)
        assert file.int8_scheme != "all int8"
        assert len(set(converter.asked)) == len(converter.asked), converter.asked
        projections = 1
        steps = len(converter.asked) - converter.asked.count("rest") - projections
        assert 2 <= steps <= sum(map(len, SCHEMES)), "a step a scheme, one projection for all"
