"""Data sets by name: each is one file `sets/<name>.py` that defines `DATA_SET`, and adding the file adds it."""

from importlib import import_module
from pathlib import Path

from zoo.data.dataset import DataSet
from zoo.errors import unknown

_SETS = Path(__file__).parent / "sets"


def list_data() -> list[str]:
    """The names of all data sets, sorted; prepared or not."""
    return sorted(path.stem for path in _SETS.glob("[a-z]*.py"))


def get_data(name: str) -> DataSet:
    """A data set by name; nothing is read or downloaded yet.

    Raises:
        UnknownNameError: there is none of this name; the message lists the nearest.
    """
    known = list_data()
    if name not in known:
        raise unknown("data set", name, known, "`zoo data list` shows all")
    return import_module(f"zoo.data.sets.{name}").DATA_SET
