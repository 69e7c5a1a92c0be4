"""A stranger's `.keras` file: checked before anything in it is believed, and read without running code of its author.

A `.keras` file is a zip: `config.json` names the classes to build, `model.weights.h5` holds the weights.  Three things
can be wrong with one from a stranger: the archive (a member that is written outside, or that swells to gigabytes), a
class that is not Keras's (whose code would have to come from somewhere), and a layer that carries code in the file
(`Lambda`).  Each is refused here, by name, before Keras sees the file.

It stands on this floor because two read such files: `zoo export`, and `zoo verify` for a bundle's `source.keras`.
"""

import json
import stat
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import keras

from zoo.errors import InputError

MAX_MEMBERS = 10_000
MAX_BYTES = 4 << 30
"""Unpacked, all members together.  A `.tflite` file ends at 2 GiB, so no model that can be exported is larger."""
MAX_CONFIG_BYTES = 64 << 20
MAX_RATIO = 100
"""Unpacked over packed.  Keras stores without compression: its own ratio is 1."""
MIN_BOMB_BYTES = 1 << 20
"""A member that unpacks to less may be of any ratio: a file of zeros does no harm."""

# Keras's own layers that carry code in the file, or read another file that it names.
CARRIES_CODE = {
    "Lambda": "carries Python code in the file",
    "TFSMLayer": "reads a SavedModel from a path that the file names",
    "TorchModuleWrapper": "carries a pickle in the file",
    "JaxLayer": "carries a function in the file",
    "FlaxLayer": "carries a module in the file",
}
_REGISTER = (
    "import the code that defines it, decorated with `@keras.saving.register_keras_serializable()`, before "
    "`zoo.export_model` (`--custom module:Class` on the command line); or write it with Keras's own layers"
)
# How Keras writes values that are not objects of a class.
_VALUES = frozenset({"__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__slice__"})


def load_keras_file(path: Path) -> keras.Model:
    """The model of a `.keras` file, after `check_keras_file`; its losses and optimisers are never built.

    Raises:
        InputError: the file is missing, damaged or refused; the message names the member, class or layer.
    """
    check_keras_file(path)
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises whatever the file made it stumble over
        raise InputError(f"Keras {keras.__version__} cannot load `{path.name}`: {_first_line(error)}") from error
    if not isinstance(model, keras.Model):
        raise InputError(f"`{path.name}` holds a {type(model).__name__}, expected a Keras model")
    return model


def check_keras_file(path: Path) -> None:
    """Refuses what should not be loaded; builds nothing, writes nothing, and reads no more than `MAX_BYTES`.

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
            f"`{path.name}` is cut short, or not a `.keras` archive: {_first_line(error)}",
            "fetch or save it again; a `.keras` file is a zip archive",
        ) from error
    _check_version(metadata, path.name)
    check_classes({key: value for key, value in config.items() if key != "compile_config"}, path.name)


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


def check_classes(config: dict, name: str) -> None:
    """Refuses layers that carry code and classes that are neither Keras's nor registered in this process."""
    for entry, layer in _objects(config):
        described = f"layer `{layer}` of `{name}`" if layer else f"`{name}`"
        kind = entry["class_name"]
        if kind == "__lambda__" or (kind in CARRIES_CODE and _is_keras(_module(entry))):
            reason = CARRIES_CODE.get(kind, CARRIES_CODE["Lambda"])
            raise InputError(
                f"{described} is refused: `{kind.strip('_')}` {reason}",
                "write it with `keras.ops` in a functional model, or as a registered layer",
            )
        if not _is_known(entry):
            full = ".".join(filter(None, (_module(entry), str(entry["config"] if kind == "function" else kind))))
            raise InputError(f"{described} is of a class that is neither Keras's nor registered: `{full}`", _REGISTER)


def _is_known(entry: dict) -> bool:
    kind, module = entry["class_name"], _module(entry)
    if kind in _VALUES:
        return True
    if (
        kind == "function"
    ):  # an activation by name, say; Keras itself refuses those of its functions that are no part of a model
        return (
            _is_registered(entry["config"])
            or _is_registered(entry.get("registered_name"))
            or _is_keras(module, "builtins")
        )
    if _is_registered(entry.get("registered_name", kind)):
        return True
    # Only modules that `import keras` has brought: a file must not choose what is imported.
    return _is_keras(module) and isinstance(getattr(sys.modules.get(module), kind, None), type)


def _is_registered(name: object) -> bool:
    return isinstance(name, str) and keras.saving.get_registered_object(name) is not None


def _is_keras(module: str, *also: str) -> bool:
    return module == "keras" or module.startswith("keras.") or module in also


def _module(entry: dict) -> str:
    return module if isinstance(module := entry.get("module"), str) else ""


def _objects(config: object) -> Iterator[tuple[dict, str | None]]:
    """Every object that a config describes, with the name of the layer that it belongs to; at any depth of nesting."""
    stack: list[tuple[object, str | None]] = [(config, None)]
    while stack:
        node, layer = stack.pop()
        if isinstance(node, list):
            stack.extend((value, layer) for value in reversed(node))
        elif isinstance(node, dict):
            if isinstance(node.get("class_name"), str) and "config" in node:
                inner = node["config"] if isinstance(node["config"], dict) else {}
                layer = node.get("name") or inner.get("name") or layer
                yield node, layer
            elif _is_marshalled(node):
                yield {"class_name": "__lambda__"}, layer
            stack.extend((value, layer) for value in reversed(node.values()))


def _is_marshalled(node: dict) -> bool:
    """A lambda given as an activation, which Keras writes without a class: {"value": [code, defaults, closure]}."""
    value = node.get("value")
    return set(node) == {"value"} and isinstance(value, list) and len(value) == 3 and isinstance(value[0], str)


def _check_version(metadata: dict, name: str) -> None:
    version = str(metadata.get("keras_version", ""))
    if version.split(".")[0] in ("1", "2"):
        raise InputError(
            f"`{name}` was written by Keras {version}, expected 3 or later",
            "load it with the Keras that wrote it, and save it with Keras 3",
        )


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
        raise InputError(f"`{member}` of `{name}` is not JSON: {_first_line(error)}") from None
    if not isinstance(content, dict):
        raise InputError(f"`{member}` of `{name}` holds a {type(content).__name__}, expected an object")
    return content


def _first_line(error: Exception) -> str:
    """What went wrong, without the config that Keras repeats before its last `Exception encountered:`."""
    said = str(error).rpartition("Exception encountered:")[2].strip()
    return next(iter(said.splitlines()), type(error).__name__)[:300]
