"""Data sets by name: each is one file `<name>.py` that defines `DATA_SET`, in `sets/` or in a plug-in's package."""

from importlib import import_module
from pathlib import Path

from zoo.data.dataset import DataSet
from zoo.errors import PluginError, unknown
from zoo.plugins import files_of_plugins

_SETS = Path(__file__).parent / "sets"


def list_data() -> list[str]:
    """The names of all data sets, sorted; prepared or not."""
    return sorted(_modules())


def get_data(name: str) -> DataSet:
    """A data set by name; nothing is read or downloaded yet.

    Raises:
        UnknownNameError: there is none of this name; the message lists the nearest.
        PluginError: it is a plug-in's and cannot be imported, or its file defines none.
    """
    modules = _modules()
    if name not in modules:
        raise unknown("data set", name, modules, "`zoo data list` shows all")
    try:
        data = getattr(import_module(modules[name]), "DATA_SET", None)
    except Exception as error:
        if modules[name].startswith("zoo."):
            raise
        raise PluginError(
            f"the data set `{name}` of `{modules[name]}` cannot be imported: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(data, DataSet):
        raise PluginError(f"the file `{modules[name]}` defines no `DATA_SET`: found {type(data).__name__}")
    return data


def _modules() -> dict[str, str]:
    ours = {path.stem: f"zoo.data.sets.{path.stem}" for path in _SETS.glob("[a-z]*.py")}
    return {**files_of_plugins("zoo.data"), **ours}
