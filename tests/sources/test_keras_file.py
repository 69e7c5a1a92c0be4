"""A stranger's `.keras` file is refused by name before Keras sees it; an honest one is read whole."""

import json
import stat
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from zoo.errors import InputError
from zoo.sources import keras_file
from zoo.sources.keras_file import check_keras_file, load_keras_file


@pytest.fixture(scope="module")
def model() -> keras.Model:
    inputs = keras.Input((6, 3), name="x")
    hidden = layers.LSTM(4, activation="tanh", name="recurrence")(inputs)
    return keras.Model(inputs, layers.Dense(2, name="out")(hidden + 1), name="honest")


@pytest.fixture
def honest(model, tmp_path) -> Path:
    model.save(tmp_path / "honest.keras")
    return tmp_path / "honest.keras"


def rewritten(source: Path, *, config=None, metadata=None, drop=(), add=()) -> Path:
    """A copy with its JSON changed by functions, members dropped, and (name or ZipInfo, bytes, compression) added."""
    path = source.with_name("hostile.keras")
    changes = {"config.json": config, "metadata.json": metadata}
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w") as new:
        for member in old.namelist():
            content = old.read(member)
            if changes.get(member):
                content = json.dumps(changes[member](json.loads(content))).encode()
            if member not in drop:
                new.writestr(member, content)
        for member, content, compression in add:
            new.writestr(member, content, compress_type=compression)
    return path


def layer_of(config: dict, name: str) -> dict:
    return next(layer for layer in config["config"]["layers"] if layer["name"] == name)


def with_layer(name: str, **changes):
    """A change of a config: `changes` replace keys of the layer `name`."""

    def change(config: dict) -> dict:
        layer_of(config, name).update(changes)
        return config

    return change


def test_an_honest_file_is_read(honest, model):
    read = load_keras_file(honest)
    x = np.random.default_rng(0).normal(size=(2, 6, 3)).astype("float32")
    np.testing.assert_array_equal(read(x), model(x))
    assert not read.compiled


@pytest.mark.parametrize(
    "name", ["../outside.txt", "/etc/outside.txt", "assets/../../outside.txt", "C:/outside.txt", "..\\outside.txt"]
)
def test_members_that_leave_the_archive_are_refused(honest, name):
    hostile = rewritten(honest, add=[(name, b"x", zipfile.ZIP_STORED)])
    with pytest.raises(InputError, match="member that leaves the archive"):
        load_keras_file(hostile)
    assert sorted(path.name for path in honest.parent.iterdir()) == ["honest.keras", "hostile.keras"]


def test_a_link_is_refused(honest):
    link = zipfile.ZipInfo("assets/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(InputError, match=r"is a link: `assets/link`"):
        load_keras_file(rewritten(honest, add=[(link, b"/etc/passwd", zipfile.ZIP_STORED)]))


def test_a_member_that_swells_is_refused(honest):
    with pytest.raises(InputError, match=r"swells from .* to 8,388,608 bytes: `assets/zeros`"):
        load_keras_file(rewritten(honest, add=[("assets/zeros", bytes(8 << 20), zipfile.ZIP_DEFLATED)]))


def test_an_absurd_declared_size_is_refused(honest):
    """The size in the directory is forged: nothing that large exists, and nothing that large may be allocated."""
    forged = honest.read_bytes()
    size = zipfile.ZipFile(honest).getinfo("model.weights.h5").file_size.to_bytes(4, "little")
    start = forged.rindex(b"PK\x01\x02")
    hostile = honest.with_name("hostile.keras")
    hostile.write_bytes(forged[:start] + forged[start:].replace(size, (0xFFFFFFF0).to_bytes(4, "little")))
    with pytest.raises(InputError, match=r"`model.weights.h5`|4,294,967,280|unpacks to"):
        load_keras_file(hostile)


def test_too_much_in_all_is_refused(honest, monkeypatch):
    monkeypatch.setattr(keras_file, "MAX_BYTES", 10_000)
    with pytest.raises(InputError, match=r"unpacks to .* expected at most 10,000"):
        load_keras_file(honest)


def test_too_many_members_are_refused(honest):
    many = [(f"assets/{index}", b"", zipfile.ZIP_STORED) for index in range(keras_file.MAX_MEMBERS)]
    with pytest.raises(InputError, match="has 10,003 members"):
        load_keras_file(rewritten(honest, add=many))


def test_two_members_of_one_name_are_refused(honest):
    with pytest.warns(UserWarning, match="Duplicate name"):
        hostile = rewritten(honest, add=[("config.json", b"{}", zipfile.ZIP_STORED)])
    with pytest.raises(InputError, match="two members of one name"):
        load_keras_file(hostile)


@pytest.mark.parametrize("keep", [0, 10, 0.5, 0.99])
def test_a_truncated_file_is_refused(honest, keep):
    content = honest.read_bytes()
    honest.write_bytes(content[: int(keep * len(content)) if keep < 1 else keep])
    with pytest.raises(InputError, match=r"is cut short, or not a `.keras` archive"):
        load_keras_file(honest)


def test_a_damaged_member_is_refused(honest):
    content = bytearray(honest.read_bytes())
    content[len(content) // 2] ^= 0xFF
    honest.write_bytes(content)
    with pytest.raises(InputError, match=r"`model.weights.h5` does not have the checksum"):
        load_keras_file(honest)


def test_what_is_no_keras_file_is_refused(tmp_path):
    (tmp_path / "model.h5").write_bytes(b"\x89HDF")
    for path in (tmp_path / "model.h5", tmp_path / "missing.keras"):
        with pytest.raises(InputError, match=r"not a `.keras` file"):
            check_keras_file(path)


@pytest.mark.parametrize("member", ["config.json", "metadata.json"])
def test_a_missing_member_is_named(honest, member):
    with pytest.raises(InputError, match=rf"has no member `{member}`"):
        load_keras_file(rewritten(honest, drop=[member]))


def test_missing_weights_are_refused(honest):
    with pytest.raises(InputError, match=r"Keras .* cannot load `hostile.keras`"):
        load_keras_file(rewritten(honest, drop=["model.weights.h5"]))


@pytest.mark.parametrize("text", [b"not json", b"[1, 2]", b"[" * 200_000], ids=["words", "list", "deep"])
def test_a_config_that_is_no_object_is_refused(honest, text):
    with pytest.raises(InputError, match=r"`config.json` of `hostile.keras` (is not JSON|holds a list)"):
        load_keras_file(rewritten(honest, drop=["config.json"], add=[("config.json", text, zipfile.ZIP_STORED)]))


def test_a_lambda_is_refused_by_name(tmp_path):
    inputs = keras.Input((3,), name="x")
    model = keras.Model(inputs, layers.Lambda(lambda x: x + 1, name="plus_one")(inputs))
    model.save(tmp_path / "code.keras")
    with pytest.raises(InputError, match=r"layer `plus_one` of `code.keras` is refused: `Lambda` carries Python code"):
        load_keras_file(tmp_path / "code.keras")


def test_a_python_lambda_as_an_argument_is_refused_by_name(tmp_path):
    inputs = keras.Input((3,), name="x")
    model = keras.Model(inputs, layers.Dense(2, activation=lambda x: x + 1, name="odd")(inputs))
    with pytest.warns(UserWarning, match="includes a `lambda`"):
        model.save(tmp_path / "code.keras")
    with pytest.raises(InputError, match=r"layer `odd` of `code.keras` is refused: `lambda` carries Python code"):
        load_keras_file(tmp_path / "code.keras")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"module": "posix", "class_name": "system", "registered_name": None}, "`posix.system`"),
        ({"module": "my.code", "class_name": "Thing", "registered_name": "mine>Thing"}, "`my.code.Thing`"),
        ({"module": "keras.layers", "class_name": "Nonsense", "registered_name": None}, "`keras.layers.Nonsense`"),
        ({"module": ["keras"], "class_name": "Dense", "registered_name": {}}, "`Dense`"),
        (
            {"module": "keras.layers", "class_name": "TFSMLayer", "registered_name": None},
            "TFSMLayer` reads a SavedModel",
        ),
    ],
    ids=["builtin", "custom", "nonsense", "odd types", "path"],
)
def test_an_unknown_class_is_refused_by_name(honest, changes, named):
    with pytest.raises(InputError, match=r"layer `out`") as caught:
        load_keras_file(rewritten(honest, config=with_layer("out", **changes)))
    assert named in caught.value.message
    assert caught.value.hint


def test_a_registered_class_is_read(tmp_path):
    @keras.saving.register_keras_serializable("tests.keras_file")
    class Scale(layers.Layer):
        def call(self, inputs):
            return 2 * inputs

    inputs = keras.Input((3,), name="x")
    keras.Model(inputs, Scale()(inputs)).save(tmp_path / "scale.keras")
    assert float(load_keras_file(tmp_path / "scale.keras")(np.ones((1, 3)))[0, 0]) == 2


def test_a_file_of_keras_1_is_refused(honest):
    with pytest.raises(InputError, match=r"written by Keras 1, .* expected Keras 2 or 3"):
        load_keras_file(rewritten(honest, metadata=lambda metadata: {**metadata, "keras_version": "1.2.2"}))


def test_a_config_that_keras_cannot_build_is_one_sentence(honest):
    hostile = rewritten(honest, config=with_layer("out", config={"name": "out", "units": "many"}))
    with pytest.raises(InputError, match=r"Keras .* cannot load `hostile.keras`"):
        load_keras_file(hostile)
