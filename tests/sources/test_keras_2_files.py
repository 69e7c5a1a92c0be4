"""Files of Keras 2: one that `tf_keras` 2.21 wrote, with what it answered, and what is refused in such files."""

import json
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest

from zoo.errors import InputError
from zoo.export import export_model
from zoo.runtime.engine.litert import LiteRTRunner
from zoo.sources.h5_file import load_h5_file

DATA = Path(__file__).parent / "data"


def answers() -> dict[str, np.ndarray]:
    """Inputs by name and, by the name of an output, what Keras 2 gave for them."""
    return dict(np.load(DATA / "keras_2.npz"))


def test_keras_gives_what_keras_2_gave():
    """Masks, Bidirectional, both kinds of GRU, and an LSTMCell and a GRUCell in one RNN."""
    found = answers()
    kind, steps = load_h5_file(DATA / "keras_2.h5")([found["signal"], found["tokens"]])
    np.testing.assert_allclose(kind, found["kind"], atol=1e-6)
    np.testing.assert_allclose(steps, found["steps"], atol=1e-6)


@pytest.mark.usefixtures("converter")
def test_its_artifact_does_too(tmp_path):
    bundle = export_model(DATA / "keras_2.h5", "float32", out=tmp_path, length=6)
    assert bundle.name == "keras_2"
    assert "source.keras" in bundle.manifest["files"]
    found, runner = answers(), LiteRTRunner(bundle.artifact("float32"))
    for row in range(2):
        outputs = runner.run("predict", signal=found["signal"][row : row + 1], tokens=found["tokens"][row : row + 1])
        for name in ("kind", "steps"):
            np.testing.assert_allclose(outputs[name][0], found[name][row], atol=1e-5)


def changed(folder: Path, change) -> Path:
    """A copy of the file whose configuration a function has changed."""
    path = Path(shutil.copyfile(DATA / "keras_2.h5", folder / "changed.h5"))
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        change(config, file)
        if "model_config" in file.attrs:
            file.attrs["model_config"] = json.dumps(config).encode()
    return path


def layer(config: dict, kind: str) -> dict:
    return next(layer for layer in config["config"]["layers"] if layer["class_name"] == kind)


def with_lambda(config, file):
    layer(config, "Masking").update(class_name="Lambda", config={"name": "masking", "function": ["4wEA", None, None]})


def with_unknown_class(config, file):
    layer(config, "Masking")["class_name"] = "Gated"


def with_a_module_to_import(config, file):
    layer(config, "BatchNormalization").update(module="antigravity", class_name="BatchNormalization")


def with_time_in_front(config, file):
    layer(config, "GRU")["config"]["time_major"] = True


def with_a_link(config, file):
    file["model_weights/elsewhere"] = h5py.ExternalLink("/etc/hostname", "/")


def with_weights_elsewhere(config, file):
    file.create_dataset("model_weights/raw", (4,), "u1", external=[("/etc/hostname", 0, 4)])


def without_a_model(config, file):
    del file.attrs["model_config"]


REFUSED = {
    "Lambda": (with_lambda, "layer `masking` of `changed.h5` is refused: `Lambda` carries Python code"),
    "unknown class": (with_unknown_class, "layer `masking` .* nor registered: `Gated`"),
    "module to import": (with_a_module_to_import, r"neither Keras's nor registered: `antigravity\.BatchNorm"),
    "time in front": (with_time_in_front, "layer `gru` .* has `time_major=True`"),
    "link": (with_a_link, "lies in another file: `model_weights/elsewhere`"),
    "weights elsewhere": (with_weights_elsewhere, "lies in another file: `model_weights/raw`"),
    "no model": (without_a_model, "holds weights alone"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_by_name(case, tmp_path):
    change, message = REFUSED[case]
    with pytest.raises(InputError, match=message):
        export_model(changed(tmp_path, change), "float32", out=tmp_path / "out", length=6)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [None, b"", b"not HDF5 at all"])
def test_what_is_no_hdf5_is_refused(content, tmp_path):
    path = tmp_path / "model.h5"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"not a Keras `\.h5` file"):
        export_model(path, "float32", out=tmp_path / "out")
