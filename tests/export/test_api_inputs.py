"""Inputs through `export_model` and the runtime: ids by their own tables, ends of int8, what the card says of them."""

import keras
import numpy as np
import pytest
from keras import Input, Model, layers

from zoo import export_model, runtime
from zoo.errors import InputError


def translator() -> Model:
    keras.utils.set_random_seed(0)
    words = keras.initializers.RandomNormal(stddev=1)
    source, target = Input((5,), name="source"), Input((4,), name="target", dtype="int32")
    state = layers.GRU(4)(layers.Embedding(40, 4, words)(source))
    steps = layers.GRU(4, return_sequences=True)(layers.Embedding(30, 4, words)(target), initial_state=state)
    return Model([source, target], layers.Dense(30)(steps))


def sentences(count: int, seed: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    return {
        "source": random.integers(0, 40, (count, 5)).astype(np.float32),
        "target": random.integers(0, 30, (count, 4)).astype(np.int32),
    }


def test_two_vocabularies_are_each_their_inputs_own(tmp_path, converter):
    given, examples = sentences(60, 0), sentences(8, 1)
    bundle = export_model(
        translator(), ["float32", "int8"], out=tmp_path, name="model", calibration=given, examples=examples
    )
    inputs = bundle.parts["predict"]["inputs"]
    assert [inputs[name]["range"] for name in ("source", "target")] == [[0, 39], [0, 29]]
    assert bundle.card["artifacts"]["int8"]["kept_inputs"] == {"source": "its numbers are looked up or counted"}
    assert "Input `source` of `int8` holds the numbers that it is given" in (bundle.path / "README.md").read_text(
        "utf-8"
    )
    wanted = runtime.load(bundle, "float32")
    one = {name: array[:1] for name, array in examples.items()}
    (answer,), (float_answer,) = runtime.load(bundle, "int8")(one).outputs.values(), wanted(one).outputs.values()
    np.testing.assert_allclose(answer, float_answer, atol=0.3)
    with pytest.raises(InputError, match="`target` takes 0 to 29"):
        wanted(one | {"target": np.full((1, 4), 30, np.int32)})
    with pytest.raises(InputError, match="`source` takes 0 to 39"):
        wanted(one | {"source": np.full((1, 5), 40.0, np.float32)})


@pytest.mark.parametrize("dtype", ["float32", "int32", "int64"])
def test_ids_beyond_their_table_are_refused_before_anything_runs(dtype, tmp_path):
    ids = Input((6,), name="ids", dtype=dtype)
    model = Model(ids, layers.LSTM(2)(layers.Embedding(98, 2)(ids)))
    given = np.random.default_rng(0).integers(0, 500, (20, 6)).astype(dtype)
    with pytest.raises(InputError, match=r"example \d+ of `ids` holds the number .*: input `ids` takes 0 to 97"):
        export_model(model, "int8", out=tmp_path, name="model", calibration={"ids": given})


def test_int8_with_float32_ends(tmp_path, converter):
    x = Input((6, 3), name="x")
    given = {"x": np.random.default_rng(0).normal(size=(60, 6, 3)).astype(np.float32)}
    bundle = export_model(
        Model(x, layers.Dense(2)(layers.GRU(4)(x))),
        "int8",
        out=tmp_path,
        name="model",
        calibration=given,
        examples=given,
        int8_io="float32",
    )
    signature = bundle.card["artifacts"]["int8"]["signatures"]["predict"]
    assert {*signature["inputs"].values(), *signature["outputs"].values()} == {"float32"}
    assert bundle.card["artifacts"]["int8"]["operators"]["QUANTIZE"] >= 1
