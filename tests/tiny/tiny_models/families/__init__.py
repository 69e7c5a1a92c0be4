"""One family a task."""
