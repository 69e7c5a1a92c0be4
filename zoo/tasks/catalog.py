"""Tasks by name."""

from importlib import import_module
from types import ModuleType

from zoo.errors import UnknownNameError
from zoo.registry import nearest

TASKS = ("classification",)


def get_task(name: str) -> ModuleType:
    """The module of a task: its `loss`, `answers`, `metrics`, `baselines` and `interval`.

    Raises:
        UnknownNameError: there is no such task.
    """
    if name not in TASKS:
        close = ", ".join(f"`{other}`" for other in nearest(name, TASKS))
        raise UnknownNameError(f"unknown task: `{name}`; the nearest are {close}")
    return import_module(f"zoo.tasks.{name}")
