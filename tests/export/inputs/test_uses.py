"""What the numbers of an input are is read off the model: ids of its own tables, a length, or any numbers."""

import keras
import pytest
from keras import Input, Model, layers, ops

from zoo.export.recurrences.holes import uses_of_inputs
from zoo.sources.deployed import deployed

IDS = {"kind": "tokens", "range": [0, 8]}
ANY = {"kind": "array"}


def facts(model: keras.Model) -> dict[str, dict]:
    model = deployed(model)
    inputs = {name: ((1, *tensor.shape[1:]), tensor.dtype) for name, tensor in model.input.items()}
    return {name: uses.facts() for name, uses in uses_of_inputs(model, inputs).items()}


def table(rows: int = 9) -> layers.Layer:
    return layers.Embedding(rows, 3)


@keras.saving.register_keras_serializable("tests")
class WithPositions(layers.Layer):
    """Looks up tokens, and their places in a table of its own, which bound no input."""

    def __init__(self, **options):
        super().__init__(**options)
        self.tokens, self.places = table(), layers.Embedding(4, 3)

    def call(self, ids):
        return self.tokens(ids) + self.places(ops.arange(ids.shape[-1]))


@keras.saving.register_keras_serializable("tests")
class Doubled(layers.Layer):
    def call(self, ids):
        return 2 * ids


FRONTS = {
    "an embedding": (lambda ids: table()(ids), IDS),
    "two embeddings: the smaller": (lambda ids: layers.Concatenate()([table()(ids), table(20)(ids)]), IDS),
    "a cast and a reshape": (lambda ids: table()(ops.reshape(ops.cast(ids, "int32"), (2, 2))), IDS),
    "a slice": (lambda ids: table()(ids[:, 1:]), IDS),
    "a nested model": (lambda ids: keras.Sequential([Input((4,)), table()])(ids), IDS),
    "a wrapper": (lambda ids: layers.TimeDistributed(table())(ops.reshape(ids, (-1, 2, 2))), IDS),
    "a user's layer": (lambda ids: WithPositions()(ids), IDS),
    "one-hot codes": (lambda ids: ops.one_hot(ops.cast(ids, "int32"), 9), IDS),
    "codes of categories": (lambda ids: layers.CategoryEncoding(9, output_mode="one_hot")(ids), IDS),
    "a table of other numbers": (lambda ids: table()(Doubled()(ids)), ANY),
    "a lookup before it": (
        lambda ids: table()(layers.IntegerLookup(vocabulary=[11, 42, 900])(ops.cast(ids, "int64"))),
        ANY,
    ),
    "no table": (lambda ids: layers.Dense(3)(ops.cast(ids, "float32")), ANY),
}


@pytest.mark.parametrize("dtype", ["int32", "float32"])
@pytest.mark.parametrize("name", FRONTS)
def test_ids_are_those_of_the_tables_that_an_input_reaches(name, dtype):
    make, expected = FRONTS[name]
    ids = Input((4,), name="ids", dtype=dtype)
    assert facts(Model(ids, make(ids))) == {"ids": expected}


def test_each_input_has_its_own_tables():
    source, target, pixels = (
        Input((5,), name="source", dtype="int32"),
        Input((4,), name="target", dtype="int64"),
        Input((4, 3), name="pixels", dtype="uint8"),
    )
    encoded = layers.GRU(3)(table(40)(source))
    answer = layers.GRU(3, return_sequences=True)(table(30)(target), initial_state=encoded)
    shown = layers.Dense(3)(layers.Rescaling(1 / 255)(pixels))
    assert facts(Model([source, target, pixels], answer + shown)) == {
        "source": {"kind": "tokens", "range": [0, 39]},
        "target": {"kind": "tokens", "range": [0, 29]},
        "pixels": ANY,
    }


def test_ids_beside_features_bound_no_input():
    x = Input((6, 4), name="x")
    joined = layers.Concatenate()([table()(x[..., 0]), x[..., 1:]])
    assert facts(Model(x, layers.LSTM(3)(joined))) == {"x": ANY}


def test_a_length_is_compared_with_places():
    x, length = Input((6, 4), name="x"), Input((), name="length", dtype="int32")
    mask = ops.less(ops.arange(6, dtype="int32")[None], length[:, None])
    found = facts(Model([x, length], layers.GRU(3)(x, mask=mask)))
    assert found == {"x": ANY, "length": {"kind": "length"}}
