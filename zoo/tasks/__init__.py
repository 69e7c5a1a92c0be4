"""What a model is trained for and scored by: one file a task."""

from zoo.tasks.catalog import get_task

__all__ = ["get_task"]
