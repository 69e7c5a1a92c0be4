"""Convolutions and poolings over time in a stream: each row of the whole comes, in order, none too early."""

import keras
import numpy as np
import pytest
from keras import Model, layers, ops
from lowered_models import examples_of, keras_answers, lowered, ready, stored_answers
from streamed_models import frames, stream_in_keras, streamed_answers

from zoo import runtime
from zoo.export import export_model
from zoo.export.streaming.part import stream_of


def unpadded():
    """As most keyword spotters have it: a recurrence over convolutions without padding."""
    x = frames()
    h = layers.Conv1D(5, 3, activation="relu", name="near")(x)
    h = layers.SeparableConv1D(5, 2, dilation_rate=4, name="far")(h)
    h = layers.GRU(4, return_sequences=True, name="memory")(h)
    return Model(x, {"each": layers.Dense(3)(h), "last": layers.Dense(2)(layers.GRU(3, name="end")(h))})


def front_padded():
    """kws_streaming 1613: causal by hand."""
    x = frames()
    h = layers.SeparableConv1D(5, 5, name="causal")(layers.ZeroPadding1D((4, 0))(x))
    h = layers.Conv1D(4, 5, name="half")(layers.ZeroPadding1D((2, 0))(h))
    return Model(x, {"each": layers.GRU(4, return_sequences=True)(h)})


def late():
    """Convolutions that look ahead: what comes is late."""
    x = frames()
    h = layers.Conv1D(5, 3, padding="same", name="one")(x)
    h = layers.DepthwiseConv1D(5, padding="same", name="two")(layers.ReLU()(h))
    return Model(x, {"each": layers.GRU(3, return_sequences=True)(h)})


def strided():
    x = frames()
    h = layers.Conv1D(5, 5, strides=2, padding="causal", name="half")(x)
    h = layers.MaxPooling1D(2)(h)
    return Model(x, {"each": layers.Dense(2)(h), "last": layers.LSTM(3, name="end")(h)})


def strided_without_padding():
    x = frames()
    h = layers.AveragePooling1D(3, strides=2, name="mean")(layers.Conv1D(5, 4, strides=1, name="long")(x))
    return Model(x, {"each": layers.GRU(3, return_sequences=True, name="end")(h)})


def of_features():
    """Layers that act on the features of a frame."""
    x = frames(6)
    h = layers.EinsumDense("btf,fg->btg", (None, 8), bias_axes="g")(x)
    h = layers.PReLU(shared_axes=[1])(layers.RMSNormalization()(h))
    h = h[..., :4] * ops.sigmoid(h[..., 4:])
    h = layers.UnitNormalization()(layers.GRU(5, return_sequences=True)(h))
    one, two = ops.split(h - ops.mean(h, axis=-1, keepdims=True), [2], axis=-1)
    return Model(x, {"each": layers.Dense(3)(ops.concatenate([one, two], axis=-1))})


def without_recurrence():
    x = frames()
    return Model(x, {"each": layers.Conv1D(3, 4, name="only")(x)})


CASES = {
    "no padding": (unpadded, (1, 2, 3)),
    "zeros in front": (front_padded, (1, 2)),
    "padding on both sides": (late, (1,)),
    "strides": (strided, (4, 12)),
    "strides, no padding": (strided_without_padding, (2, 4)),
    "features": (of_features, (1, 3)),
    "no recurrence": (without_recurrence, (1, 5)),
}


def cut(whole: dict[str, np.ndarray], found: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The whole's rows as far as a stream goes: zeros behind the end never come."""
    return {name: whole[name][:, : array.shape[1]] if array.ndim > 2 else whole[name] for name, array in found.items()}


@pytest.mark.parametrize(("name", "chunk"), [(name, chunk) for name, (_, chunks) in CASES.items() for chunk in chunks])
def test_streamed_equals_whole(name, chunk):
    model = ready(CASES[name][0]())
    stream, examples = stream_of(model, chunk), examples_of(model, 2)
    fed = {key: array[:, : array.shape[1] // chunk * chunk] for key, array in examples.items()}
    found, whole = stream_in_keras(stream, batch=2).feed(**fed), keras_answers(model, examples)
    for output, wanted in cut(whole, found).items():
        assert found[output].size > 0
        np.testing.assert_allclose(found[output], wanted, atol=1e-5, err_msg=output)
    if not name.startswith("padding") and fed["x"].shape == examples["x"].shape:
        assert all(found[output].shape == whole[output].shape for output in whole)


@pytest.mark.parametrize("target", ["float32", "int8"])
@pytest.mark.parametrize("name", CASES)
def test_a_file_streams_as_its_whole_answers(name, target, converter):
    build, (chunk, *_) = CASES[name]
    model = ready(build())
    stream, examples = stream_of(model, chunk), examples_of(model)
    data = lowered(converter, model, target, stream=stream).data
    found, whole = streamed_answers(data, stream, examples), stored_answers(data, examples, "predict")
    for output, wanted in cut(whole, found).items():
        atol = 0 if target == "int8" else 1e-5
        np.testing.assert_allclose(found[output].astype(float), wanted.astype(float), rtol=0, atol=atol, err_msg=output)


def test_what_has_not_come_yet_is_no_answer():
    """Two frames fill the window of the first convolution, four more that of the second."""
    model = ready(unpadded())
    stream, x = stream_of(model, 1), examples_of(model, 1)["x"]
    assert stream.after == dict.fromkeys(("memory_h", "end_h", "each", "last"), 6)
    stream = stream_in_keras(stream, batch=1)
    early = stream.feed(x=x[:, :6])
    assert early["each"].shape == (1, 0, 3)
    assert early["last"].shape == (0, 2)
    first = stream.feed(x=x[:, 6:7])
    np.testing.assert_allclose(first["each"], keras_answers(model, {"x": x})["each"][:, :1], atol=1e-5)
    assert first["last"].shape == (1, 2)
    stream.begin()
    assert not stream.feed(x=x[:, :1])["last"].size


@pytest.mark.usefixtures("converter")
def test_a_bundle_says_from_when_on_it_answers(tmp_path):
    keras.utils.set_random_seed(3)
    calibration = {"x": np.random.default_rng(0).normal(size=(60, 12, 4))}
    options = {"out": tmp_path, "name": "spotter", "calibration": calibration, "stream": True, "chunk": 2}
    bundle = export_model(unpadded(), ["float32", "int8"], **options)
    assert bundle.targets == ("float32", "int8")
    part = bundle.parts["stream"]
    assert part["state"]["memory_h"]["after"] == part["outputs"]["each"]["after"] == 6
    assert "after" not in part["state"]["near_window"]
    assert bundle.card["artifacts"]["int8"]["streaming"]["max_abs"] == 0
    stream = runtime.load(bundle, "int8").stream()
    x = np.random.default_rng(1).normal(size=(12, 4)).astype(np.float32)
    answers = [stream.feed(chunk).outputs for chunk in np.split(x, 6)]
    rows = [answer["each"] for answer in answers]
    assert [each.shape[1] for each in rows] == [0, 0, 0, 2, 2, 2]
    assert [len(answer["last"]) for answer in answers] == [0, 0, 0, 1, 1, 1]
    whole = runtime.load(bundle, "int8")(x).outputs
    np.testing.assert_array_equal(np.concatenate(rows, 1), whole["each"])


def test_a_stride_makes_fewer_rows():
    assert stream_of(ready(strided()), 4).model.output["each"].shape[1] == 1
