"""Data sets by name, as arrays in memory: `get_data("cifar10").load("train")`.

`dataset.py` says what a data set is, `sets/` has one file a data set, `tfds_store.py` and `shards.py` read what
TensorFlow Datasets has prepared, `splits.py` holds examples out for validation, `mitbih/` cuts records into beats,
`own/` reads a user's own folder or file: `get_data("pictures/")`.
"""

from zoo.data.catalog import get_data, list_data
from zoo.data.dataset import DataSet, Examples
from zoo.data.splits import hold_out, validation_of

__all__ = ["DataSet", "Examples", "get_data", "hold_out", "list_data", "validation_of"]
