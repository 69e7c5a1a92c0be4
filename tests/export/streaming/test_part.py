"""The part `stream` in Keras: streamed equals whole, over the same layers; and what looks ahead is refused by name."""

import keras
import numpy as np
import pytest
from keras import Input, Model, layers
from lowered_models import examples_of, keras_answers
from streamed_models import LENGTH, cases, frames, made, stream_in_keras
from user_models import Squash

from zoo.errors import ConversionError, InputError
from zoo.export.streaming.part import stream_of
from zoo.sources.deployed import deployed
from zoo.sources.keras_file import load_keras_file


@pytest.mark.parametrize(("name", "chunk"), cases((1, 3)))
def test_streamed_equals_whole(name, chunk):
    model = made(name)
    before = {layer.name: layer.get_config() for layer in model._flatten_layers()}
    examples = examples_of(model, 2)
    found = stream_in_keras(stream_of(model, chunk), batch=2).feed(**examples)
    for output, wanted in keras_answers(model, examples).items():
        np.testing.assert_allclose(found[output], wanted, atol=1e-5, err_msg=output)
    assert {layer.name: layer.get_config() for layer in model._flatten_layers()} == before


def test_features_that_are_cut_off_stream_from_a_file_too(tmp_path):
    """Read from a file, the key of a slice is a list."""
    x = Input((LENGTH, 4), name="x")
    Model(x, {"y": layers.GRU(3, return_sequences=True)(x[..., 1:3] * x[:, :, :1])}).save(tmp_path / "cut.keras")
    model = deployed(load_keras_file(tmp_path / "cut.keras"))
    examples = examples_of(model, 2)
    found = stream_in_keras(stream_of(model, 3), batch=2).feed(**examples)
    np.testing.assert_allclose(found["y"], keras_answers(model, examples)["y"], atol=1e-5)


def test_states_are_named_by_their_layers():
    stream = stream_of(made("keyword spotting"), 3)
    shapes = {name: stream.model.input[name].shape[1:] for name in stream.state}
    assert shapes == {"near_window": (2, 4), "far_window": (4, 6), "memory_h": (5,), "end_h": (4,)}
    assert {name: stream.model.output[name].shape[1:] for name in stream.state} == shapes
    assert (stream.timed_inputs, stream.timed_outputs) == (("spectrum",), ("each",))
    assert stream_of(made("one layer called twice"), 1).state == ("shared_h", "shared_2_h")
    assert set(stream_of(made("other cells"), 1).state) >= {"stacked_h_0", "stacked_c_0", "stacked_h_1", "picture_c"}


def of(*stack: keras.layers.Layer, shape: tuple[int, ...] = (LENGTH, 4), dtype: str = "float32"):
    """A chain of layers under a recurrence, or over it where there is one among them."""

    def build() -> Model:
        x = Input(shape, name="x", dtype=dtype)
        y = x
        for layer in stack:
            y = layer(y)
        return Model(x, {"y": y})

    return build


def above(layer: keras.layers.Layer):
    return of(layers.GRU(4, return_sequences=True), layer)


def attention():
    h = layers.GRU(4, return_sequences=True)(x := frames())
    return Model(x, {"y": layers.MultiHeadAttention(1, 2, name="odd")(h, h)})


def decoder():
    """As sequences are translated: the decoder begins where the encoder ends."""
    one, two = frames(name="one"), frames(name="two")
    _, state = layers.GRU(4, return_state=True)(one)
    return Model([one, two], {"y": layers.GRU(4, name="odd")(two, initial_state=state)})


def autoencoder():
    x = frames()
    h = layers.RepeatVector(LENGTH)(layers.LSTM(3)(x))
    return Model(x, {"y": layers.LSTM(3, name="odd", return_sequences=True)(h)})


def joined_to_the_end():
    h, state = layers.GRU(4, return_sequences=True, return_state=True)(x := frames())
    return Model(x, {"y": layers.Add(name="odd")([h, layers.Reshape((1, 4))(state)])})


def backwards_by_hand():
    return Model(x := frames(), {"y": layers.GRU(4)(x[:, ::-1])})


def of_two_lengths():
    one, two = frames(name="one"), Input((5, 4), name="two")
    return Model([one, two], {"y": layers.GRU(4)(one) + layers.GRU(4)(two)})


def unlike_delays():
    h = layers.GRU(4, return_sequences=True)(x := frames())
    return Model(x, {"y": layers.Add(name="odd")([h, layers.Conv1D(4, 5, padding="same")(h)])})


def picked(key: slice):
    h = layers.GRU(4, return_sequences=True)(x := frames())
    odd = h[:, key]
    odd._keras_history.operation.name = "odd"
    return Model(x, {"y": odd})


NAMED = {
    "Bidirectional": (of(layers.Bidirectional(layers.GRU(3), name="odd")), "reads the sequence from its end too"),
    "go_backwards": (of(layers.LSTM(3, go_backwards=True, name="odd")), "goes backwards"),
    "the end of what is late": (
        of(layers.Conv1D(3, 3, padding="same"), layers.GRU(3, name="odd")),
        "answers after the last frame, but its input is late: 1 frames never come",
    ),
    "Conv1D, strides": (
        above(layers.Conv1D(3, 3, padding="causal", strides=2, name="odd")),
        "takes 2 rows for one: `--chunk` must be a multiple of 2 frames",
    ),
    "pooling": (above(layers.MaxPooling1D(name="odd")), "takes 2 rows for one"),
    "padded pooling": (above(layers.AveragePooling1D(3, strides=1, padding="same", name="odd")), "with padding"),
    "more zeros than a kernel reads": (
        of(layers.ZeroPadding1D((4, 0)), layers.Conv1D(3, 3, name="odd"), layers.GRU(3)),
        "made of padding alone",
    ),
    "zeros that a recurrence reads": (of(layers.ZeroPadding1D((4, 0)), layers.GRU(3, name="odd")), "reads the zeros"),
    "a beginning within a chunk": (
        of(layers.Conv1D(3, 2), layers.GRU(3, name="odd"), shape=(12, 4)),
        "begins after 1 frames, which are no whole number of chunks",
        2,
    ),
    "ways of unlike delay": (unlike_delays, "not equally late or long: 0, 2 frames"),
    "letters that mix frames": (above(layers.EinsumDense("btf,ts->bsf", (12, 4), name="odd")), "mixes frames"),
    "picked frames": (lambda: picked(slice(2, None)), "picks frames"),
    "pooling over all": (above(layers.GlobalAveragePooling1D(name="odd")), "pools over all frames"),
    "Flatten": (above(layers.Flatten(name="odd")), "puts all frames into one row"),
    "attention": (attention, "attends to frames that have not come yet"),
    "initial_state": (decoder, "begins with a state that it is given"),
    "autoencoder": (autoencoder, "is known only after the last frame"),
    "Masking": (of(layers.Masking(name="odd"), layers.GRU(3)), "a stream has none to mask"),
    "Embedding(mask_zero)": (
        of(layers.Embedding(5, 3, mask_zero=True, name="odd"), layers.GRU(3), shape=(LENGTH,), dtype="int32"),
        "a stream has none to mask",
    ),
    "another axis for time": (above(layers.Permute((2, 1), name="odd")), "puts another axis in the place of time"),
    "statistics of every frame": (above(layers.BatchNormalization(axis=1, name="odd")), "acts along the time axis"),
    "weights of every frame": (above(layers.PReLU(name="odd")), "has weights of its own for every frame"),
    "a layer of one's own": (above(Squash(name="odd")), "is not known to act a step at a time"),
    "a recurrence in every frame": (
        of(layers.TimeDistributed(layers.GRU(3), name="odd"), layers.GRU(3), shape=(LENGTH, 4, 2)),
        "begins anew in every frame",
    ),
    "the end beside every frame": (joined_to_the_end, "joins every frame to what does not run in time"),
}


@pytest.mark.parametrize("case", NAMED)
def test_what_looks_ahead_is_refused_by_name(case):
    build, reason, *chunk = NAMED[case]
    with pytest.raises(
        ConversionError, match=rf"`stream` of a model that looks ahead: layer `odd` .*{reason}"
    ) as found:
        stream_of(deployed(build()), *(chunk or [1]))
    assert "leave `--stream` out" in found.value.hint


OTHERS = {
    "frames taken by hand": (backwards_by_hand, 1, ConversionError, r"looks ahead: layer `get_item\w*` \(GetItem\)"),
    "nothing remembers": (of(layers.Dense(3)), 1, ConversionError, "no layer of it remembers frames"),
    "no frames": (of(layers.Dense(3), shape=(4,)), 1, ConversionError, "no layer of it remembers frames"),
    "two lengths": (of_two_lengths, 1, ConversionError, "found `one` 12, `two` 5"),
    "a long chunk": (of(layers.GRU(3)), 13, InputError, "found 13, expected at most the 12 frames"),
    "a part of a chunk": (of(layers.GRU(3)), 5, InputError, "`y` answers after the last frame"),
}


@pytest.mark.parametrize("case", OTHERS)
def test_what_has_no_step_is_refused(case):
    build, chunk, kind, message = OTHERS[case]
    with pytest.raises(kind, match=message):
        stream_of(deployed(build()), chunk)


def test_a_chunk_that_does_not_divide_the_length_streams_what_it_can():
    model = deployed(of(layers.GRU(3, return_sequences=True))())
    examples = examples_of(model, 2)
    stream = stream_in_keras(stream_of(model, 5), batch=2)
    found = stream.feed(x=examples["x"][:, :10])["y"]
    np.testing.assert_allclose(found, keras_answers(model, examples)["y"][:, :10], atol=1e-5)
    with pytest.raises(InputError, match=r"found 2 of `x`; .* chunks of 5"):
        stream.feed(x=examples["x"][:, 10:])
