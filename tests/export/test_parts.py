"""A model of several parts: one file holds them all, and any runner answers through the same loop."""

import keras
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from keras import Input, Model, layers
from tiny_plugin import tiny_models

from zoo.export.api import export_model
from zoo.export.lower import lower
from zoo.export.lowering.join import join
from zoo.families import create_model, parts
from zoo.registry import get_spec
from zoo.runtime.engine.flatbuffer import inspect
from zoo.runtime.engine.litert import LiteRTRunner
from zoo.sources.runner import KerasRunner, loop_of
from zoo.verify.running.artifacts import open_artifact

TARGETS = ["saved_model", "float32"]
pytestmark = pytest.mark.slow
ENDS = {"encode": ({"image"}, {"state"}), "step": ({"token", "state"}, {"logits", "state"})}


@pytest.fixture(scope="module")
def captioner(tmp_path_factory, converter):
    """(the bundle of an untrained model that makes captions, its parts in Keras)."""
    with tiny_models():
        keras.utils.set_random_seed(5)
        bundle = export_model("bars_tiny", TARGETS, out=tmp_path_factory.mktemp("parts"))
        keras.utils.set_random_seed(5)
        made = parts(get_spec("bars_tiny"), create_model("bars_tiny"))
    return bundle, {name: part.model for name, part in made.items()}


@pytest.fixture(scope="module")
def saved_model(captioner):
    """Its SavedModel, served by a process that has no zoo."""
    with open_artifact("saved_model", captioner[0].artifact("saved_model"), "encode") as artifact:
        yield artifact


def buffers_of(data: bytes) -> list[bytes]:
    """What is stored in a file, but small things such as axes and shapes."""
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    used = {tensor.buffer for graph in model.subgraphs for tensor in graph.tensors}
    stored = [
        bytes(buffer.data) for number, buffer in enumerate(model.buffers) if number in used and buffer.data is not None
    ]
    return [data for data in stored if len(data) > 64]


def test_one_file_holds_a_signature_a_part(captioner):
    bundle, _ = captioner
    assert bundle.card["artifacts"].keys() == set(TARGETS) == set(bundle.targets)
    found = inspect(bundle.artifact("float32")).signatures
    assert {name: (set(ends.inputs), set(ends.outputs)) for name, ends in found.items()} == ENDS
    assert bundle.manifest["decode"]["loop"] == "autoregressive"
    assert set(bundle.card["artifacts"]["float32"]["answer"]) == set(ENDS)


def test_the_saved_model_has_both_where_there_is_no_zoo(saved_model):
    found = {name: set(inputs) for name, inputs in saved_model.signatures.items()}
    assert found == {name: inputs for name, (inputs, _) in ENDS.items()}


def test_every_weight_is_stored_once(captioner):
    bundle, models = captioner
    stored = buffers_of(bundle.artifact("float32").read_bytes())
    assert len(set(stored)) == len(stored)
    weights = {weight.path: weight for model in models.values() for weight in model.weights}
    assert sum(map(len, stored)) <= 1.1 * sum(4 * np.prod(weight.shape) for weight in weights.values())


@pytest.mark.parametrize("target", ["float32", "float16", "dynamic_int8"])
def test_what_two_parts_share_is_stored_once(converter, target):
    """A layer of 64 x 64 weights in each of two parts, and one that only the second has."""
    keras.utils.set_random_seed(0)
    both, own = layers.Dense(64, name="both"), layers.Dense(48, name="own")
    x, y = Input((64,), name="x"), Input((64,), name="y")
    models = {"first": Model({"x": x}, {"a": both(x)}), "second": Model({"y": y}, {"b": own(both(y))})}
    lowered = {
        name: lower(
            model,
            dict.fromkeys(model.input, ((1, 64), "float32")),
            target,
            converter=converter,
            signature=name,
        )
        for name, model in models.items()
    }
    sizes = sorted(map(len, buffers_of(join(lowered).data)), reverse=True)
    width = {"float32": 4, "float16": 2, "dynamic_int8": 1}[target]
    assert [size for size in sizes if size >= 1024] == [64 * 64 * width, 64 * 48 * width]
    apart = [size for each in lowered.values() for size in map(len, buffers_of(each.data)) if size >= 1024]
    assert sorted(apart) == sorted([64 * 64 * width, 64 * 64 * width, 64 * 48 * width])


@pytest.mark.parametrize("beam", [1, 3], ids=["greedy", "beam"])
def test_all_runners_answer_alike_through_one_loop(captioner, saved_model, beam):
    bundle, models = captioner
    loop = loop_of(bundle.manifest)
    pictures = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 1)).astype(np.float32)
    runners = KerasRunner(models), saved_model, LiteRTRunner(bundle.artifact("float32"))
    found = [[loop.run(runner, {"image": picture[None]}, beam=beam) for picture in pictures] for runner in runners]
    expected, *others = found
    assert len({outputs["tokens"].tobytes() for outputs in expected}) > 1
    for each in others:
        for outputs, right in zip(each, expected, strict=True):
            np.testing.assert_array_equal(outputs["tokens"], right["tokens"])
            np.testing.assert_array_equal(outputs["count"], right["count"])
            np.testing.assert_allclose(outputs["score"], right["score"], atol=1e-5)
