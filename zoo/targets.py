"""The kinds of artifact that an export makes."""

TARGETS = ("saved_model", "float32", "float16", "dynamic_int8", "int8", "int16x8")
"""In the order in which they are listed everywhere."""
USUAL_TARGETS = TARGETS[:-1]
"""Those that every device can use; int16x8 has no fast kernels and serves feed-forward models alone."""
