"""`--custom module:Class`: a user's own classes and functions, imported because the user named them, no file."""

import importlib
import os
import re
import sys
from collections.abc import Callable, Iterable

import keras

from zoo.errors import InputError

_FORM = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


def import_classes(names: Iterable[str]) -> None:
    """Imports classes, and functions such as activations, and lets files of this process name them.

    Args:
        names: `module:Class` or `module:function` each; the module is looked for in the folder of work too, as
            `python -m` does.

    Raises:
        InputError: a name is of another form, or there is no such module, class or function.
    """
    for name in names:
        found = imported(name, "--custom my_layers:MyCell")
        if keras.saving.get_registered_name(found) == found.__name__:  # else its module has registered it
            keras.saving.get_custom_objects()[found.__name__] = found


def imported(name: str, example: str) -> Callable:
    """A class or a function of a user's own module.

    Args:
        name: `module:name`.
        example: how the option is given rightly.

    Raises:
        InputError: see `import_classes`.
    """
    if not _FORM.fullmatch(name):
        raise InputError(
            f"not a class or function: `{name}`; expected `module:Class` or `module:function`", f"`{example}`"
        )
    module, _, kind = name.partition(":")
    found = getattr(_module(module), kind, None)
    if not callable(found):
        what = "none of that name" if found is None else f"a {type(found).__name__}"
        raise InputError(f"module `{module}` was imported for the class or function `{kind}`: found {what}")
    return found


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
