"""An `.h5` file, of Keras 2 or 3: checked before anything in it is believed, and read by its own generation's rules.

Such a file is one HDF5 group of weights with the model's configuration, JSON, in an attribute.  It is checked as a
`.keras` file is (see `zoo.sources.keras_file`): no class but Keras's and registered ones, no layer that carries code,
and nothing that lies outside the file.
"""

import copy
import json
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import h5py
import keras

from zoo.errors import InputError
from zoo.sources.classes import check_classes
from zoo.sources.keras_2.load import is_of_keras_2, load_keras_2
from zoo.sources.keras_2.translate import HOMES
from zoo.sources.keras_2.weights import read_groups
from zoo.sources.said import said_by

SUFFIXES = (".h5", ".hdf5")
MAX_BYTES = 4 << 30
"""Of all that a file holds, unpacked.  A `.tflite` file ends at 2 GiB, so no model that can be exported is larger."""
MAX_CONFIG_BYTES = 64 << 20
_SHOWN = 6
OPERATOR_HOMES = tuple(f"keras.src.ops.{each}" for each in ("numpy", "nn", "math", "core", "linalg", "image"))


def load_h5_file(path: Path) -> keras.Model:
    """The model of a file that `model.save("model.h5")` wrote, under Keras 2 or 3.

    Args:
        path: the file, which is left as it is.

    Raises:
        InputError: the file is missing, damaged or refused; the message names the class or layer.
    """
    if not path.is_file() or not h5py.is_hdf5(path):
        found = "no HDF5 file" if path.is_file() else "nothing"
        raise InputError(f"not a Keras `.h5` file: `{path}` is {found}", '`model.save("model.h5")` writes one')
    try:
        with h5py.File(path, "r") as file:
            check_inside(file, path.name)
            config, version = _config(file, path.name), version_of(file)
            if is_of_keras_2(version):
                return load_keras_2(config, version, path.name, read_groups(file["model_weights"]))
        return _of_keras_3(path, config)
    except InputError:
        raise
    except Exception as error:  # h5py and Keras raise whatever the file made them stumble over
        raise InputError(
            f"Keras {keras.__version__} cannot load `{path.name}`: {said_by(error)}",
            "build the model anew in Keras 3 and give it the weights",
        ) from error


def check_inside(file: h5py.File, name: str) -> None:
    """Refuses what would be read from other files, and arrays that swell beyond what a model can have.

    Raises:
        InputError: a member lies elsewhere, which the message names, or all together are too large.
    """
    total = 0

    def elsewhere(member: str, link) -> str | None:  # the first that is returned ends the visit
        nonlocal total
        data = file[member] if isinstance(link, h5py.HardLink) else None
        is_array = isinstance(data, h5py.Dataset)
        total += data.size * data.dtype.itemsize if is_array and data.size else 0
        outside = is_array and (data.external or data.is_virtual)
        return member if outside or isinstance(link, h5py.ExternalLink) else None

    if member := file.visititems_links(elsewhere):
        raise InputError(f"`{name}` has a member that lies in another file: `{member}`")
    if total > MAX_BYTES:
        raise InputError(f"`{name}` unpacks to {total:,} bytes, expected at most {MAX_BYTES:,}")


def version_of(file: h5py.File) -> str:
    """The version of the Keras that wrote a file; the first kept none."""
    for group in (file, file.get("model_weights")):
        if group is not None and (found := group.attrs.get("keras_version")) is not None:
            return found.decode() if isinstance(found, bytes) else str(found)
    return "1"


def _config(file: h5py.File, name: str) -> dict:
    """The description of the model."""
    text = file.attrs.get("model_config")
    if text is None:
        raise _weights_alone(file, name)
    if len(text) > MAX_CONFIG_BYTES:
        raise InputError(
            f"the configuration in `{name}` has {len(text):,} bytes, expected at most {MAX_CONFIG_BYTES:,}"
        )
    config = json.loads(text)
    if not isinstance(config, dict):
        raise InputError(f"the configuration in `{name}` holds a {type(config).__name__}, expected an object")
    return config


def _weights_alone(file: h5py.File, name: str) -> InputError:
    """What there is to say of a file without an architecture: what its arrays tell of the layers that are needed."""
    arrays: list[str] = []

    def describe(path: str, data) -> None:
        if isinstance(data, h5py.Dataset):
            arrays.append(f"`{path.removesuffix(':0')}` {tuple(data.shape)}")

    file.visititems(describe)
    shown = ", ".join(arrays[:_SHOWN]) + (f" and {len(arrays) - _SHOWN} more" if len(arrays) > _SHOWN else "")
    return InputError(
        f"`{name}` holds weights alone, no model; the model must be built with layers for {shown or 'nothing'}",
        "`--model module:function` (in Python `builder=`) names a function that builds the model, `--model NAME` a "
        'model of the zoo; or save it whole, `model.save("model.keras")`',
    )


def _of_keras_3(path: Path, config: dict) -> keras.Model:
    """By Keras's own loader, from a copy in which every operator says where it is."""
    for entry in _layers(config):
        if not entry.get("module") and "trainable" not in entry["config"] and (home := _home_of_operator(entry)):
            entry["module"] = home
    check_classes(_with_modules(config), path.name)
    with tempfile.TemporaryDirectory(prefix="zoo-") as folder, warnings.catch_warnings():
        mended = Path(shutil.copyfile(path, Path(folder) / "mended.h5"))
        with h5py.File(mended, "r+") as file:
            file.attrs["model_config"] = json.dumps(config).encode()
        warnings.simplefilter("ignore")  # about old words
        return keras.saving.load_model(mended, compile=False, safe_mode=True)


def _home_of_operator(entry: dict) -> str | None:
    """The module of an operator (`h + a`, `ops.mean(h)`), of which Keras 3 writes the class's name alone into `.h5`."""
    for home in OPERATOR_HOMES:
        kind = getattr(sys.modules.get(home), entry["class_name"], None)
        if isinstance(kind, type) and issubclass(kind, keras.Operation):
            return home
    return None


def _with_modules(config: dict) -> dict:
    """A copy in which every class says where it is, as in a `.keras` file; those that are Keras's nowhere do not."""
    config = copy.deepcopy(config)
    for entry in _dictionaries(config):
        kind = entry.get("class_name")
        if isinstance(kind, str) and not entry.get("module"):
            homes = (home for home in HOMES if isinstance(getattr(sys.modules[home], kind, None), type))
            entry["module"] = next(homes, "keras.src.models.functional" if kind == "Functional" else "")
    return config


def _layers(config: dict) -> Iterator[dict]:
    """The layers of every functional model in a config."""
    for entry in _dictionaries(config):
        if isinstance(entry.get("layers"), list):
            yield from (each for each in entry["layers"] if isinstance(each, dict) and "inbound_nodes" in each)


def _dictionaries(config: object) -> Iterator[dict]:
    """Every dictionary in a config, at any depth."""
    pending = [config]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            yield node
        if isinstance(node, dict | list):
            pending.extend(node.values() if isinstance(node, dict) else node)
