"""Lowering in tests: models with weights that let gates work, examples, and the answers of Keras and of a file."""

import keras
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from keras import layers

from zoo.export.lower import Lowered, lower
from zoo.sources.deployed import deployed

LONG = 200
"""Steps of a sequence that Keras is traced for."""
CELLS = {
    "LSTM": layers.LSTM,
    "GRU": layers.GRU,
    "GRU, reset before": lambda units, **options: layers.GRU(units, reset_after=False, **options),
    "SimpleRNN": layers.SimpleRNN,
}


def model_of(*stack: keras.layers.Layer, shape: tuple[int, ...] = (12, 4), dtype: str = "float32") -> keras.Model:
    """A chain of layers over one input, `x`."""
    x = keras.Input(shape, name="x", dtype=dtype)
    y = x
    for layer in stack:
        y = layer(y)
    return ready(keras.Model(x, y))


def ready(model: keras.Model, scale: float | None = 0.3) -> keras.Model:
    """The model in its deployed form, with seeded weights, biases too; None leaves those that it has."""
    random = np.random.default_rng(0)
    for weight in model.weights if scale is not None else ():
        variance = "variance" in weight.path
        weight.assign(random.uniform(0.5, 1, weight.shape) if variance else random.normal(0, scale, weight.shape))
    return deployed(model)


def four_lstm_layers(length: int) -> keras.Model:
    """LSTM(128) four times over 32 inputs, with weights that keep rounding as small as it is: larger ones are chaos."""
    x = y = keras.Input((length, 32), name="x")
    for more in (True, True, True, False):
        y = layers.LSTM(128, return_sequences=more)(y)
    return ready(keras.Model(x, y), scale=0.08)


def integrator(units: int = 4, length: int = 40) -> tuple[keras.Model, dict[str, np.ndarray]]:
    """An LSTM that forgets nothing: c runs to tens in a few examples, and hangs on its small values in the others."""
    x = keras.Input((length, 1), name="x")
    layer, head = layers.LSTM(units, name="lstm"), layers.Dense(2)
    model = keras.Model(x, {"scores": head(layer(x))})
    kernel, recurrent, bias = (np.zeros(weight.shape, np.float32) for weight in layer.weights)
    bias[: 2 * units] = 6  # the input and forget gates are open
    kernel[0, 2 * units : 3 * units] = 1
    layer.set_weights([kernel, recurrent, bias])
    head.set_weights([np.tile([[1.0, -1.0]], (units, 1)), np.zeros(2)])
    values = np.random.default_rng(3).normal(0, 0.1, (300, length, 1))
    values[::40] += 1
    return deployed(model), {"x": values.astype(np.float32)}


def masked_model(make, length: int) -> tuple[keras.Model, dict[str, np.ndarray]]:
    """A cell under a mask with every policy, and examples: masks that begin late, are broken, hold for all steps."""
    x = keras.Input((length, 4), name="x")
    masked = layers.Masking()(x)
    state = [layers.Dense(5)(layers.Flatten()(x))] * (2 if make is layers.LSTM else 1)
    held, *states = make(5, return_sequences=True, return_state=True)(masked)
    outputs = {
        "held": held,
        "state": states[-1],
        "zeroed": make(5, return_sequences=True, zero_output_for_mask=True, go_backwards=True)(masked),
        "zeroed last": make(5, zero_output_for_mask=True)(masked),
        "repeated": make(5, return_sequences=True)(masked, initial_state=state),
        "repeated last": make(5, go_backwards=True)(masked, initial_state=state),
        "both": layers.Bidirectional(make(4, return_sequences=True))(masked),
        "both last": layers.Bidirectional(make(4), merge_mode="sum")(masked),
    }
    model = ready(keras.Model(x, outputs))
    examples = examples_of(model, 6)
    examples["x"][2, :3] = examples["x"][3, 4] = examples["x"][4] = 0
    return model, examples


def examples_of(model: keras.Model, number: int = 4, seed: int = 1) -> dict[str, np.ndarray]:
    """Seeded inputs, (number, ...) each: normal floats, token ids 0..4; every second one ends in zeros, as padding."""
    random = np.random.default_rng(seed)
    examples = {}
    for tensor in model.inputs:
        shape = (number, *tensor.shape[1:])
        values = random.integers(0, 5, shape) if "int" in tensor.dtype else random.normal(size=shape)
        if len(shape) in (2, 3):
            values[1::2, 2 * shape[1] // 3 :] = 0
        examples[tensor.name] = values.astype(tensor.dtype)
    return examples


def lowered(converter, model: keras.Model, target: str = "float32", *, batch: int = 1, **options) -> Lowered:
    """`lower` for examples of the model's own shapes; `int8` is calibrated on 60 of `examples_of`."""
    inputs = {tensor.name: ((batch, *tensor.shape[1:]), tensor.dtype) for tensor in model.inputs}
    if target in ("int8", "int16x8"):
        options.setdefault("calibration", examples_of(model, 60, seed=7))
    return lower(model, inputs, target, converter=converter, **options)


def keras_answers(model: keras.Model, examples: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Of a long sequence traced, since step by step Keras takes a hundredth of a second for each of them."""
    if max((array.shape[1] for array in examples.values() if array.ndim > 1), default=0) >= LONG:
        return model.predict_on_batch(examples)
    return {name: np.asarray(value) for name, value in model(examples, training=False).items()}


def stored_answers(data: bytes, examples: dict[str, np.ndarray], signature: str | None = None) -> dict[str, np.ndarray]:
    """What a file gives, as it stores it; every batch is run twice and must give the same bits."""
    interpreter = Interpreter(model_content=data, num_threads=1)
    runner = interpreter.get_signature_runner(signature)
    inputs = runner.get_input_details()
    batch = next(iter(inputs.values()))["shape"][0]
    answers = []
    for first in range(0, len(next(iter(examples.values()))), batch):
        fed = {name: _quantised(array[first : first + batch], inputs[name]) for name, array in examples.items()}
        answer, again = runner(**fed), runner(**fed)
        for name in answer:
            np.testing.assert_array_equal(answer[name], again[name])
        answers.append(answer)
    return {name: np.concatenate([answer[name] for answer in answers]) for name in answers[0]}


def file_answers(data: bytes, examples: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same in the model's own units."""
    outputs = Interpreter(model_content=data).get_signature_runner().get_output_details()
    return {name: _real(stored, outputs[name]) for name, stored in stored_answers(data, examples).items()}


def worst_error(model: keras.Model, data: bytes, examples: dict[str, np.ndarray] | None = None) -> float:
    """The largest difference between file and Keras, in units of the largest answer or 1."""
    examples = examples or examples_of(model)
    wanted, found = keras_answers(model, examples), file_answers(data, examples)
    assert set(wanted) == set(found)
    scale = max(1.0, *(np.abs(array).max() for array in wanted.values()))
    return max(np.abs(wanted[name].astype(np.float32) - found[name]).max() for name in wanted) / scale


def root_mean_square(model: keras.Model, data: bytes, examples: dict[str, np.ndarray] | None = None) -> float:
    """The error of a file over all outputs, in standard deviations of them."""
    examples = examples or examples_of(model, 20)
    wanted, found = keras_answers(model, examples), file_answers(data, examples)
    return max(np.sqrt(np.mean((wanted[name] - found[name]) ** 2)) / np.std(wanted[name]) for name in wanted)


def _quantised(values: np.ndarray, detail: dict) -> np.ndarray:
    scale, zero_point = detail["quantization"]
    if not scale:
        return values.astype(detail["dtype"])
    limits = np.iinfo(detail["dtype"])
    return np.clip(np.rint(values / scale) + zero_point, limits.min, limits.max).astype(detail["dtype"])


def _real(stored: np.ndarray, detail: dict) -> np.ndarray:
    scale, zero_point = detail["quantization"]
    return (stored.astype(np.float32) - zero_point) * scale if scale else stored
