"""Model objects that no file can hold: Lambdas, layers and models of one's own that cannot say how they were built."""

import keras
import numpy as np
import pytest
from keras import Input, Model, layers, ops

from zoo import export_model, runtime
from zoo.errors import ConversionError
from zoo.verify.verification import verify_bundle

pytestmark = pytest.mark.usefixtures("converter")


def drawn() -> np.random.Generator:
    return np.random.default_rng(0)


class Encoder(keras.Model):
    """As tutorials write it, without `get_config`."""

    def __init__(self, units: int):
        super().__init__()
        self.embedding = layers.Embedding(40, 8)
        self.gru = layers.GRU(units, return_sequences=True)

    def call(self, tokens):
        return self.gru(self.embedding(tokens))


class Table(layers.Layer):
    """Given an array that no configuration repeats."""

    def __init__(self, table: np.ndarray, **options):
        super().__init__(**options)
        self.table = table

    def call(self, x):
        return x + ops.convert_to_tensor(self.table)


def encoder_inside():
    tokens = Input((9,), dtype="int32", name="x")
    return Model(tokens, layers.Dense(3, name="y")(layers.LSTM(4)(Encoder(12)(tokens)))), drawn().integers(
        0, 40, (32, 9)
    )


def over_a_signal(front, **options):
    x = Input((16, 4), name="x")
    model = Model(x, layers.Dense(3, name="y", **options)(layers.GRU(8)(front(x))))
    return model, drawn().normal(size=(32, 16, 4)).astype("float32")


MODELS = {
    "subclassed encoder": encoder_inside,
    "layer given an array": lambda: over_a_signal(Table(np.ones((16, 4), "float32"), name="offsets")),
    "Lambda": lambda: over_a_signal(layers.Lambda(lambda x: 2.0 * x)),
    "lambda for activation": lambda: over_a_signal(layers.Identity(), activation=lambda x: ops.tanh(x) / 2),
}


@pytest.mark.parametrize("case", MODELS)
def test_it_answers_as_the_object_and_can_be_verified(case, tmp_path):
    keras.utils.set_random_seed(0)
    model, given = MODELS[case]()
    names, wanted = [layer.name for layer in model.layers], model.predict(given, verbose=0)
    options = {"calibration": {"x": given}, "examples": {"x": given}}
    both = export_model(model, ["float32", "int8"], out=tmp_path, name="both", **options)
    for target, within in {"float32": 1e-5, "int8": 0.15}.items():
        predictor = runtime.load(both.path, target=target)
        found = np.concatenate([predictor({"x": row}).outputs["y"] for row in given])
        assert np.abs(found - wanted).mean() <= within * wanted.std()
    bundle = export_model(model, "float32", out=tmp_path, name="live")
    assert verify_bundle(bundle).failures == []
    assert [layer.name for layer in model.layers] == names
    np.testing.assert_array_equal(model.predict(given, verbose=0), wanted)
    with pytest.raises(ConversionError, match=r"layer `graph` is a traced graph with a loop, `(Stateless)?While` in"):
        export_model(bundle.path, "float32", out=tmp_path / "again")


def test_what_would_have_to_be_changed_first_is_refused(tmp_path):
    x = Input((4, 3), batch_size=1)
    model = Model(x, layers.LSTM(4, stateful=True, name="memory")(layers.Lambda(lambda x: -x, name="minus")(x)))
    with pytest.raises(ConversionError, match=r"layer `minus`, a Lambda, is code .* `memory` is stateful") as refused:
        export_model(model, "float32", out=tmp_path, name="live")
    assert "get_config" in refused.value.hint
    named = Model(x, layers.Lambda(lambda x: -x, name="minus")(x), name="my model")
    with pytest.raises(ConversionError, match="`my model` is a name that TensorFlow does not take"):
        export_model(named, "float32", out=tmp_path, name="live")
