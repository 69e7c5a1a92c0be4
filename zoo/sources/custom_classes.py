"""`--custom module:Class`: a user's own classes, imported because the user named them; never because a file does."""

import importlib
import os
import re
import sys
from collections.abc import Iterable

import keras

from zoo.errors import InputError

_FORM = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


def import_classes(names: Iterable[str]) -> None:
    """Imports classes and lets files of this process name them.

    Args:
        names: `module:Class` each; the module is looked for in the folder of work too, as `python -m` does.

    Raises:
        InputError: a name is of another form, or there is no such module or class.
    """
    for name in names:
        if not _FORM.fullmatch(name):
            raise InputError(f"not a class: `{name}`; expected `module:Class`", "`--custom my_layers:MyCell`")
        module, _, kind = name.partition(":")
        found = getattr(_module(module), kind, None)
        if not isinstance(found, type):
            what = "none of that name" if found is None else f"a {type(found).__name__}"
            raise InputError(f"module `{module}` was imported for the class `{kind}`: found {what}")
        if keras.saving.get_registered_name(found) == found.__name__:  # else its module has registered it
            keras.saving.get_custom_objects()[found.__name__] = found


def _module(name: str):
    sys.path.insert(0, os.getcwd())
    try:
        return importlib.import_module(name)
    except Exception as error:  # whatever a user's module raises
        raise InputError(
            f"module `{name}` cannot be imported: {type(error).__name__}: {error}",
            "run the command in the folder that holds it, or install it",
        ) from error
    finally:
        sys.path.remove(os.getcwd())
