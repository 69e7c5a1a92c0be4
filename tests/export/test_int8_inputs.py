"""int8 of inputs that 256 steps do not hold: ids, masks, lengths, unlike features, whole numbers of every width."""

import keras
import numpy as np
import pytest
from keras import Input, Model, layers, ops
from lowered_models import file_answers, keras_answers, lowered, root_mean_square

from zoo.runtime.engine.flatbuffer import inspect
from zoo.runtime.engine.litert import LiteRTRunner
from zoo.sources.deployed import deployed


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(0)


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def int8(converter, model, calibration, **ends):
    """The file, whose inputs may stay float32 unless said otherwise."""
    return lowered(converter, model, "int8", calibration=calibration, int8_io=dict.fromkeys(calibration, "auto") | ends)


def dtypes(file) -> dict[str, str]:
    return {name: tensor.dtype for name, tensor in inspect(file.data).signatures["predict"].inputs.items()}


def padded(value: float, features: int, count: int = 60, seed: int = 0) -> np.ndarray:
    """(count, 12, features) that end in steps of `value` alone, and hold single numbers close to it."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(count, 12, features)).astype(np.float32)
    x[:, 1, 0] = value + 1e-3 if abs(value) < 3 else 1.5
    for row in x:
        row[random.integers(4, 13) :] = value
    return x


@pytest.mark.parametrize(("value", "features"), [(-1.0, 1), (-999.0, 3), (0.0, 1)])
def test_the_mask_is_found_exactly_whatever_its_value(value, features, converter):
    x = Input((12, features), name="x")
    masked = layers.Masking(value)(x)
    steps = layers.GRU(4, return_sequences=True, zero_output_for_mask=True, bias_initializer="ones")(masked)
    model = deployed(Model(x, {"steps": steps, "last": layers.LSTM(4)(masked)}))
    file = int8(converter, model, {"x": padded(value, features)})
    examples = {"x": padded(value, features, 12, seed=1)}
    found = file_answers(file.data, examples)
    np.testing.assert_array_equal((found["steps"] == 0).all(-1), (examples["x"] == np.float32(value)).all(-1))
    assert root_mean_square(model, file.data, examples) < 0.1, "the mask's value takes no room of the range"
    assert dtypes(file) == {"x": "float32"}
    assert file.kept_inputs == {"x": "a mask is found by its numbers"}


def test_a_mask_of_zeros_is_found_among_integers_where_these_are_asked_for(converter):
    x = Input((12, 3), name="x")
    model = deployed(Model(x, layers.GRU(4)(layers.Masking()(x))))
    file = int8(converter, model, {"x": padded(0.0, 3)}, x="int8")
    assert dtypes(file) == {"x": "int8"}
    assert root_mean_square(model, file.data, {"x": padded(0.0, 3, 12, seed=1)}) < 0.1


def test_a_sentinel_that_is_compared_by_hand_takes_no_room_either(converter):
    x = Input((12, 3), name="x")
    mask = ops.any(ops.not_equal(x, -999.0), axis=-1)
    straight, behind = layers.GRU(4)(x, mask=mask), layers.GRU(4)(layers.Dense(4)(x), mask=mask)
    model = deployed(Model(x, {"straight": straight, "behind": behind}))
    file = int8(converter, model, {"x": padded(-999.0, 3)})
    assert root_mean_square(model, file.data, {"x": padded(-999.0, 3, 12, seed=1)}) < 0.1


def test_a_mask_behind_a_product_is_found_among_floats(converter):
    x = Input((12, 3), name="x")
    computed = layers.Dense(5, use_bias=False, activation="relu")(x)
    steps = layers.GRU(4, return_sequences=True, zero_output_for_mask=True, bias_initializer="ones")(
        layers.Masking()(computed)
    )
    model = deployed(Model(x, {"steps": steps}))
    file = int8(converter, model, {"x": padded(0.0, 3)})
    examples = {"x": padded(0.0, 3, 12, seed=1)}
    wanted, found = keras_answers(model, examples), file_answers(file.data, examples)
    np.testing.assert_array_equal((found["steps"] == 0).all(-1), (wanted["steps"] == 0).all(-1))


def test_ids_in_floats_are_looked_up_as_whole_numbers_are(converter):
    """The same layers over float32 and over int32 give the same bits: there are more ids than a grid has steps."""
    table, lstm = layers.Embedding(1000, 6, mask_zero=True, embeddings_initializer="normal"), layers.LSTM(6)
    ids = np.random.default_rng(0).integers(0, 1000, (60, 8))
    answers = {}
    for dtype in ("int32", "float32"):
        tokens = Input((8,), name="tokens", dtype=dtype)
        model = deployed(Model(tokens, {"h": lstm(table(tokens))}))
        file = int8(converter, model, {"tokens": ids.astype(dtype)})
        assert dtypes(file) == {"tokens": dtype}
        answers[dtype] = file_answers(file.data, {"tokens": ids[:20].astype(dtype)})["h"]
    np.testing.assert_array_equal(answers["float32"], answers["int32"])


def test_a_column_of_ids_stays_whole_beside_features(converter):
    x = Input((8, 4), name="x")
    looked_up = layers.Embedding(500, 6, embeddings_initializer="normal")(x[..., 0])
    model = deployed(Model(x, layers.LSTM(6)(layers.Concatenate()([looked_up, x[..., 1:]]))))

    def rows(count: int, seed: int) -> dict[str, np.ndarray]:
        ids = np.random.default_rng(seed).integers(0, 500, (count, 8, 1))
        return {"x": np.concatenate([ids, normal(count, 8, 3, seed=seed)], axis=-1).astype(np.float32)}

    file = int8(converter, model, rows(60, 0))
    assert root_mean_square(model, file.data, rows(20, 1)) < 0.1
    assert dtypes(file) == {"x": "float32"}


SCALES = np.array([1.0, 1e-3, 300.0], np.float32)


def weather(*shape: int, seed: int = 0) -> np.ndarray:
    """Degrees, parts and pascals: (*shape, 3)."""
    return SCALES * normal(*shape, 3, seed=seed) + np.array([20, 0, 1e5], np.float32) * (len(shape) > 1)


def descaled(layer: layers.Layer, kernel: str = "kernel") -> layers.Layer:
    """Weights that make as much of each feature as of the others."""
    weight = getattr(getattr(layer, "cell", layer), kernel)
    weight.assign(np.asarray(weight) / SCALES[:, None])
    return layer


def test_features_of_unlike_magnitude_are_normalised_before_they_are_quantised(converter):
    x, norm = Input((10, 3), name="x"), layers.Normalization()
    norm.adapt(weather(200, 10))
    model = deployed(Model(x, layers.LSTM(6)(norm(x))))
    file = int8(converter, model, {"x": weather(60, 10)})
    assert root_mean_square(model, file.data, {"x": weather(20, 10, seed=1)}) < 0.1
    assert dtypes(file) == {"x": "float32"}
    assert file.kept_inputs == {"x": "its features are of unlike magnitude"}
    assert "FULLY_CONNECTED" not in file.float_islands, "products compute in integers"


def test_features_of_unlike_magnitude_meet_their_weights_in_float(converter):
    rows, sequence = Input((3,), name="rows"), Input((10, 3), name="sequence")
    dense, lstm = layers.Dense(6, activation="relu"), layers.LSTM(4)
    joined = layers.Concatenate()([dense(rows), lstm(sequence)])
    model = Model([rows, sequence], layers.Dense(3)(joined))
    descaled(dense), descaled(lstm)
    model = deployed(model)

    def given(count: int, seed: int) -> dict[str, np.ndarray]:
        return {"rows": weather(count, seed=seed), "sequence": SCALES * normal(count, 10, 3, seed=seed)}

    file = int8(converter, model, given(300, 0))
    assert root_mean_square(model, file.data, given(100, 1)) < 0.1
    assert dtypes(file) == {"rows": "float32", "sequence": "float32"}


def test_inputs_of_unlike_magnitude_are_joined_in_float(converter):
    """Each has a grid of its own; beside the other's numbers those of the smaller have none."""
    large, small = Input((1,), name="large"), Input((2,), name="small")
    dense = layers.Dense(6)
    model = Model([large, small], layers.Dense(3)(dense(layers.Concatenate()([large, small]))))
    dense.kernel.assign(np.asarray(dense.kernel) / np.array([[1e4], [1], [1]]))
    model = deployed(model)

    def given(count: int, seed: int) -> dict[str, np.ndarray]:
        return {"large": 1e4 * normal(count, 1, seed=seed), "small": normal(count, 2, seed=seed + 9)}

    file = int8(converter, model, given(200, 0))
    assert root_mean_square(model, file.data, given(40, 1)) < 0.1
    assert dtypes(file) == {"large": "float32", "small": "float32"}


def test_features_that_are_alike_stay_in_8_bits(converter):
    x = Input((10, 3), name="x")
    model = deployed(Model(x, layers.GRU(4)(layers.Rescaling(0.5)(x))))
    file = int8(converter, model, {"x": normal(60, 10, 3)})
    assert dtypes(file) == {"x": "int8"}
    assert not file.kept_inputs


def test_whole_numbers_of_every_width_come_in_as_they_are(converter, tmp_path):
    tokens, pcm = Input((8,), name="tokens", dtype="int64"), Input((8, 2), name="pcm", dtype="int16")
    frame, said = Input((6, 6, 3), name="frame", dtype="uint8"), Input((8,), name="said", dtype="bool")
    day = Input((), name="day", dtype="int32")
    sound = ops.cast(pcm, "float32") / 32768.0
    joined = layers.Concatenate()([layers.Embedding(60, 4, embeddings_initializer="normal")(tokens), sound])
    heard = layers.GRU(5)(joined, mask=said)
    seen = layers.Flatten()(layers.Conv2D(2, 3, strides=2)(layers.Rescaling(1 / 127.5, -1.0)(frame)))
    coded = layers.CategoryEncoding(7, output_mode="one_hot")(day)
    model = Model([tokens, pcm, frame, said, day], layers.Dense(3)(layers.Concatenate()([heard, seen, coded])))
    model = deployed(model)

    def given(count: int, seed: int) -> dict[str, np.ndarray]:
        random = np.random.default_rng(seed)
        return {
            "tokens": random.integers(0, 60, (count, 8)),
            "pcm": random.integers(-32768, 32767, (count, 8, 2)).astype(np.int16),
            "frame": random.integers(0, 256, (count, 6, 6, 3)).astype(np.uint8),
            "said": random.random((count, 8)) < 0.7,
            "day": random.integers(0, 7, count).astype(np.int32),
        }

    file = int8(converter, model, given(100, 0))
    examples = given(20, 1)
    assert root_mean_square(model, file.data, examples) < 0.15
    assert dtypes(file) == {"tokens": "int32", "pcm": "int16", "frame": "uint8", "said": "bool", "day": "int32"}
    (tmp_path / "int8.tflite").write_bytes(file.data)
    first = {name: array[:1] for name, array in examples.items()}
    found = LiteRTRunner(tmp_path / "int8.tflite").run("predict", **first)
    for name, answer in file_answers(file.data, first).items():
        np.testing.assert_allclose(found[name], answer, atol=1e-6)


def test_one_hot_codes_are_ones_and_zeros(converter):
    ids = Input((10,), name="ids", dtype="int32")
    model = deployed(Model(ids, layers.Dense(4)(layers.LSTM(6)(ops.one_hot(ids, 12)))))
    file = int8(converter, model, {"ids": np.random.default_rng(0).integers(0, 12, (60, 10))})
    examples = {"ids": np.random.default_rng(1).integers(0, 12, (20, 10)).astype(np.int32)}
    assert root_mean_square(model, file.data, examples) < 0.1
