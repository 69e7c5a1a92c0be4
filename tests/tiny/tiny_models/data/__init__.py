"""One data set a task."""
