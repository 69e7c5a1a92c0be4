"""Plug-ins: packages of other distributions, named by entry points; found and listed without importing anything.

The value of an entry point is a package: of `zoo.families` one that holds pairs `<family>.py` and `<family>.toml`, of
`zoo.tasks` one of files `<task>.py`, of `zoo.data` one of files `<data set>.py`.
"""

import functools
import logging
from collections.abc import Iterator
from importlib import metadata, util
from importlib.machinery import PathFinder
from pathlib import Path

from zoo.errors import PluginError, ZooError

log = logging.getLogger(__name__)


def entries(group: str) -> Iterator[metadata.EntryPoint]:
    """The entry points of a group, by name."""
    yield from sorted(metadata.entry_points(group=group), key=lambda entry: entry.name)


@functools.cache
def files_of_plugins(group: str) -> dict[str, str]:
    """The modules of all plug-in packages of a group, by the name of their file: `{"pitch": "more.tasks.pitch"}`.

    A plug-in that cannot be found is named in the log, and left out.
    """
    modules: dict[str, str] = {}
    for entry in entries(group):
        try:
            folder = package_folder(entry, "[a-z]*.py")
        except (ZooError, OSError, ValueError, ImportError) as error:
            leave_out(entry, error)
        else:
            modules |= {path.stem: f"{entry.value}.{path.stem}" for path in sorted(folder.glob("[a-z]*.py"))}
    return modules


def leave_out(entry: metadata.EntryPoint, error: Exception) -> None:
    """Says which plug-in does not take part, and why."""
    distribution = f" of the distribution `{entry.dist.name}`" if entry.dist else ""
    reason = getattr(error, "message", error)
    log.warning("the plug-in `%s`%s is left out: %s", entry.name, distribution, reason)


def package_folder(entry: metadata.EntryPoint, holds: str) -> Path:
    """The folder of a plug-in's package, without importing it or the packages above it.

    The first part is asked of every finder, since an editable installation may have brought one of its own.

    Args:
        entry: whose value is the package.
        holds: a pattern of files; of several folders the first that has some.

    Raises:
        PluginError: there is no such package.
    """
    top, *below = entry.value.split(".")
    spec, name = util.find_spec(top), top
    for part in below:
        name = f"{name}.{part}"
        spec = spec and PathFinder.find_spec(name, spec.submodule_search_locations)
    folders = [Path(folder) for folder in (spec and spec.submodule_search_locations) or ()]
    if not folders:
        raise PluginError(f"the package `{entry.value}` of its entry point was not found")
    return next((folder for folder in folders if any(folder.glob(holds))), folders[0])
