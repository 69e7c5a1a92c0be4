"""Tasks by name."""

from importlib import import_module
from types import ModuleType

from zoo.errors import unknown

TASKS = ("classification",)


def get_task(name: str) -> ModuleType:
    """The module of a task: its `loss`, `answers`, `metrics`, `baselines` and `interval`.

    Raises:
        UnknownNameError: there is no such task.
    """
    if name not in TASKS:
        raise unknown("task", name, TASKS)
    return import_module(f"zoo.tasks.{name}")
