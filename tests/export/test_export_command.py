"""`zoo export` as a user types it."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import Input, Model, layers
from user_models import open_time

from zoo.bundle import load_bundle
from zoo.errors import InputError
from zoo.sources.custom_classes import import_classes


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A user's recurrent model of open length, as a file."""
    keras.utils.set_random_seed(7)
    path = tmp_path_factory.mktemp("models") / "My GRU.keras"
    open_time().save(path)
    return path


def test_help_says_how(zoo):
    help = " ".join(zoo("export", "--help").stdout.split())
    assert "zoo export resnet_tiny --target float32 --target float16 --out exported" in help
    for option in (
        "custom",
        "calibrate",
        "examples",
        "batch-size",
        "length",
        "form",
        "int8-io",
        "name",
        "out",
        "target",
        "stream",
        "chunk",
    ):
        assert f"--{option}" in help


def test_the_example_of_the_help_works(zoo, tmp_path):
    example = "export resnet_tiny --target float32 --target float16 --out exported"
    process = zoo(*example.split(), cwd=tmp_path)
    bundle = load_bundle(tmp_path / "exported" / "resnet_tiny")
    assert bundle.targets == ("float32", "float16")
    for word in ("float32", "float16", "passed", "exported/resnet_tiny"):
        assert word in process.stdout


def test_every_option_reaches_the_export(zoo, file, tmp_path):
    np.savez(tmp_path / "signals.npz", signal=np.random.default_rng(0).normal(size=(30, 12, 3)))
    options = "--target int8 --length 12 --form blocked --int8-io uint8 --name beats --batch-size 1 --out out"
    given = ["--calibrate", "signals.npz", "--examples", "signals.npz"]
    zoo("export", file, *options.split(), *given, cwd=tmp_path)
    bundle = load_bundle(tmp_path / "out" / "beats")
    entry = bundle.card["artifacts"]["int8"]
    assert bundle.parts["predict"]["inputs"]["signal"]["shape"] == [1, 12, 3]
    assert entry["calibration"] == {"source": "signals.npz", "examples": 30, "of": 30, "seed": 0}
    assert (entry["parity"]["source"], entry["parity"]["examples"]) == ("examples", 30)
    assert set(entry["forms"].values()) == {"blocked"}
    assert entry["signatures"]["predict"]["inputs"] == {"signal": "uint8"}
    process = zoo("predict", tmp_path / "out" / "beats", "signals.npy", cwd=tmp_path, code=2)
    assert "does not exist" in process.stderr


def test_the_part_stream_comes_by_its_options(zoo, tmp_path):
    x = Input((6, 3), name="x")
    Model(x, {"y": layers.GRU(4, name="gru")(x)}).save(tmp_path / "memory.keras")
    zoo("export", "memory.keras", "--target", "float32", "--stream", "--chunk", "2", "--out", "out", cwd=tmp_path)
    stream = load_bundle(tmp_path / "out" / "memory").parts["stream"]
    assert (stream["inputs"]["x"]["shape"], list(stream["state"])) == ([1, 2, 3], ["gru_h"])


OWN_MODULE = """
import keras

class Doubled(keras.layers.Layer):
    def call(self, inputs):
        return 2 * inputs

class HalvingCell(keras.layers.Layer):
    state_size = 3

    def call(self, inputs, states):
        state = 0.5 * states[0] + inputs
        return state, [state]

def save():
    x = keras.Input((6, 3), name="x")
    h = keras.layers.RNN(HalvingCell())(Doubled()(x))
    keras.Model(x, keras.layers.Dense(2)(h)).save("own.keras")
"""


@pytest.mark.slow
def test_own_classes_come_by_name(zoo, tmp_path):
    """From a module of the user's in the folder of work; a bundle of them is verified by naming them again."""
    (tmp_path / "own_layers.py").write_text(OWN_MODULE)
    subprocess.run([sys.executable, "-c", "import own_layers; own_layers.save()"], cwd=tmp_path, check=True)
    classes = ["--custom", "own_layers:HalvingCell", "--custom", "own_layers:Doubled"]
    process = zoo("export", "own.keras", "--target", "float32", "--out", "out", cwd=tmp_path, code=2)
    assert "neither Keras's nor registered: `own_layers." in process.stderr
    assert "`--custom module:Class`" in process.stderr
    zoo("export", "own.keras", "--target", "float32", "--out", "out", *classes, cwd=tmp_path)
    assert load_bundle(tmp_path / "out" / "own").targets == ("float32",)
    zoo("verify", "out/own", *classes, cwd=tmp_path)


@pytest.mark.parametrize(
    ("custom", "message"),
    [
        ("own_layers", "not a class or function: `own_layers`; expected `module:Class`"),
        ("no_such_module:Cell", "module `no_such_module` cannot be imported: ModuleNotFoundError"),
        ("json:Cell", "module `json` was imported for the class or function `Cell`: found none of that name"),
        ("json:__doc__", "module `json` was imported for the class or function `__doc__`: found a str"),
    ],
)
def test_classes_that_are_none(custom, message):
    with pytest.raises(InputError, match=message):
        import_classes([custom])


def test_a_mistake_is_one_sentence_and_exit_2(zoo, file, tmp_path):
    process = zoo("export", file, "--target", "float32", "--out", "out", cwd=tmp_path, code=2)
    assert process.stderr.splitlines() == [
        "error: the time axis of input `signal` is of unknown length: found (None, None, 3)",
        "",
        "hint: `--length 50` (in Python `length=50`) exports it for 50 steps",
    ]
    assert process.stdout == ""
    assert not list(tmp_path.iterdir())


def test_a_target_that_fails_its_gate_is_exit_3(zoo, tmp_path):
    x = Input((3,), name="x")
    beyond_float16 = keras.initializers.Constant(1e6)
    Model(x, layers.Dense(2, kernel_initializer=beyond_float16)(x)).save(tmp_path / "large.keras")
    targets = ["--target", "float32", "--target", "float16"]
    process = zoo("export", "large.keras", *targets, "--out", "out", cwd=tmp_path, code=3)
    assert "disabled" in process.stdout
    assert "error: left out of `large`: float16: parity" in process.stderr
    assert load_bundle(tmp_path / "out" / "large").targets == ("float32",)
