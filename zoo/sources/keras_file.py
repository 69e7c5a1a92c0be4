"""A stranger's `.keras` file: checked before anything in it is believed, and read without running code of its author.

A `.keras` file is a zip: `config.json` names the classes to build, `model.weights.h5` holds the weights.  Three things
can be wrong with one from a stranger: the archive (a member that is written outside, or that swells to gigabytes), a
class that is not Keras's (whose code would have to come from somewhere), and a layer that carries code in the file
(`Lambda`).  Each is refused here, by name, before Keras sees the file.

It stands on this floor because two read such files: `zoo export`, and `zoo verify` for a bundle's `source.keras`.
"""

import io
import json
import stat
import zipfile
from pathlib import Path

import h5py
import keras

from zoo.errors import InputError
from zoo.sources.classes import check_classes
from zoo.sources.graphs.layer import GraphFunction  # noqa: F401 - registers the class that files name
from zoo.sources.h5_file import MAX_BYTES, MAX_CONFIG_BYTES, check_inside, load_h5_file
from zoo.sources.keras_2.load import is_of_keras_2
from zoo.sources.keras_2.zipped import load_zip_of_keras_2
from zoo.sources.said import said_by

MAX_MEMBERS = 10_000
MAX_RATIO = 100
"""Unpacked over packed.  Keras stores without compression: its own ratio is 1."""
MIN_BOMB_BYTES = 1 << 20
"""A member that unpacks to less may be of any ratio: a file of zeros does no harm."""


def load_keras_file(path: Path) -> keras.Model:
    """The model of a `.keras` file, after `check_keras_file`; its losses and optimisers are never built.

    Raises:
        InputError: the file is missing, damaged or refused; the message names the member, class or layer.
    """
    if path.is_file() and h5py.is_hdf5(path):  # Keras 2.11 and before wrote that under any name
        return load_h5_file(path)
    config, version = check_keras_file(path)
    try:
        model = _of_keras_2(path, config, version) if is_of_keras_2(version) else _of_keras_3(path)
    except InputError:
        raise
    except Exception as error:  # Keras raises whatever the file made it stumble over
        raise InputError(f"Keras {keras.__version__} cannot load `{path.name}`: {said_by(error)}") from error
    if not isinstance(model, keras.Model):
        raise InputError(f"`{path.name}` holds a {type(model).__name__}, expected a Keras model")
    return model


def is_by_keras_2(path: Path) -> bool:
    """Whether Keras 2 wrote a file that is called `.keras`; an answer for any file, damaged ones too."""
    if h5py.is_hdf5(path):
        return True
    try:
        with zipfile.ZipFile(path) as archive:
            return is_of_keras_2(_version(_read_json(archive, "metadata.json", path.name)))
    except (zipfile.BadZipFile, InputError, OSError, NotImplementedError, RuntimeError):
        return False


def _version(metadata: dict) -> str:
    return str(metadata.get("keras_version", "3"))


def _of_keras_3(path: Path) -> object:
    return keras.saving.load_model(path, compile=False, safe_mode=True)


def _of_keras_2(path: Path, config: dict, version: str) -> keras.Model:
    with zipfile.ZipFile(path) as archive:
        content = io.BytesIO(archive.read("model.weights.h5"))  # no more than MAX_BYTES, as was checked
    with h5py.File(content, "r") as weights:
        check_inside(weights, path.name)
        return load_zip_of_keras_2(config, version, path.name, weights)


def check_keras_file(path: Path) -> tuple[dict, str]:
    """Refuses what should not be loaded; builds nothing, writes nothing, and reads no more than `MAX_BYTES`.

    Returns:
        The configuration of the model, and the version of the Keras that wrote it.

    Raises:
        InputError: see `load_keras_file`.
    """
    if path.suffix != ".keras" or not path.is_file():
        raise InputError(f"not a `.keras` file: `{path}`", '`model.save("model.keras")` writes one')
    try:
        with zipfile.ZipFile(path) as archive:
            check_members(archive, path.name)
            if damaged := archive.testzip():
                raise InputError(
                    f"`{path.name}` is damaged: its member `{damaged}` does not have the checksum that it should"
                )
            config = _read_json(archive, "config.json", path.name)
            metadata = _read_json(archive, "metadata.json", path.name)
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise InputError(
            f"`{path.name}` is cut short, or not a `.keras` archive: {said_by(error)}",
            "fetch or save it again; a `.keras` file is a zip archive",
        ) from error
    version = _version(metadata)
    config.pop("compile_config", None)
    if not is_of_keras_2(version):
        check_classes(config, path.name)
    return config, version


def check_members(archive: zipfile.ZipFile, name: str) -> None:
    """Refuses members that leave the archive, that are links, or whose declared sizes are absurd."""
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise InputError(f"`{name}` has {len(members):,} members, expected at most {MAX_MEMBERS:,}")
    if len({member.filename for member in members}) < len(members):
        raise InputError(f"`{name}` has two members of one name")
    for member in members:
        if _leaves(member.filename):
            raise InputError(f"`{name}` has a member that leaves the archive: `{member.filename}`")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise InputError(f"`{name}` has a member that is a link: `{member.filename}`")
        if member.file_size > max(MIN_BOMB_BYTES, MAX_RATIO * member.compress_size):
            raise InputError(
                f"`{name}` has a member that swells from {member.compress_size:,} to {member.file_size:,} bytes: "
                f"`{member.filename}`; expected at most {MAX_RATIO} times"
            )
    if (total := sum(member.file_size for member in members)) > MAX_BYTES:
        raise InputError(f"`{name}` unpacks to {total:,} bytes, expected at most {MAX_BYTES:,}")


def _leaves(member: str) -> bool:
    """Whether a member's path is absolute, has a drive, or climbs."""
    parts = member.replace("\\", "/").split("/")
    return parts[0] == "" or ".." in parts or ":" in parts[0]


def _read_json(archive: zipfile.ZipFile, member: str, name: str) -> dict:
    try:
        size = archive.getinfo(member).file_size
    except KeyError:
        raise InputError(f"`{name}` has no member `{member}`, which every `.keras` file has") from None
    if size > MAX_CONFIG_BYTES:
        raise InputError(f"`{member}` of `{name}` has {size:,} bytes, expected at most {MAX_CONFIG_BYTES:,}")
    try:
        content = json.loads(archive.read(member))
    except (ValueError, RecursionError) as error:
        raise InputError(f"`{member}` of `{name}` is not JSON: {said_by(error)}") from None
    if not isinstance(content, dict):
        raise InputError(f"`{member}` of `{name}` holds a {type(content).__name__}, expected an object")
    return content
