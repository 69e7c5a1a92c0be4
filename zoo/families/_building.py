"""Calling the `build` of a family: arguments are checked first, and what goes wrong is said in a sentence."""

from __future__ import annotations

import importlib
import numbers
import re
from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING

from zoo._keras import own_settings
from zoo.errors import BACKENDS, EXTRAS, InputError, PluginError, ZooError, needs, the_nearest
from zoo.registry import OURS, Spec

if TYPE_CHECKING:
    import keras

_KINDS = (
    (bool, "true or false"),
    (numbers.Integral, "a whole number"),
    (numbers.Real, "a number"),
    (str, "a text"),
)
"""What an argument may be, by what the family's TOML gives it: the first that fits."""


def build(spec: Spec, arguments: Mapping[str, object], *, whole: bool = False) -> keras.Model:
    """The model of `spec`, with fresh weights.

    Args:
        arguments: of the family's `build`.
        whole: `arguments` are all of them, as a manifest lists them; else they replace those of the TOML.

    Raises:
        InputError: there is no such argument, or `build` cannot take its value.
        MissingExtraError: Keras is not installed.
        PluginError: the family is a plug-in's and fails by itself.
    """
    check_arguments(spec, arguments)
    make, called_with = _build_of(spec), arguments if whole else {**spec.arguments, **arguments}
    try:
        with own_settings():
            model = make(**called_with)
    except ZooError:
        raise
    except Exception as error:  # whatever Keras says of a size that cannot be
        if arguments:
            given = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
            raise InputError(f"`{spec.name}` cannot be built with {given[:300]}: {short(error)}") from error
        if spec.package == OURS:
            raise
        raise _of_plugin(spec, f"its `build` fails: {type(error).__name__}: {short(error)}") from error
    _check_outputs(spec, model)
    model.name = spec.full_name.replace(".", "_")
    return model


def check_arguments(spec: Spec, given: Mapping[str, object]) -> None:
    """Raises InputError for an argument that the family has not, or that is of another kind than its TOML's."""
    for name, value in given.items():
        if name not in spec.arguments:
            raise InputError(f"`{spec.name}` has no argument `{name}`; {the_nearest(name, spec.arguments)}")
        usual = spec.arguments[name]
        if not _is_like(value, usual, name):
            expected = _words(usual, name)
            raise InputError(f"wrong value of `{name}`: found {value!r}, expected {expected}, such as {usual!r}")
    if "num_classes" in given:
        check_num_classes(given["num_classes"])


def check_num_classes(found: object) -> None:
    """Raises InputError if `found` is no number of classes, or not one for each of several heads by name."""
    counts = found.values() if isinstance(found, Mapping) else [found]
    if not counts or any(type(count) is not int or count < 1 for count in counts):
        raise InputError(f"wrong value of `num_classes`: found {found!r}, expected a whole number from 1")


def family_module(spec: Spec) -> ModuleType:
    """The code of the family of `spec`.

    Raises:
        MissingExtraError: a package is not installed that it imports.
        PluginError: it is a plug-in's and cannot be imported.
    """
    with needs("train"):
        try:
            return importlib.import_module(f"{spec.package}.{spec.family}")
        except Exception as error:
            if spec.package == OURS or isinstance(error, ZooError) or _is_extra(error):
                raise
            raise _of_plugin(spec, f"importing it fails: {type(error).__name__}: {short(error)}") from error


def _is_extra(error: Exception) -> bool:
    """Whether a package is missing that Keras models need, as on a device."""
    name = (getattr(error, "name", None) or "").partition(".")[0]
    return isinstance(error, ModuleNotFoundError) and name in (*EXTRAS["train"], *BACKENDS)


def short(error: Exception) -> str:
    """What Keras says, without the lists that it adds."""
    plain = re.sub(r"\x1b\[\d*m", "", str(error))  # Keras prints some of it bold
    lines = [line.strip() for line in plain.splitlines() if line.strip()]
    return " ".join(lines[:2])[:300] or type(error).__name__


def _build_of(spec: Spec):
    module = family_module(spec)
    if not callable(getattr(module, "build", None)):
        raise _of_plugin(spec, "it defines no function `build`")
    return module.build


def _check_outputs(spec: Spec, model: object) -> None:
    import keras

    if not isinstance(model, keras.Model) or not getattr(model, "inputs", None):
        raise _of_plugin(spec, f"its `build` gave a {type(model).__name__}, expected a functional Keras model")
    found = list(model.output) if isinstance(model.output, dict) else []
    if not found:
        raise _of_plugin(
            spec,
            "its `build` gave a model whose outputs are no dict, expected one by name, as "
            '`keras.Model(inputs, {"logits": x})` has',
        )


def _of_plugin(spec: Spec, what: str) -> PluginError:
    return PluginError(
        f"the family `{spec.family}` of `{spec.package}` cannot build `{spec.name}`: {what}",
        "mend it, or remove the distribution that brings it",
    )


def _is_like(value: object, usual: object, name: str) -> bool:
    if name == "input_shape":
        return isinstance(value, list | tuple) and len(value) == len(usual) and all(map(_is_size, value))
    if isinstance(usual, list):
        return isinstance(value, list | tuple) and (not usual or all(_is_like(item, usual[0], "") for item in value))
    if isinstance(usual, Mapping):
        return isinstance(value, Mapping)
    for kind, _ in _KINDS:
        if isinstance(usual, kind):
            return isinstance(value, kind) and isinstance(value, bool) == isinstance(usual, bool)
    return True


def _is_size(value: object) -> bool:
    """Whether `value` is the length of an axis, None an open one."""
    return value is None or (isinstance(value, numbers.Integral) and not isinstance(value, bool) and value > 0)


def _words(usual: object, name: str) -> str:
    if name == "input_shape":
        return f"{len(usual)} whole numbers from 1"
    if isinstance(usual, list):
        return f"a list, each {_words(usual[0], '')}" if usual else "a list"
    if isinstance(usual, Mapping):
        return f"a value for each of {', '.join(usual)}"
    return next((words for kind, words in _KINDS if isinstance(usual, kind)), f"a {type(usual).__name__}")
