"""Tasks by name: each is one file `<name>.py` that defines `TASK`, here or in the package of a plug-in."""

from importlib import import_module
from pathlib import Path

from zoo.errors import PluginError, unknown
from zoo.plugins import files_of_plugins
from zoo.tasks.task import Task

_HERE = Path(__file__).parent
_NO_TASKS = ("bootstrap", "catalog", "confusion", "task", "texts")


def list_tasks() -> list[str]:
    """The names of all tasks, sorted."""
    return sorted(_modules())


def get_task(name: str) -> Task:
    """A task by name.

    Raises:
        UnknownNameError: there is no such task; the message lists the nearest.
        PluginError: it is a plug-in's and cannot be imported, or defines no task.
    """
    modules = _modules()
    if name not in modules:
        raise unknown("task", name, modules)
    try:
        task = getattr(import_module(modules[name]), "TASK", None)
    except Exception as error:
        if modules[name].startswith("zoo."):
            raise
        raise PluginError(
            f"the task `{name}` of `{modules[name]}` cannot be imported: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(task, Task):
        raise PluginError(f"the task `{name}` of `{modules[name]}` defines no `TASK`: found {type(task).__name__}")
    return task


def _modules() -> dict[str, str]:
    ours = {path.stem: f"zoo.tasks.{path.stem}" for path in _HERE.glob("[a-z]*.py") if path.stem not in _NO_TASKS}
    return {**files_of_plugins("zoo.tasks"), **ours}
