"""From a Keras model to measured artifacts: `export_model` is the way through, `api.py` tells it on one screen.

Its names are loaded when they are first used: the converter's own process imports this package too, without them.
"""

import importlib

from zoo.errors import MissingAttributeError, needs

_HOME = {"export_model": "zoo.export.api", "one_converter": "zoo.export.artifacts"}

__all__ = [*_HOME]


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"module `zoo.export` has no attribute `{name}`")
    with needs("train", MissingAttributeError):
        return getattr(importlib.import_module(_HOME[name]), name)
