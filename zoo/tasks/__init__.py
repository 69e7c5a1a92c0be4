"""What a model is trained for and scored by: one file a task."""

from zoo.bundle.metric import Metric
from zoo.tasks.catalog import get_task, list_tasks
from zoo.tasks.task import Batch, Task

__all__ = ["Batch", "Metric", "Task", "get_task", "list_tasks"]
