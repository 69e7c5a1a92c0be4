"""Every gate on real files: a good artifact passes all, and each way of being bad is found by the gate for it."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from zoo.verify.examine import examine, measure
from zoo.verify.reference import keras_reference

TARGETS = ("saved_model", "float32", "float16", "dynamic_int8", "int8")


@pytest.fixture(scope="module")
def reference(manifest, trained, recipe):
    return keras_reference(manifest, {"predict": trained}, recipe, None)


@pytest.fixture(scope="module")
def elsewhere(manifest, trained, recipe):
    """What the same model says with other weights: each kernel of the head belongs to the next class."""
    other = keras.models.clone_model(trained)
    other.set_weights([*trained.get_weights()[:-2], *(np.roll(head, 1, -1) for head in trained.get_weights()[-2:])])
    return keras_reference(manifest, {"predict": other}, recipe, None)


def failed(target, path, reference):
    gates, _ = examine(target, path, reference)
    return {gate.name: gate.reason for gate in gates if not gate.passed}


@pytest.mark.parametrize("target", TARGETS)
def test_a_good_artifact_passes(measured, target):
    assert measured.disabled == {}
    names = {gate.name for gate in measured.gates[target]}
    assert {"repeated", "interleaved", "score"} <= names
    assert ("batch equals singles" in names) == (target == "saved_model")  # the others take one example
    assert ("parity" in names) != ("agreement" in names)


@pytest.mark.parametrize("target", TARGETS)
def test_other_weights_are_found(artifacts, elsewhere, target):
    path = artifacts / ("saved_model" if target == "saved_model" else f"{target}.tflite")
    expected = "parity" if target in ("saved_model", "float32", "float16") else "agreement"
    assert expected in failed(target, path, elsewhere)


def test_a_loss_of_score_is_found(artifacts, trained, reference):
    """The other way round: the artifact is the one with the wrong head."""
    worse = replace(reference, keras=replace(reference.keras, metrics={"accuracy": 1.0}), goal=1.0)
    assert {"score", "goal"} <= failed("int8", artifacts / "int8.tflite", worse).keys()


def test_a_wrong_target_is_found(artifacts, reference):
    """A file that was not quantised as its name says."""
    assert "large weights" in failed("dynamic_int8", artifacts / "float32.tflite", reference)
    wrong = failed("int8", artifacts / "dynamic_int8.tflite", reference)
    assert {"inputs and outputs", "float operators"} <= wrong.keys()
    assert "CONV_2D" in wrong["float operators"]
    assert "parity" in failed("float32", artifacts / "dynamic_int8.tflite", reference)


def saved(function, folder, batch=1):
    """A SavedModel of a function of images."""
    module = tf.Module()
    module.count = tf.Variable(0.0)
    image = tf.TensorSpec((batch, 8, 8, 1), tf.float32, name="image")
    module.predict = tf.function(lambda image: {"logits": function(image, module.count)}, input_signature=[image])
    tf.saved_model.save(module, str(folder), signatures={"predict": module.predict})
    return folder


def flat(image):
    return tf.reshape(image, (-1, 64))[:, :10]


def test_state_that_leaks_is_found(tmp_path, reference):
    def leaky(image, count):
        return flat(image) + count.assign_add(1.0)

    converter = tf.lite.TFLiteConverter.from_saved_model(str(saved(leaky, tmp_path / "m")), signature_keys=["predict"])
    converter.experimental_enable_resource_variables = True
    (tmp_path / "float32.tflite").write_bytes(converter.convert())
    assert {"repeated", "interleaved"} <= failed("float32", tmp_path / "float32.tflite", reference).keys()


def test_flex_is_found(tmp_path, reference):
    path = saved(lambda image, count: tf.linalg.inv(tf.reshape(flat(image)[:, :9], (1, 3, 3))), tmp_path / "m")
    converter = tf.lite.TFLiteConverter.from_saved_model(str(path), signature_keys=["predict"])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
    (tmp_path / "float32.tflite").write_bytes(converter.convert())
    found = failed("float32", tmp_path / "float32.tflite", reference)
    assert "FlexMatrixInverse" in found["operators"]
    assert "first run" in found


def test_a_batch_that_is_not_its_examples_is_found(tmp_path, reference):
    path = saved(lambda image, count: flat(image) - tf.reduce_mean(image), tmp_path / "m", batch=None)
    assert "batch equals singles" in failed("saved_model", path, reference)


def test_a_file_of_a_fixed_batch_equals_its_examples(batch_of_four, reference):
    gates, _ = examine("float32", batch_of_four, reference)
    assert [gate.passed for gate in gates if gate.name == "batch equals singles"] == [True]
    assert all(gate.passed for gate in gates)


def test_a_saved_model_that_needs_python_is_found(tmp_path, reference):
    """Its code lives in the process that saved it."""

    def in_python(image, count):
        return tf.ensure_shape(tf.numpy_function(np.negative, [flat(image)], tf.float32), (1, 10))

    assert "run without the zoo" in failed("saved_model", saved(in_python, tmp_path / "m"), reference)


def test_what_cannot_be_opened_is_found(tmp_path, artifacts, reference):
    whole = (artifacts / "float32.tflite").read_bytes()
    (tmp_path / "cut.tflite").write_bytes(whole[: len(whole) // 2])
    assert "first run" in failed("float32", tmp_path / "cut.tflite", reference)
    (tmp_path / "empty").mkdir()
    assert "run without the zoo" in failed("saved_model", tmp_path / "empty", reference)


def test_a_failed_target_is_disabled_on_the_card(artifacts, manifest, trained, recipe):
    only = {**manifest, "artifacts": {"float32": {"file": "float16.tflite"}}}
    found = measure(artifacts, only, model=trained, recipe=recipe, made={"int8": {"reason": "the converter failed"}})
    entry = found.card["artifacts"]["float32"]
    assert (entry["status"], entry["file"]) == ("disabled", None)
    assert entry["reason"] == found.disabled["float32"]
    assert "parity: found" in entry["reason"]
    assert entry["metrics"]["accuracy"] > 0.8
    assert found.card["artifacts"]["int8"]["reason"] == "the converter failed"
    assert found.card["artifacts"]["int8"].keys() == entry.keys()
