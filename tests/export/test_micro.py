"""tflite-micro 3674, tensorflow 126061: TFLite Micro runs our files of four LSTM layers; stock ones go wrong or hang.

The interpreter is that of the package `tflite-micro`, in an environment of its own.
"""

import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from lowered_models import examples_of, file_answers, four_lstm_layers, keras_answers, lowered

from zoo.runtime.engine.flatbuffer import inspect

SCRIPT = Path(__file__).with_name("_micro.py")
MOST_INPUTS = 10
"""Of a CONCATENATION on TFLite Micro."""
PATIENCE = 60
"""Seconds after which a file is said to hang: ours takes a second."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def micro(tmp_path_factory):
    """A function that runs a file on an input, (1, ...): its output, or None where it does not end."""
    folder = tmp_path_factory.mktemp("micro")
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    python = folder / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "tflite-micro"], check=True)

    def run(data: bytes, x: np.ndarray) -> np.ndarray | None:
        model, given, wanted = (folder / name for name in ("model.tflite", "given.npy", "wanted.npy"))
        model.write_bytes(data)
        np.save(given, x)
        try:
            subprocess.run([python, SCRIPT, model, given, wanted], check=True, capture_output=True, timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            return None
        return np.load(wanted)

    return run


def stock(model: keras.Model) -> bytes:
    """The same as Keras's users convert it, its batch fixed."""
    x = keras.Input(batch_shape=(1, *model.inputs[0].shape[1:]))
    converter = tf.lite.TFLiteConverter.from_keras_model(keras.Model(x, model({"x": x})))
    return converter.convert()


@pytest.mark.parametrize("length", [10, 100])
@pytest.mark.parametrize("form", ["unrolled", "blocked"])
def test_ours_run_right(length, form, micro, converter):
    model = four_lstm_layers(length)
    examples = examples_of(model, 1)
    data = lowered(converter, model, form=form).data
    joined = [step for step in inspect(data).operators if step.name == "CONCATENATION"]
    assert all(len(step.inputs) <= MOST_INPUTS for step in joined)
    (wanted,) = keras_answers(model, examples).values()
    np.testing.assert_allclose(micro(data, examples["x"]), wanted, atol=1e-5)


def test_int8_is_as_near_to_keras_as_on_litert(micro, converter):
    model = four_lstm_layers(10)
    data = lowered(converter, model, "int8", form="blocked").data
    (given,), (result,) = (ends.values() for ends in _ends(data))
    examples = examples_of(model, 3)
    (wanted,) = keras_answers(model, examples).values()
    stored = np.clip(np.rint(examples["x"] / given.scales[0]) + given.zero_points[0], -128, 127).astype(np.int8)
    found = np.concatenate([micro(data, one[None]) for one in stored])
    found = (found.astype(np.float32) - result.zero_points[0]) * result.scales[0]
    (on_litert,) = file_answers(data, examples).values()
    assert np.abs(found - wanted).mean() <= 1.2 * np.abs(on_litert - wanted).mean()


def _ends(data: bytes):
    (signature,) = inspect(data).signatures.values()
    return signature.inputs, signature.outputs


def test_the_stock_file_is_wrong_at_10_steps_and_hangs_at_100(micro):
    """If this fails, Micro has been mended: then say so where the documentation warns."""
    model = four_lstm_layers(10)
    examples = examples_of(model, 1)
    (wanted,) = keras_answers(model, examples).values()
    assert np.abs(micro(stock(model), examples["x"]) - wanted).max() > 1e-3
    assert micro(stock(four_lstm_layers(100)), examples_of(four_lstm_layers(100), 1)["x"]) is None
