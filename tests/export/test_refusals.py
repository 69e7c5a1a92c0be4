"""What cannot be exported is refused before conversion: by name, with the reason and a way out; nothing is written."""

import keras
import numpy as np
import pytest
from keras import Input, Model, Sequential, layers
from own_cells import ErrorFunctionCell, ForgetfulCell
from user_models import Subclassed, open_time, sequence, sequential, sequential_lstm

from zoo.errors import ConversionError, InputError, UnknownNameError, ZooError
from zoo.export import export_model


def of(layer: keras.Layer) -> Model:
    """A model of one layer over a short signal."""
    x = sequence()
    return Model(x, layer(x))


def frames(*shape: int):
    return Input((4, *shape), name="frames")


def film():
    x = frames(4, 4, 4, 2)
    return Model(x, layers.ConvLSTM3D(2, 3, name="film")(x))


def cell(make):
    return lambda: of(layers.RNN(make(3), name="odd"))


@keras.saving.register_keras_serializable("tests.refusals")
class Reversed(layers.RNN):
    """A recurrence that repeats its cell in its own way."""

    def inner_loop(self, sequences, initial_state, mask, training=False):
        return super().inner_loop(keras.ops.flip(sequences, 1), initial_state, mask, training)


def own_loop():
    return of(Reversed(layers.LSTMCell(3), name="odd"))


def open_picture():
    x = Input((None, None, 3), name="picture")
    return Model(x, layers.GlobalAveragePooling2D()(x))


def text():
    words = Input((), name="words", dtype="string")
    return Model(words, layers.TextVectorization(vocabulary=["a"], output_sequence_length=2)(words))


def half_weights():
    return of(layers.Dense(2, name="half", dtype="float16"))


def quantised_by_keras():
    model = of(layers.Dense(2, name="small"))
    model.get_layer("small").quantize("int8")
    return model


def of_ids(layer: keras.Layer) -> Model:
    x = Input((3,), name="ids", dtype="int64")
    return Model(x, layer(x))


def tokens():
    x = Input((6,), name="tokens", dtype="int32")
    return Model(x, layers.Flatten()(layers.Embedding(5, 2)(x)))


REFUSED = {
    "ConvLSTM3D, dynamic_int8": (
        film,
        {"targets": ["float32", "dynamic_int8"]},
        ConversionError,
        "CONV_3D .*`dynamic_",
    ),
    "ConvLSTM3D, int8": (film, {"targets": "int8"}, ConversionError, "layer `film` is a ConvLSTM3D.*`int8`"),
    "cell that assigns": (
        cell(ForgetfulCell),
        {},
        ConversionError,
        "layer `odd` .*`ForgetfulCell`.* writes to a variable",
    ),
    "cell of no built-ins": (cell(ErrorFunctionCell), {}, ConversionError, "layer `odd` .*`ErrorFunctionCell`.*Erfinv"),
    "loop of its own": (own_loop, {}, ConversionError, "layer `odd` .*: `Reversed` overrides `inner_loop`"),
    "subclassed model": (Subclassed, {}, ConversionError, "model `subclassed.*` does not know its inputs"),
    "unbuilt Sequential": (lambda: Sequential([layers.Dense(2)]), {}, ConversionError, "does not know its inputs"),
    "open time axis": (open_time, {}, InputError, r"time axis of input `signal` .* found \(None, None, 3\)"),
    "open picture": (open_picture, {"length": 8}, InputError, "axis 2 of input `picture` is of unknown size"),
    "length without need": (sequential_lstm, {"length": 8}, InputError, "no input has a time axis of unknown length"),
    "a table": (
        lambda: of_ids(layers.StringLookup(vocabulary=["cat", "dog"], invert=True, name="words")),
        {},
        ConversionError,
        "layer `words` .*StringLookup.* looks its input up in a table",
    ),
    "text": (text, {}, ConversionError, "input `words` takes text"),
    "half weights": (half_weights, {}, ConversionError, "layer `half` has weights in float16"),
    "quantised by Keras": (quantised_by_keras, {}, ConversionError, "layer `small` was quantised by Keras"),
    "int16x8, recurrent": (sequential_lstm, {"targets": "int16x8"}, ConversionError, "layer `lstm.*` is recurrent"),
    "int16x8, int32 input": (tokens, {"targets": "int16x8"}, ConversionError, "input `tokens` is int32"),
    "stream as a form": (
        sequential_lstm,
        {"form": "stream"},
        InputError,
        "`stream` is a part, no form of a recurrence",
    ),
    "chunk without stream": (sequential_lstm, {"chunk": 2}, InputError, "`chunk` is about the part `stream`: found 2"),
    "chunk of none": (sequential_lstm, {"stream": True, "chunk": 0}, InputError, "wrong value of `chunk`: found 0"),
    "stream of int16x8": (
        sequential,
        {"stream": True, "targets": "int16x8"},
        InputError,
        "`int16x8` has no part `stream`",
    ),
    "stream of what looks ahead": (
        lambda: of(layers.Bidirectional(layers.GRU(2), name="both")),
        {"stream": True},
        ConversionError,
        "looks ahead: layer `both` .* reads the sequence from its end too",
    ),
    "unknown form": (sequential_lstm, {"form": "rolled"}, InputError, "unknown form: `rolled`"),
    "unknown runtime": (sequential_lstm, {"runtime": "tpu"}, InputError, "unknown runtime: `tpu`"),
    "no budget": (sequential_lstm, {"size_budget": 0}, InputError, "wrong value of `size_budget`: found 0"),
    "too small a budget": (sequential_lstm, {"size_budget": 99}, ConversionError, "more than the budget of 99"),
    "micro": (sequential, {"targets": "micro"}, InputError, "the target `micro` is not exported yet"),
    "onnx": (sequential, {"targets": ["float32", "onnx"]}, InputError, "the target `onnx` is not exported yet"),
    "unknown target": (sequential, {"targets": "flaot32"}, UnknownNameError, "unknown target: `flaot32`.*`float32`"),
    "no target": (sequential, {"targets": []}, InputError, "no target was asked for"),
    "batch of none": (sequential, {"batch_size": 0}, InputError, "wrong value of `batch_size`: found 0"),
    "int8 ends": (sequential, {"targets": "int8", "int8_io": "int4"}, InputError, "wrong value of `int8_io`"),
    "int8 ends of int16": (
        sequential,
        {"targets": "int16x8", "int8_io": "int8"},
        InputError,
        "about the target `int8`",
    ),
    "no calibration": (sequential, {"targets": "int8"}, InputError, "need calibration: found none"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_by_name(case, tmp_path):
    build, options, error, message = REFUSED[case]
    with pytest.raises(error, match=message) as caught:
        export_model(build(), options.pop("targets", "float32"), out=tmp_path / "out", name="model", **options)
    assert caught.value.hint or error is not ConversionError
    assert not list(tmp_path.glob("out/*"))


def test_what_tensorflow_runs_is_no_matter_of_lowering(tmp_path):
    """The way out that the refusals name: the SavedModel takes every recurrence."""
    bundle = export_model(own_loop(), "saved_model", out=tmp_path, name="reversed")
    assert bundle.targets == ("saved_model",)


@pytest.mark.usefixtures("converter")
def test_an_operator_that_is_not_built_in_is_an_error(tmp_path):
    @keras.saving.register_keras_serializable("tests.refusals")
    class ErrorFunction(layers.Layer):
        def call(self, inputs):
            return keras.ops.erfinv(inputs)

    with pytest.raises(ConversionError, match="Erfinv"):
        export_model(of(ErrorFunction()), "float32", out=tmp_path / "out", name="odd")
    assert not list((tmp_path / "out").iterdir())


class Unregistered(layers.Layer):
    """A class that only this process knows."""

    def call(self, inputs):
        return inputs + 1


def test_a_class_that_only_a_file_names_is_refused(tmp_path):
    of(Unregistered(name="mine")).save(tmp_path / "mine.keras")
    with pytest.raises(InputError, match=r"layer `mine` .* neither Keras's nor registered: .*Unregistered`") as caught:
        export_model(tmp_path / "mine.keras", "float32", out=tmp_path / "out")
    assert "--custom" in caught.value.hint


@pytest.mark.usefixtures("converter")
def test_the_classes_of_a_model_object_are_at_hand(tmp_path):
    assert export_model(of(Unregistered()), "float32", out=tmp_path, name="mine").targets == ("float32",)


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        (3, InputError, "a int cannot be exported"),
        ("no_such_model", UnknownNameError, "unknown model: `no_such_model`"),
        ("resnet_tiny.nothing", UnknownNameError, "not a pretrained tag"),
        ("runs/nothing", InputError, "found nothing"),
        ("missing.keras", InputError, "not a `.keras` file: `missing.keras`"),
    ],
)
def test_what_is_no_model_is_refused(model, error, message, tmp_path):
    with pytest.raises(error, match=message):
        export_model(model, "float32", out=tmp_path / "out")


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"is neither a bundle nor a run: found a folder without `manifest\.json`"):
        export_model(tmp_path, "float32", out=tmp_path / "out")


@pytest.mark.parametrize("name", ["", "...", "模型"])
def test_a_name_of_which_nothing_is_left_is_refused(name, tmp_path):
    with pytest.raises(InputError, match=r"no bundle can be called") as caught:
        export_model(sequential(), "float32", out=tmp_path / "out", name=name or " ")
    assert "--name" in caught.value.hint


def test_a_model_of_the_zoo_keeps_its_name(tmp_path):
    with pytest.raises(InputError, match="keeps its name"):
        export_model("resnet_tiny", "float32", out=tmp_path, name="mine")


def test_what_is_no_bundle_is_not_replaced(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "thesis.txt").write_text("ten years")
    with pytest.raises(InputError, match="is in the way: it is not a bundle"):
        export_model(sequential(), "float32", out=tmp_path, name="model")
    with pytest.raises(InputError, match="is a file"):
        export_model(sequential(), "float32", out=tmp_path / "model" / "thesis.txt", name="model")
    assert (tmp_path / "model" / "thesis.txt").read_text() == "ten years"


def test_every_refusal_is_the_users_to_mend():
    assert all(issubclass(error, ZooError) and error.exit_code == 2 for _, _, error, _ in REFUSED.values())
    assert np.all([message for *_, message in REFUSED.values()])
