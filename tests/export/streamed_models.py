"""Streams in tests: models whose frames come one after another, and what a file answers to them."""

from collections.abc import Collection
from itertools import cycle

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from keras import Input, Model, layers
from lowered_models import CELLS, ready
from own_cells import NormalisedCell

from zoo.export.streaming.part import StreamPart
from zoo.runtime.decode import Stream

LENGTH = 12


def frames(*values: int, name: str = "x"):
    return Input((LENGTH, *(values or (4,))), name=name)


def stack(cell: str) -> Model:
    """Two recurrences, of which one answers after the last frame."""
    x = frames()
    h = CELLS[cell](6, return_sequences=True, name="low")(layers.Dense(5)(x))
    return Model(x, {"each": layers.Dense(3)(h), "last": layers.Dense(2)(CELLS[cell](4, name="high")(h))})


def keywords() -> Model:
    """Keyword spotting: causal convolutions, dilated too, under a GRU; logits after every frame and after the last."""
    x = frames(name="spectrum")
    h = layers.Conv1D(6, 3, padding="causal", name="near")(x)
    h = layers.ReLU()(layers.BatchNormalization()(h))
    h = layers.Conv1D(6, 3, padding="causal", dilation_rate=2, activation="relu", name="far")(h)
    h = layers.GRU(5, return_sequences=True, name="memory")(layers.Dropout(0.2)(h))
    return Model(x, {"each": layers.Dense(3)(h), "last": layers.Dense(3)(layers.GRU(4, name="end")(h))})


def stateful(frames: int = LENGTH) -> Model:
    x = Input(batch_shape=(1, frames, 4), name="x")
    h = layers.LSTM(5, stateful=True, return_sequences=True, name="memory")(x)
    return Model(x, {"each": layers.Dense(2)(h)})


def stepwise() -> Model:
    """Layers that act a step at a time, of every kind."""
    x = frames()
    h = layers.Conv1D(6, 1, activation="relu", name="pointwise")(x)
    h = layers.LayerNormalization()(layers.Add()([h, layers.Dense(6, activation="tanh")(h)]))
    h = layers.Concatenate()([h, layers.TimeDistributed(layers.Dense(2))(h)])
    h = layers.PReLU(shared_axes=[1])(layers.Reshape((LENGTH, 2, 4))(h))
    h = layers.Reshape((LENGTH, 8))(layers.Permute((1, 3, 2))(layers.Softmax()(h))) * 2 - 1
    return Model(x, {"each": layers.SimpleRNN(4, return_sequences=True, name="memory")(h)})


def gated() -> Model:
    """Dilated convolutions in pairs, one the gate of the other, as WaveNet has them (van den Oord et al. 2016)."""
    h, skipped = layers.Dense(4)(x := frames()), []
    for dilation in (1, 2):
        options = {"padding": "causal", "dilation_rate": dilation}
        signal = layers.Conv1D(4, 2, activation="tanh", **options)(h)
        signal = layers.Multiply()([signal, layers.Conv1D(4, 2, activation="sigmoid", **options)(h)])
        skipped.append(layers.Conv1D(3, 1)(signal))
        h = layers.Add()([h, layers.Conv1D(4, 1)(signal)])
    return Model(x, {"each": layers.Dense(3)(layers.ReLU()(layers.Add()(skipped)))})


def called_twice() -> Model:
    """One layer on two ways through time, and both of its states."""
    one, two = frames(name="one"), frames(name="two")
    shared = layers.GRU(4, return_sequences=True, return_state=True, name="shared")
    (first, state), (second, _) = shared(one), shared(two)
    return Model([one, two], {"each": layers.Subtract()([first, second]), "state": state})


def nested() -> Model:
    """A Sequential model in a functional one, and an input that brings no frames."""
    x, side = frames(), Input((3,), name="side")
    inner = keras.Sequential(
        [frames(name="inside"), layers.Conv1D(5, 2, padding="causal", name="conv"), layers.LSTM(4, name="memory")]
    )
    return Model([x, side], {"last": layers.Dense(2)(layers.Concatenate()([inner(x), layers.Dense(3)(side)]))})


def other_cells() -> Model:
    """Cells in a stack, a cell of one's own and a convolutional one."""
    x = frames()
    h = layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)], return_sequences=True, name="stacked")(x)
    picture = layers.ConvLSTM1D(2, 2, name="picture")(layers.Reshape((LENGTH, 4, 1))(x))
    return Model(
        x,
        {
            "each": layers.RNN(NormalisedCell(4), return_sequences=True, name="own")(h),
            "last": layers.Dense(2)(layers.Flatten()(picture)),
        },
    )


STREAMED = {
    **{f"two of {cell}": lambda cell=cell: stack(cell) for cell in CELLS},
    "keyword spotting": keywords,
    "stateful": stateful,
    "layers that act by step": stepwise,
    "gated convolutions": gated,
    "one layer called twice": called_twice,
    "nested, with another input": nested,
    "other cells": other_cells,
}
"""By what is special about each; with weights by `ready`."""
SHORT = ["two of LSTM", "gated convolutions", "keyword spotting", "nested, with another input"]
"""Those that stand for the others where a test takes long."""


def cases(chunks: tuple[int, ...], plain: Collection[str] = tuple(STREAMED)) -> list:
    """Names and chunks as parameters of a test: in the plain run some models, each with a chunk of its own."""
    of_plain = dict(zip(plain, cycle(chunks), strict=False))
    return [
        pytest.param(name, chunk, marks=() if of_plain.get(name) == chunk else pytest.mark.slow)
        for name in STREAMED
        for chunk in chunks
    ]


def made(name: str) -> Model:
    return ready(STREAMED[name]())


def streamed_answers(data: bytes, stream: StreamPart, examples: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What the signature `stream` of a file gives, as it stores it; states go back as they came."""
    runner = Interpreter(model_content=data, num_threads=1).get_signature_runner("stream")
    given, count = runner.get_input_details(), len(next(iter(examples.values())))
    batch = next(iter(given.values()))["shape"][0]
    length, answers = examples[stream.timed_inputs[0]].shape[1], []
    for first in range(0, count, batch):
        group = {name: array[first : first + batch] for name, array in examples.items()}
        states = {name: np.full(given[name]["shape"], zero(given[name]), given[name]["dtype"]) for name in stream.state}
        outputs = []
        for begin in range(0, length - stream.chunk + 1, stream.chunk):
            fed = {
                name: stored(
                    array[:, begin : begin + stream.chunk] if name in stream.timed_inputs else array, given[name]
                )
                for name, array in group.items()
            }
            outputs.append(runner(**fed, **states))
            begun = {name for name in states if begin + stream.chunk > stream.after.get(name, 0)}
            states = {name: outputs[-1][name] if name in begun else value for name, value in states.items()}
        answers.append(
            {
                name: rows_of(np.concatenate([each[name] for each in outputs], 1), stream, name)
                if name in stream.timed_outputs
                else last
                for name, last in outputs[-1].items()
                if name not in states
            }
        )
    return {name: np.concatenate([answer[name] for answer in answers]) for name in answers[0]}


def rows_of(rows: np.ndarray, stream: StreamPart, output: str) -> np.ndarray:
    """Of the rows that a stream gave, those that the whole has too."""
    return rows[:, stream.after.get(output, 0) * stream.model.output[output].shape[1] // stream.chunk :]


def zero(detail: dict) -> int:
    """How a tensor stores 0."""
    return detail["quantization"][1] if detail["quantization"][0] else 0


def stored(values: np.ndarray, detail: dict) -> np.ndarray:
    """Values as a tensor stores them."""
    scale, zero_point = detail["quantization"]
    if not scale:
        return values.astype(detail["dtype"])
    return np.clip(np.rint(values / scale) + zero_point, -128, 127).astype(np.int8)


class KerasRunner:
    """Runs the parts of a model in Keras."""

    def __init__(self, **parts: Model):
        self._parts = parts

    def run(self, signature: str, /, **arrays: np.ndarray) -> dict[str, np.ndarray]:
        found = self._parts[signature](arrays, training=False)
        return {name: np.asarray(value) for name, value in found.items()}


def stream_in_keras(stream: StreamPart, batch: int) -> Stream:
    """The decode loop around a stream in Keras."""
    tensors = stream.model.input
    inputs = {
        name: {"shape": tuple(tensor.shape), "time": name in stream.timed_inputs}
        for name, tensor in tensors.items()
        if name not in stream.state
    }
    outputs = {
        name: {"shape": tuple(tensor.shape), "time": name in stream.timed_outputs, "after": stream.after.get(name, 0)}
        for name, tensor in stream.model.output.items()
        if name not in stream.state
    }
    state = {
        name: {"shape": (batch, *tensors[name].shape[1:]), "dtype": "float32", "after": stream.after.get(name, 0)}
        for name in stream.state
    }
    return Stream(KerasRunner(stream=stream.model), {"inputs": inputs, "outputs": outputs, "state": state})
