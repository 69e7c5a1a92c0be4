"""From a name to a Keras model.  Each family is `<family>.py` and `<family>.toml` in this folder, or in a plug-in's.

A family defines `build(**arguments) -> keras.Model`: functional, preprocessing inside, outputs a dict with `logits`.
It may define `parts(model) -> dict[str, Part]`; without it a model has the one part `predict`.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.bundle import Bundle, load_bundle
from zoo.errors import BundleError, InputError, needs
from zoo.registry import Spec, get_spec, the_nearest

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Part:
    """A named piece of a model with a signature of its own.

    Args:
        model: a functional Keras model over the same layer objects as the trained one.
        state: names of tensors that come out of one call and go into the next, under the same name on both sides.
    """

    model: keras.Model
    state: tuple[str, ...] = ()


def create_model(name: str, **overrides) -> keras.Model:
    """Builds a model with fresh weights.

    Args:
        name: a registered model, such as `resnet8`.
        **overrides: arguments of the family's `build` that replace those of the TOML, such as `num_classes=2`.

    Raises:
        UnknownNameError: there is no such model.
        InputError: it names a training, or the family's `build` has no such argument or cannot take its value.
    """
    if "." in name:
        raise InputError(
            f"`{name}` names a training: `create_model` builds models with fresh weights",
            f'`zoo.load_model("{name}")` loads the trained ones',
        )
    spec = get_spec(name)
    _check_arguments(spec, overrides)
    return _build(spec, {**spec.arguments, **overrides})


def load_model(name: str | Path, num_classes: int | None = None) -> keras.Model:
    """Builds a model and loads its pretrained weights.

    Args:
        name: `name.tag`, or the folder of a bundle.
        num_classes: a new head for that many classes, with fresh weights; all other weights are the pretrained ones.

    Raises:
        UnknownNameError: there is no such model, tag or bundle.
        InputError: `num_classes` is no whole number from 1.
        BundleError: the bundle is corrupt, or holds a model that is not the zoo's.
    """
    if num_classes is not None:
        _check_num_classes(num_classes)
    if "." not in Path(name).name and not (Path(name) / "manifest.json").exists():
        raise InputError(
            f"`{name}` names a model and no training of it; pretrained weights go by `name.tag`",
            f'`zoo list "{name}.*"` shows the tags; `zoo.create_model("{name}")` builds it untrained',
        )
    bundle = load_bundle(name)
    manifest = bundle.manifest
    if manifest["family"] is None:
        raise BundleError(
            f"`{bundle.name}` holds a model that is not the zoo's; `load_model` builds models of the registry only",
            f'`keras.saving.load_model("{bundle.path / manifest["source"]}")` reads it',
        )
    weights = bundle.file("model.weights.h5")
    model = _build_as_listed(bundle)
    try:
        model.load_weights(weights)
    except (ValueError, OSError, KeyError) as error:
        raise BundleError(f"`{bundle.name}`: model.weights.h5 does not fit `{manifest['model']}`: {error}") from error
    return model if num_classes is None else _with_new_head(model, manifest, num_classes)


def parts(spec: Spec, model: keras.Model) -> dict[str, Part]:
    """The parts of a model that the family of `spec` built."""
    define = getattr(_module(spec), "parts", None)
    return define(model) if define else {"predict": Part(model)}


def _check_arguments(spec: Spec, given: Mapping[str, object]) -> None:
    if unknown := set(given) - set(spec.arguments):
        worst = min(unknown)
        raise InputError(f"`{spec.name}` has no argument `{worst}`; {the_nearest(worst, spec.arguments)}")
    if "num_classes" in given:
        _check_num_classes(given["num_classes"])


def _check_num_classes(found: object) -> None:
    if type(found) is not int or found < 1:
        raise InputError(f"wrong value of `num_classes`: found {found!r}, expected a whole number from 1")


def _build_as_listed(bundle: Bundle) -> keras.Model:
    """The model of a bundle by the arguments that its manifest lists, which may be a stranger's."""
    spec, arguments = get_spec(bundle.manifest["model"]), bundle.manifest["build"]
    try:
        _check_arguments(spec, arguments)
        return _build(spec, arguments)
    except (InputError, TypeError, ValueError, LookupError, ArithmeticError) as error:
        where = f"`{bundle.path / 'manifest.json'}` at `build`"
        raise BundleError(f"{where}: `{spec.name}` cannot be built so: {getattr(error, 'message', error)}") from error


def _build(spec: Spec, arguments: dict) -> keras.Model:
    with needs("train"):
        return _module(spec).build(**arguments)


def _module(spec: Spec):
    return importlib.import_module(f"{spec.package}.{spec.family}")


def _with_new_head(trained: keras.Model, manifest: dict, num_classes: int) -> keras.Model:
    """The same model for `num_classes`: every layer but those named `*logits` takes over its weights by its name."""
    model = _build(get_spec(manifest["model"]), {**manifest["build"], "num_classes": num_classes})
    for layer in model.layers:
        if not layer.name.endswith("logits") and layer.weights:
            layer.set_weights(trained.get_layer(layer.name).get_weights())
    return model
