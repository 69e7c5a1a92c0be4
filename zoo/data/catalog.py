"""Data sets by name or path: a name is a file `<name>.py` that defines `DATA_SET`, in `sets/` or a plug-in's package.

Adding the file adds it.  A path is a user's own data; see `own/`.
"""

import os
from importlib import import_module
from pathlib import Path

from zoo.data.dataset import DataSet
from zoo.data.own import looks_like_a_path, open_own
from zoo.errors import PluginError, UnknownNameError, the_nearest
from zoo.plugins import files_of_plugins

_SETS = Path(__file__).parent / "sets"


def list_data() -> list[str]:
    """The names of all data sets, sorted; prepared or not."""
    return sorted(_modules())


def get_data(name: str | os.PathLike) -> DataSet:
    """A data set by name, nothing of which is read or downloaded yet; or a user's own by its path, which is looked at.

    A name goes before a folder of the same name, which `./name` is.

    Raises:
        UnknownNameError: there is none of this name, and nothing at this path; the message lists the nearest names.
        DataError: what is at the path is no data set.
        PluginError: it is a plug-in's and cannot be imported, or defines no data set.
    """
    modules, text = _modules(), os.fspath(name)
    if text in modules:
        return _import(text, modules[text])
    if os.path.exists(text):
        return open_own(text)
    there = "there is no such folder or file" if looks_like_a_path(text) else "there is no such folder"
    raise UnknownNameError(
        f"unknown data set: `{text}`; {the_nearest(text, modules, 'data set')}, and {there}",
        "`zoo data list` shows all",
    )


def _import(name: str, module: str) -> DataSet:
    try:
        data = getattr(import_module(module), "DATA_SET", None)
    except Exception as error:
        if module.startswith("zoo."):
            raise
        raise PluginError(
            f"the data set `{name}` of `{module}` cannot be imported: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(data, DataSet):
        raise PluginError(f"the data set `{name}` of `{module}` defines no `DATA_SET`: found {type(data).__name__}")
    return data


def _modules() -> dict[str, str]:
    ours = {path.stem: f"zoo.data.sets.{path.stem}" for path in _SETS.glob("[a-z]*.py")}
    return {**files_of_plugins("zoo.data"), **ours}
