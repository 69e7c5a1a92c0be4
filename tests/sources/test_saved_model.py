"""SavedModels: the inference function of one without loops is exported, and what cannot be is named."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from zoo import export_model, runtime
from zoo.errors import InputError
from zoo.sources.graphs.layer import GraphFunction, encoded
from zoo.sources.graphs.saved_model import load_saved_model
from zoo.sources.keras_file import load_keras_file
from zoo.verify.verification import verify_bundle

RNG = np.random.default_rng(0)


class Ranker(tf.Module):
    """Not of Keras: ids and features in, a choice and a number out."""

    def __init__(self):
        super().__init__()
        random = np.random.default_rng(1)  # whatever tests ran before
        self.table = tf.Variable(random.normal(size=(700, 8)).astype("float32"))
        self.kernel = tf.Variable(random.normal(size=(12, 5)).astype("float32"))

    @tf.function(input_signature=[tf.TensorSpec([None, 6], tf.int64, "words"), tf.TensorSpec([None, 4], name="facts")])
    def serve(self, words, facts):
        tf.debugging.assert_non_negative(words)
        both = tf.concat([tf.reduce_mean(tf.gather(self.table, words), 1), facts], 1)
        return {"chosen": tf.nn.softmax(both @ self.kernel), "total": tf.reduce_sum(both, 1, keepdims=True)}


def saved(folder, module, function) -> str:
    tf.saved_model.save(module, str(folder), signatures=function)
    return str(folder)


def function_of(call, *shape: int | None) -> tf.types.experimental.ConcreteFunction:
    return tf.function(call, autograph=False).get_concrete_function(tf.TensorSpec(shape, tf.float32, name="x"))


def test_the_inference_function_is_exported_and_verified(tmp_path):
    ranker = Ranker()
    given = {"words": RNG.integers(0, 700, (64, 6)), "facts": RNG.normal(size=(64, 4)).astype("float32")}
    path = saved(tmp_path / "ranker", ranker, ranker.serve)
    targets = ["saved_model", "float32", "float16", "dynamic_int8", "int8"]
    bundle = export_model(path, targets, out=tmp_path / "out", calibration=given)
    wanted = {name: array.numpy() for name, array in ranker.serve(**given).items()}
    answers = bundle.manifest["answers"]
    assert (bundle.name, list(bundle.targets), answers["chosen"]["of"]) == (
        "ranker",
        targets,
        "probabilities",
    )
    for target, within in {"float32": 1e-5, "float16": 1e-2, "int8": 0.1}.items():
        predictor = runtime.load(bundle.path, target=target)
        for row in range(8):
            found = predictor({name: array[row] for name, array in given.items()})
            for name, rows in wanted.items():
                assert np.abs(np.ravel(found.outputs[name]) - rows[row]).max() <= within * np.ptp(rows)
    assert verify_bundle(bundle).failures == []
    again = load_keras_file(bundle.path / "source.keras")  # by Keras alone
    np.testing.assert_allclose(again(given)["total"], wanted["total"], rtol=1e-6)


@pytest.mark.parametrize("of_keras_2", [False, True])
def test_a_model_that_keras_exported_answers_as_before(of_keras_2, tmp_path):
    kit = tf_keras if of_keras_2 else keras
    x = kit.Input((16, 16, 3))
    y = kit.layers.Conv2D(8, 3, activation="relu")(x)
    y = kit.layers.GlobalAveragePooling2D()(kit.layers.BatchNormalization()(y))
    model = kit.Model(x, kit.layers.Dense(40, activation="sigmoid")(y))
    model.export(str(tmp_path / "saved"), **({} if of_keras_2 else {"verbose": False}))
    images = RNG.normal(size=(3, 16, 16, 3)).astype("float32")
    loaded = load_saved_model(tmp_path / "saved")
    (found,) = loaded(dict.fromkeys(loaded.input, images)).values()
    np.testing.assert_allclose(found, model(images), atol=1e-6)


@pytest.mark.parametrize("of_keras_2", [False, True])
def test_a_loop_is_refused_by_name(of_keras_2, tmp_path):
    kit = tf_keras if of_keras_2 else keras
    model = kit.Sequential([kit.Input((5, 3)), kit.layers.LSTM(4)])
    if of_keras_2:
        model.save(tmp_path / "s", save_format="tf")
    else:
        model.export(str(tmp_path / "s"), verbose=False)
    with pytest.raises(InputError, match=r"SavedModel with a loop, `(Stateless)?While` in `.*lstm") as refused:
        export_model(tmp_path / "s", "float32", out=tmp_path / "out")
    assert ("tf-keras" if of_keras_2 else 'model.save("model.keras")') in refused.value.hint


def test_a_batch_that_is_fixed_is_refused(tmp_path):
    path = saved(tmp_path / "one", tf.Module(), function_of(tf.nn.relu, 1, 8))
    with pytest.raises(InputError, match=r"the input `x` of .* has the shape \(1, 8\): expected a first axis"):
        export_model(path, "float32", out=tmp_path / "out")


READERS = {
    "ReadFile": lambda x: x * tf.strings.to_number(tf.io.read_file("/etc/hostname")),
    "EagerPyFunc": lambda x: tf.py_function(lambda y: y, [x], tf.float32),
}


@pytest.mark.parametrize("operator", READERS)
def test_what_does_more_than_to_compute_is_refused_before_it_is_loaded(operator, tmp_path):
    path = saved(tmp_path / "s", tf.Module(), function_of(READERS[operator], None, 8))
    with pytest.raises(InputError, match=f"`s` is refused: `{operator}` in"):
        export_model(path, "float32", out=tmp_path / "out")


def test_a_file_cannot_bring_such_a_graph_in_a_layer(tmp_path):
    graph = function_of(READERS["ReadFile"], None, 8).graph.as_graph_def()
    with pytest.raises(InputError, match="`g` is refused: `ReadFile`"):
        GraphFunction(encoded(graph), {"x": ("x", "float32")}, {"y": "Identity:0"}, 0, None, {}, name="g")


def test_a_function_that_saves_as_tensorflow_saves_is_refused_too(tmp_path):
    """Beside the function, where TensorFlow saves and restores variables, the same operator is of no harm."""

    def save(x):
        tf.raw_ops.SaveV2(prefix=str(tmp_path / "taken"), tensor_names=["x"], shape_and_slices=[""], tensors=[x])
        return tf.nn.relu(x)

    path = saved(tmp_path / "s", tf.Module(), function_of(save, None, 8))
    with pytest.raises(InputError, match="`s` is refused: `SaveV2` in"):
        export_model(path, "float32", out=tmp_path / "out")
    assert not list(tmp_path.glob("taken*"))


def test_what_is_no_graph_is_named(tmp_path):
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved/saved_model.pb").write_bytes(b"no graph")
    with pytest.raises(InputError, match=r"saved_model.pb` is damaged: it holds no graph"):
        export_model(tmp_path / "saved", "float32", out=tmp_path / "out")


def test_without_signatures_it_is_said(tmp_path):
    tf.saved_model.save(tf.Module(), str(tmp_path / "bare"))
    with pytest.raises(InputError, match="has no signature `serving_default`: found none"):
        export_model(tmp_path / "bare", "float32", out=tmp_path / "out")
