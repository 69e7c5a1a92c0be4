"""A Keras 2 `.h5` file: checked before anything in it is believed, mended, and read by Keras's own loader.

Such a file is one HDF5 group of weights with the model's configuration, JSON, in an attribute.  It is checked as a
`.keras` file is (see `zoo.sources.keras_file`): no class but Keras's and registered ones, no layer that carries code,
and nothing that lies outside the file.
"""

import copy
import json
import shutil
import sys
import warnings
from pathlib import Path

import h5py
import keras

from zoo.errors import InputError
from zoo.sources.keras_file import MAX_CONFIG_BYTES, check_classes

SUFFIXES = (".h5", ".hdf5")

_HOMES = (
    *("keras", "keras.layers", "keras.initializers", "keras.regularizers", "keras.constraints"),
    "keras.src.models.functional",  # a `.keras` file names it so too
)
"""Where the classes are that such a file names without a module."""


def load_h5_file(path: Path, scratch: Path) -> keras.Model:
    """The model of a file that `model.save("model.h5")` wrote, under Keras 2 or 3.

    Args:
        path: the file, which is left as it is.
        scratch: a folder for the mended copy that Keras reads.

    Raises:
        InputError: the file is missing, damaged or refused; the message names the class or layer.
    """
    if not path.is_file() or not h5py.is_hdf5(path):
        found = "no HDF5 file" if path.is_file() else "nothing"
        raise InputError(f"not a Keras `.h5` file: `{path}` is {found}", '`model.save("model.h5")` writes one')
    mended = Path(shutil.copyfile(path, scratch / "mended.h5"))
    try:
        with h5py.File(mended, "r+") as file:
            _check_inside(file, path.name)
            config = _config(file, path.name)
            check_classes(_with_modules(config), path.name)
            _mend(config)
            file.attrs["model_config"] = json.dumps(config).encode()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about `input_shape`, which was how Keras 2 had it
            return keras.saving.load_model(mended, compile=False, safe_mode=True)
    except InputError:
        raise
    except Exception as error:  # h5py and Keras raise whatever the file made them stumble over
        said = next(iter(str(error).splitlines()), type(error).__name__)[:300]
        raise InputError(
            f"Keras {keras.__version__} cannot load `{path.name}`: {said}",
            "load it with the Keras that wrote it, and build the model anew in Keras 3 with its weights",
        ) from error


def _config(file: h5py.File, name: str) -> dict:
    """The description of the model."""
    text = file.attrs.get("model_config")
    if text is None:
        raise InputError(
            f"`{name}` holds weights alone, no model",
            'build the model and `model.load_weights`, then export it; or save it whole, `model.save("model.h5")`',
        )
    if len(text) > MAX_CONFIG_BYTES:
        raise InputError(
            f"the configuration in `{name}` has {len(text):,} bytes, expected at most {MAX_CONFIG_BYTES:,}"
        )
    config = json.loads(text)
    if not isinstance(config, dict):
        raise InputError(f"the configuration in `{name}` holds a {type(config).__name__}, expected an object")
    return config


def _check_inside(file: h5py.File, name: str) -> None:
    """Refuses what would be read from other files."""

    def elsewhere(member: str, link) -> str | None:  # the first that is returned ends the visit
        data = file[member] if isinstance(link, h5py.HardLink) else None
        outside = isinstance(data, h5py.Dataset) and (data.external or data.is_virtual)
        return member if outside or isinstance(link, h5py.ExternalLink) else None

    if member := file.visititems_links(elsewhere):
        raise InputError(f"`{name}` has a member that lies in another file: `{member}`")


def _with_modules(config: dict) -> dict:
    """A copy in which every class says where it is, as in a `.keras` file; those that are Keras's nowhere do not."""
    config = copy.deepcopy(config)
    for entry in _dictionaries(config):
        kind = entry.get("class_name")
        if isinstance(kind, str) and not entry.get("module"):
            homes = (home for home in _HOMES if isinstance(getattr(sys.modules[home], kind, None), type))
            entry["module"] = next(homes, "")
    return config


def _mend(config: dict) -> None:
    """Takes out what Keras 2 wrote into every recurrent layer and Keras 3 knows no more.

    Raises:
        InputError: a layer has time in front, which Keras 3 cannot.
    """
    for entry in _dictionaries(config):
        if entry.pop("time_major", False):
            raise InputError(
                f"layer `{entry.get('name')}` has `time_major=True`, which Keras 3 has not",
                "build it with batch first",
            )


def _dictionaries(config: object):
    """Every dictionary in a config, at any depth."""
    pending = [config]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            yield node
        if isinstance(node, dict | list):
            pending.extend(node.values() if isinstance(node, dict) else node)
