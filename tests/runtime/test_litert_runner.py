"""The runner answers as the Keras model does, in the model's units, whatever the file computes in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_files import BuiltinOperator, Graph, Tensor, apply, file_of, schema

from zoo.errors import BundleError, InputError
from zoo.runtime.engine.litert import LiteRTRunner, TensorInfo

RANGES = {"image": {"image": (0, 255)}, "beat": {"ecg": (-2, 2), "rr": (0, 3)}, "own": {"x": (-1, 1)}}


def random_inputs(name, model):
    random = np.random.default_rng(1)
    shapes = {tensor.name: tuple(tensor.shape) for tensor in model.inputs}
    return {key: random.uniform(*RANGES[name][key], shape).astype(np.float32) for key, shape in shapes.items()}


@pytest.mark.parametrize("target", ["float32", "int8"])
@pytest.mark.parametrize("name", RANGES)
def test_answers_as_keras(bundles, models, name, target):
    inputs = random_inputs(name, models[name])
    runner = LiteRTRunner(bundles / f"{name}.test" / f"{target}.tflite")
    found = runner.run("predict", **inputs)
    expected = {key: np.asarray(value) for key, value in models[name](inputs).items()}
    assert found.keys() == expected.keys()
    for key, values in expected.items():
        scale = max(1.0, float(np.abs(values).max()))
        assert found[key].dtype == np.float32
        np.testing.assert_allclose(found[key], values, atol=scale * (1e-5 if target == "float32" else 0.05))


@pytest.mark.parametrize("target", ["float32", "int8"])
def test_the_same_input_gives_the_same_bits(bundles, models, target):
    runner = LiteRTRunner(bundles / "image.test" / f"{target}.tflite", threads=2)
    image = random_inputs("image", models["image"])["image"]
    first, other, again = (runner.run("predict", image=picture)["logits"] for picture in (image, 0 * image, image))
    assert first.tobytes() == again.tobytes() != other.tobytes()


def test_whole_numbers_are_values_too(bundles):
    """A uint8 picture is the picture, not what a uint8 file stores: the file's scale need not be 1."""
    runner = LiteRTRunner(bundles / "image.test" / "int8.tflite")
    assert runner.signatures["predict"].inputs["image"].scale != 1.0
    picture = np.random.default_rng(2).integers(0, 256, (1, 8, 8, 3), np.uint8)
    whole = runner.run("predict", image=picture)["logits"]
    assert np.array_equal(whole, runner.run("predict", image=picture.astype(np.float32))["logits"])


def test_signatures_say_what_a_file_takes(bundles):
    signature = LiteRTRunner(bundles / "beat.test" / "int8.tflite").signatures["predict"]
    assert {name: (tensor.shape, tensor.dtype) for name, tensor in signature.inputs.items()} == {
        "ecg": ((1, 12, 1), np.int8),
        "rr": ((1, 4), np.int8),
    }
    assert signature.outputs["logits"].shape == (1, 2)


GOOD = {"ecg": np.zeros((1, 12, 1)), "rr": np.zeros((1, 4))}
WRONG = {
    "missing": ({"ecg": GOOD["ecg"]}, "an input of `predict` is missing: `rr`"),
    "unknown": (GOOD | {"rri": GOOD["rr"]}, "`predict` has no input `rri`: expected `ecg`, `rr`"),
    "shape": (GOOD | {"rr": np.zeros((1, 5))}, r"input `rr` has the wrong shape: found \(1, 5\), expected \(1, 4\)"),
    "axes": (GOOD | {"rr": np.zeros(4)}, r"found \(4,\), expected \(1, 4\)"),
    "text": (GOOD | {"rr": np.full((1, 4), "a")}, "wrong kind of numbers: found <U1"),
    "NaN": (GOOD | {"rr": np.full((1, 4), np.nan)}, "holds NaN or infinity, which int8 cannot store"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_arrays_are_refused(bundles, case):
    arrays, message = WRONG[case]
    with pytest.raises(InputError, match=message):
        LiteRTRunner(bundles / "beat.test" / "int8.tflite").run("predict", **arrays)


def test_an_unknown_signature_is_refused(bundles):
    with pytest.raises(InputError, match="has no signature `stream`: it has predict"):
        LiteRTRunner(bundles / "own.test" / "float32.tflite").run("stream", x=np.zeros((1, 10)))


@pytest.mark.parametrize("data", [b"", b"no model at all", b"\x1c\0\0\0TFL3" + bytes(100)])
def test_what_is_no_model_is_refused(tmp_path, data):
    (tmp_path / "a.tflite").write_bytes(data)
    with pytest.raises(BundleError, match=r"a\.tflite` cannot be opened by LiteRT"):
        LiteRTRunner(tmp_path / "a.tflite")


def test_an_operator_of_another_time_is_a_sentence(tmp_path):
    graph, x = Graph(), Tensor((1, 4))
    y = apply(graph, BuiltinOperator.ADD, [x, x], x.like(), schema.AddOptionsT(), version=99)
    (tmp_path / "a.tflite").write_bytes(file_of(graph, {"x": x}, {"y": y}))
    with pytest.raises(BundleError, match=r"cannot be opened by LiteRT: Didn't find op .* 'ADD' version '99'"):
        LiteRTRunner(tmp_path / "a.tflite")


def test_a_missing_file_is_a_sentence(tmp_path):
    with pytest.raises(BundleError, match=r"a\.tflite` cannot be opened by LiteRT: .*No such file"):
        LiteRTRunner(tmp_path / "a.tflite")


stored_as = st.sampled_from([np.dtype(np.int8), np.dtype(np.uint8), np.dtype(np.int16)])
scales = st.floats(2**-16, 2**10, width=32)


@given(stored_as, scales, st.integers(-128, 127), st.integers(-(2**15), 2**15 - 1))
def test_what_is_stored_survives_the_way_out_and_in(dtype, scale, zero_point, number):
    tensor = TensorInfo((1,), dtype, scale, zero_point)
    limits = np.iinfo(dtype)
    stored = np.array([min(max(number, limits.min), limits.max)], dtype)
    assert tensor.quantize(tensor.dequantize(stored)) == stored


@given(stored_as, scales, st.integers(-100, 100), st.floats(-2, 2))
def test_a_value_survives_to_half_a_step(dtype, scale, zero_point, position):
    """Inside the range half a step is lost at most; beyond it the end of the range is stored."""
    tensor = TensorInfo((1,), dtype, scale, zero_point)
    limits = np.iinfo(dtype)
    low, high = (limits.min - zero_point) * scale, (limits.max - zero_point) * scale
    value = low + (high - low) * (position + 1) / 2
    found = float(tensor.dequantize(tensor.quantize(np.array([value])))[0])
    assert abs(found - min(max(value, low), high)) <= 0.501 * scale + 1e-6 * (high - low)
