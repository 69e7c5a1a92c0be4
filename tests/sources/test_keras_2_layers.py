"""Every layer of Keras 2 that has changed since, in files as `tf_keras` writes them: the answers are tf_keras's own."""

import json
import zipfile
from io import BytesIO
from pathlib import Path

import h5py
import numpy as np
import pytest
from old_models import MODELS, build, inputs_of

from zoo.sources.h5_file import load_h5_file
from zoo.sources.keras_file import load_keras_file


def without_modules(value: object) -> object:
    """A configuration as Keras wrote it up to 2.12: classes by name alone."""
    if isinstance(value, dict):
        taken = ("module", "registered_name", "build_config") if "class_name" in value else ()
        return {key: without_modules(each) for key, each in value.items() if key not in taken}
    return [without_modules(each) for each in value] if isinstance(value, list) else value


def older(path: Path) -> Path:
    """A copy of an `.h5` file as Keras 2.9 wrote it."""
    copy = path.with_name("older.h5")
    copy.write_bytes(path.read_bytes())
    with h5py.File(copy, "r+") as file:
        config = without_modules(json.loads(file.attrs["model_config"]))
        file.attrs["model_config"], file.attrs["keras_version"] = json.dumps(config).encode(), "2.9.0"
    return copy


def of_windows(path: Path) -> Path:
    """A copy of a zip whose weights lie in folders with backslashes in their names, as Windows wrote them."""
    copy = path.with_name("windows.keras")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(copy, "w") as new:
        for member in old.namelist():
            content = old.read(member)
            new.writestr(member, _backslashed(content) if member.endswith(".h5") else content)
    return copy


def _backslashed(content: bytes) -> bytes:
    changed = BytesIO()
    with h5py.File(BytesIO(content)) as old, h5py.File(changed, "w") as new:

        def copy(path: str, data) -> None:
            if isinstance(data, h5py.Dataset):
                folder, _, last = path.partition("/vars/")
                folder = folder.replace("layers/", "_layer_checkpoint_dependencies/", 1).replace("/", "\\")
                new[f"{folder}/vars/{last}"] = data[()]

        old.visititems(copy)
    return changed.getvalue()


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
@pytest.mark.parametrize("name", MODELS)
def test_it_answers_as_tf_keras(name, tmp_path):
    model = build(name)
    given = inputs_of(model)
    wanted = answers(model, given)
    model.save(tmp_path / "model.h5")
    model.save(tmp_path / "model.keras")
    read = {
        "h5": load_h5_file(tmp_path / "model.h5"),
        "h5 without modules": load_h5_file(older(tmp_path / "model.h5")),
        "zip": load_keras_file(tmp_path / "model.keras"),
        "zip of Windows": load_keras_file(of_windows(tmp_path / "model.keras")),
    }
    read["h5"].save(tmp_path / "again.keras")
    read["saved again"] = load_keras_file(tmp_path / "again.keras")
    for form, loaded in read.items():
        for found, answer in zip(answers(loaded, given), wanted, strict=True):
            np.testing.assert_allclose(found, answer, rtol=1e-5, atol=2e-6, err_msg=form)


def answers(model, given: list[np.ndarray]) -> list[np.ndarray]:
    found = model(given if len(given) > 1 else given[0], training=False)
    return [np.asarray(answer) for answer in (found if isinstance(found, list | tuple) else [found])]
