"""What Keras computes in operators that TFLite has not: each against NumPy in float64, all of a kind in one file."""

import math
from itertools import product

import keras
import numpy as np
import pytest
from keras import Input, Model, layers, ops
from lowered_models import examples_of, file_answers, lowered, model_of, ready, root_mean_square

from zoo.export import export_model
from zoo.runtime.engine.flatbuffer import inspect
from zoo.sources.deployed import deployed

CLIP = (4, 7, 6, 2)
EXACT = 1e-6


def answers(converter, outputs, shape, dtype="float32", **options):
    """The examples, and a file's answers to them: `outputs` makes a dict of tensors of one input."""
    model = deployed(Model(x := Input(shape, name="x", dtype=dtype), outputs(x)))
    examples = examples_of(model, 3)
    return examples["x"], file_answers(lowered(converter, model, **options).data, examples)


def windows(length: int, size: int, stride: int, padding: str) -> list[slice]:
    """Of an axis, what is really there of every window."""
    if padding == "valid":
        return [slice(first, first + size) for first in range(0, length - size + 1, stride)]
    count = -(-length // stride)
    before = max((count - 1) * stride + size - length, 0) // 2
    return [slice(max(n * stride - before, 0), n * stride - before + size) for n in range(count)]


def pooled(clips: np.ndarray, size, strides, padding: str, pool) -> np.ndarray:
    """(examples, time, height, width, channels), by definition."""
    axes = [windows(*each, padding) for each in zip(clips.shape[1:4], size, strides, strict=True)]
    found = [pool(clips[:, t, h, w].astype(np.float64), axis=(1, 2, 3)) for t, h, w in product(*axes)]
    return np.stack(found, 1).reshape(len(clips), *map(len, axes), clips.shape[-1])


POOLS = {
    "a frame": ((1, 2, 2), (1, 2, 2), "valid"),
    "frames too": ((2, 2, 2), (2, 2, 2), "same"),
    "time alone": ((3, 1, 1), (1, 1, 1), "same"),
    "unlike strides": ((3, 3, 2), (2, 1, 3), "same"),
    "overlapping": ((2, 3, 3), (1, 2, 1), "valid"),
}


def test_pooling_over_three_axes(converter):
    kinds = {"max": (layers.MaxPooling3D, np.max), "mean": (layers.AveragePooling3D, np.mean)}

    def outputs(x):
        return {
            f"{kind} {name}": kinds[kind][0](size, strides, padding)(x)
            for kind, (name, (size, strides, padding)) in product(kinds, POOLS.items())
        }

    clips, found = answers(converter, outputs, CLIP)
    for kind, (name, pool) in product(kinds, POOLS.items()):
        wanted = pooled(clips, *pool, kinds[kind][1])
        np.testing.assert_allclose(found[f"{kind} {name}".replace(" ", "_")], wanted, rtol=0, atol=EXACT, err_msg=name)


def test_pooling_after_a_convlstm_in_every_target(converter):
    """The video tutorial: ConvLSTM2D and a pooling of its frames; tensorflow 57607, 48023."""
    stack = layers.ConvLSTM2D(2, 3, return_sequences=True), layers.MaxPooling3D((1, 2, 2), padding="same")
    model = model_of(*stack, layers.AveragePooling3D(2), layers.Flatten(), layers.Dense(2), shape=(4, 8, 8, 1))
    for target, bound in {"float32": 1e-5, "dynamic_int8": 0.05, "int8": 0.2}.items():
        file = lowered(converter, model, target)
        assert root_mean_square(model, file.data) < bound
        assert "MAX_POOL_2D" in inspect(file.data).counts()
    assert not file.float_islands


def convolutions(data_format: str) -> dict[str, keras.Layer]:
    options = {"data_format": data_format}
    return {
        "conv1d": layers.Conv1D(4, 3, padding="causal", activation="relu", **options),
        "separable1d": layers.SeparableConv1D(4, 3, **options),
        "transpose1d": layers.Conv1DTranspose(4, 3, strides=2, **options),
        "conv2d": layers.Conv2D(4, 3, padding="same", strides=2, **options),
        "softmax2d": layers.Conv2D(4, 3, **options),
        "depthwise2d": layers.DepthwiseConv2D(3, **options),
        "transpose2d": layers.Conv2DTranspose(4, 3, strides=2, **options),
        "pooling2d": layers.MaxPooling2D(2, **options),
        "up2d": layers.UpSampling2D(2, **options),
        "conv3d": layers.Conv3D(4, 2, **options),
        "pooling3d": layers.AveragePooling3D((1, 2, 2), padding="same", **options),
    }


def of_every_rank(last: bool) -> Model:
    """Convolutions over a line, a picture and a clip, each behind its own input."""
    made = convolutions("channels_last" if last else "channels_first")
    for name, layer in made.items():
        layer.name = name
    inputs, outputs = {}, {}
    for rank, size in enumerate(((9,), (6, 7), (3, 4, 5)), 1):
        x = inputs[f"x{rank}"] = Input((*size, 3) if last else (3, *size), name=f"x{rank}")
        outputs |= {name: layer(x) for name, layer in made.items() if name.endswith(f"{rank}d")}
    if not last:
        outputs["softmax2d"] = ops.softmax(outputs["softmax2d"], axis=-1)
    return Model(inputs, outputs)


def test_channels_first_is_channels_last_between_transposes(converter):
    """tensorflow 43676, 68713: weights of one model in the other."""
    random = np.random.default_rng(0)
    last, first = of_every_rank(True), of_every_rank(False)
    last.set_weights([random.normal(0, 0.3, weight.shape) for weight in last.weights])
    for layer in last.layers:
        first.get_layer(layer.name).set_weights(layer.get_weights())
    first = deployed(first)
    examples = examples_of(first, 3)
    found = file_answers(lowered(converter, first).data, examples)
    wanted = last({name: np.moveaxis(array, 1, -1) for name, array in examples.items()})
    assert wanted.keys() == found.keys()
    for name, value in wanted.items():
        moved = np.moveaxis(np.asarray(value), -1, 1)
        moved = np.asarray(ops.softmax(moved, axis=-1)) if name == "softmax2d" else moved
        np.testing.assert_allclose(found[name], moved, rtol=0, atol=EXACT, err_msg=name)


def test_an_activation_along_an_axis_keeps_its_axis():
    x = Input((3, 6, 5), name="x")
    model = Model(x, {"y": layers.Conv2D(4, 3, activation="softmax", data_format="channels_first")(x)})
    examples = examples_of(form := deployed(model))
    np.testing.assert_allclose(np.asarray(form(examples)["y"]).sum(-1), 1, atol=1e-6)


def test_channels_first_in_int8(converter):
    stack = layers.Conv1D(6, 3, padding="same", data_format="channels_first", activation="relu")
    more = layers.BatchNormalization(axis=1), layers.MaxPooling1D(2, data_format="channels_first")
    model = model_of(stack, *more, layers.Permute((2, 1)), layers.LSTM(5), layers.Dense(3), shape=(4, 16))
    file = lowered(converter, model, "int8")
    assert root_mean_square(model, file.data) < 0.2
    assert not file.float_islands


FUNCTIONS = {
    "arccos": np.arccos,
    "arccosh": np.arccosh,
    "arcsin": np.arcsin,
    "arcsinh": np.arcsinh,
    "arctan": np.arctan,
    "arctanh": np.arctanh,
    "cosh": np.cosh,
    "erf": np.vectorize(math.erf),
    "erfc": np.vectorize(math.erfc),
    "sinh": np.sinh,
    "tan": np.tan,
}


def test_functions_of_one_number(converter):
    def outputs(x):
        inside = 0.99 * ops.tanh(x)
        return {name: getattr(ops, name)({"arccosh": 1 + ops.abs(x)}.get(name, inside)) for name in FUNCTIONS} | {
            "cumprod": ops.cumprod(x, axis=1)
        }

    x, found = answers(converter, outputs, (5, 4))
    x = x.astype(np.float64)
    inside = 0.99 * np.tanh(x)
    for name, function in FUNCTIONS.items():
        wanted = function(1 + np.abs(x) if name == "arccosh" else inside)
        np.testing.assert_allclose(found[name], wanted, rtol=0, atol=5e-6, err_msg=name)
    np.testing.assert_allclose(found["cumprod"], np.cumprod(x, 1), rtol=1e-5, atol=EXACT)


def test_labels_and_sums_with_a_time_code(converter):
    """tensorflow 32999: a decoder that ends in argmax; a constant (1, time, 1) that is added to every feature."""
    code = np.linspace(0, 1, 6, dtype=np.float32)[None, :, None]

    def outputs(x):
        return {
            "label": ops.argmax(x, axis=-1),
            "least": ops.argmin(x, axis=1, keepdims=True),
            "best": ops.top_k(x, 2)[1],
            "coded": x + code,
            "diagonal": ops.diagonal(x[..., :5], axis1=1, axis2=2),
        }

    x, found = answers(converter, outputs, (6, 5))
    np.testing.assert_array_equal(found["label"], x.argmax(-1))
    np.testing.assert_array_equal(found["least"], x.argmin(1, keepdims=True))
    np.testing.assert_array_equal(found["best"], np.argsort(-x, -1, kind="stable")[..., :2])
    np.testing.assert_allclose(found["coded"], x + code, atol=EXACT)
    np.testing.assert_array_equal(found["diagonal"], np.einsum("bii->bi", x[:, :5, :5]))


@pytest.mark.parametrize("target", ["dynamic_int8", "int8"])
def test_a_label_beside_scores_in_integers(target, converter):
    x = Input((8, 3), name="x")
    scores = layers.Dense(5)(layers.GRU(6)(x))
    model = ready(Model(x, {"scores": scores, "label": ops.argmax(scores, axis=-1)}))
    found = file_answers(lowered(converter, model, target).data, examples_of(model, 20))
    np.testing.assert_array_equal(found["label"], found["scores"].argmax(-1))


@pytest.mark.usefixtures("converter")
def test_a_time_code_behind_a_product(tmp_path):
    """tensorflow 43676: TensorFlow fuses the two in a graph, and then fails on the sum."""
    code = np.linspace(0, 1, 6, dtype=np.float32)[None, :, None]
    model = Model(x := Input((6, 4), name="x"), {"y": layers.GRU(3)(layers.Dense(5)(x) + code)})
    bundle = export_model(model, ["saved_model", "float32"], out=tmp_path, name="coded")
    assert bundle.targets == ("saved_model", "float32")


def test_categories_are_counted(converter):
    def outputs(x):
        encoders = {mode: layers.CategoryEncoding(5, output_mode=mode) for mode in ("multi_hot", "count")}
        return {mode: encoder(x) for mode, encoder in encoders.items()}

    ids, found = answers(converter, outputs, (6,), "int32")
    counts = np.stack([np.bincount(row, minlength=5) for row in ids])
    np.testing.assert_array_equal(found["count"], counts)
    np.testing.assert_array_equal(found["multi_hot"], counts > 0)


def test_a_row_of_padding_has_no_length(converter):
    """One over the root of zero is no number in XNNPACK."""

    def outputs(x):
        return {
            "unit": layers.UnitNormalization()(x),
            "cosine": layers.Dot(axes=2, normalize=True)([x, x]),
            "by_hand": x * ops.minimum(ops.rsqrt(ops.sum(x * x, axis=-1, keepdims=True)), 1e6),
        }

    x, found = answers(converter, outputs, (6, 5))
    assert not x[1, -1].any()
    lengths = np.linalg.norm(x.astype(np.float64), axis=-1, keepdims=True)
    unit = x / np.maximum(lengths, 1e-12)
    np.testing.assert_allclose(found["unit"], unit, atol=EXACT)
    np.testing.assert_allclose(found["by_hand"], unit, atol=EXACT)
    np.testing.assert_allclose(found["cosine"], np.einsum("btf,bsf->bts", unit, unit), atol=EXACT)


def hann(length: int) -> np.ndarray:
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)


def framed(x: np.ndarray, size: int, step: int) -> np.ndarray:
    return np.stack([x[..., first : first + size] for first in range(0, x.shape[-1] - size + 1, step)], -2)


def spectrum(x):
    real, imaginary = ops.rfft(x[:, :12])
    wave = ops.irfft((real, imaginary))
    short, tall = ops.stft(x, 20, 8, 32, center=False), ops.stft(x, 32, 16, 32)
    whole = ops.fft((x[:, :12], x[:, 12:24]))
    return {"real": real, "imaginary": imaginary, "wave": wave, "short": short[0], "tall": tall[1], "whole": whole[1]}


def test_fourier_transforms(converter):
    x, found = answers(converter, spectrum, (96,))
    x = x.astype(np.float64)
    halves = np.fft.rfft(x[:, :12])
    window = np.pad(hann(20), 6)
    reflected = np.pad(x, ((0, 0), (16, 16)), mode="reflect")
    wanted = {
        "real": halves.real,
        "imaginary": halves.imag,
        "wave": x[:, :12],
        "short": np.fft.rfft(framed(x, 32, 8) * window).real,
        "tall": np.fft.rfft(framed(reflected, 32, 16) * hann(32)).imag,
        "whole": np.fft.fft(x[:, :12] + 1j * x[:, 12:24]).imag,
    }
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, rtol=0, atol=1e-5 * np.abs(value).max(), err_msg=name)


@pytest.mark.parametrize("target", ["float32", "float16", "dynamic_int8", "int8"])
def test_a_mel_front_needs_no_complex_numbers(target, converter):
    sizes = {"fft_length": 64, "sequence_length": 64, "sequence_stride": 32, "num_mel_bins": 8}
    front = layers.MelSpectrogram(sampling_rate=1000, min_freq=20, max_freq=500, **sizes)
    model = model_of(front, layers.Permute((2, 1)), layers.GRU(6), shape=(256,))
    file = lowered(converter, model, target)
    counts = inspect(file.data).counts()
    assert not {"RFFT2D", "COMPLEX_ABS", "REAL", "IMAG"} & counts.keys()
    assert "CONV_2D" in counts
    bounds = {"float32": 1e-4, "float16": 1e-2, "dynamic_int8": 0.1, "int8": 1}
    assert root_mean_square(model, file.data) < bounds[target]
