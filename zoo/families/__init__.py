"""From a name to a Keras model.  Each family is `<family>.py` and `<family>.toml` in this folder, or in a plug-in's.

A family defines `build(**arguments) -> keras.Model`: functional, preprocessing inside, outputs named by the task.
It may define `parts(model) -> dict[str, Part]`; without it a model has the one part `predict`.  It may say in `INPUTS`
what its inputs are, `{"image": {"kind": "image", "fit": {"mode": "crop", "filter": "bilinear"}}}`: what nobody says is
told by the data set.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.bundle import Bundle
from zoo.errors import BundleError, InputError, the_nearest
from zoo.families._building import build, check_arguments, check_num_classes, family_module, short
from zoo.families._origin import Origin as Origin
from zoo.families._origin import origin_of as origin_of
from zoo.families._origin import remember
from zoo.open_any import RunFolder, open_trained
from zoo.registry import Spec, get_spec

if TYPE_CHECKING:
    import keras


PREDICT = "predict"
"""The one part of a model whose family defines none."""
HEAD_SIZES = ("num_classes", "num_values", "vocabulary_size")
"""Arguments of a family's `build` that the head's outputs are as many as; the data set of a training decides them."""


@dataclass(frozen=True)
class Part:
    """A named piece of a model with a signature of its own.

    Args:
        model: a functional Keras model over the same layer objects as the trained one.
        state: names of tensors that come out of one call and go into the next, under the same name on both sides.
    """

    model: keras.Model
    state: tuple[str, ...] = ()


def create_model(name: str, features: Sequence[str] | None = None, **overrides) -> keras.Model:
    """Builds a model with fresh weights.

    Args:
        name: a registered model, such as `resnet8`.
        features: what the outputs are instead of the model's own, by name: `features`, which is what its head reads,
            a layer, or what the names of several layers begin with, such as `stage1`: what the last of them gives.
        **overrides: arguments of the family's `build` that replace those of the TOML, such as `num_classes=2`.

    Raises:
        UnknownNameError: there is no such model or layer.
        InputError: it names a training, or the family's `build` has no such argument or cannot take its value.
        PluginError: it is a plug-in's, and cannot be built.
    """
    if "." in name:
        raise InputError(
            f"`{name}` names a training: `create_model` builds models with fresh weights",
            f'`zoo.load_model("{name}")` loads the trained ones',
        )
    return _cut_open(build(get_spec(name), overrides), features)


def load_model(
    name: str | Path,
    num_classes: int | Mapping[str, int] | None = None,
    input_shape: Sequence[int | None] | None = None,
    features: Sequence[str] | None = None,
    **changes,
) -> keras.Model:
    """Builds a model and loads its pretrained weights.

    Args:
        name: `name.tag`, the folder of a bundle, or the name of a model that has been trained once.
        num_classes: a new head for that many classes, with fresh weights; all other weights are the pretrained ones.
            Of several heads `{output: number}`: those that are named become new.
        input_shape: the shape of an input without its batch.  Convolutions and means over all places take another one
            with the weights that they have.
        features: as for `create_model`.
        **changes: other arguments of the family's `build`: a size of the head (`num_values`, `vocabulary_size`) makes
            it new, and any is taken that no weights of the body depend on.

    Returns:
        The model; its `labels` are what its classes are called, in the order of its logits, or None with a new head.

    Raises:
        UnknownNameError: there is no such model, tag, bundle or layer.
        InputError: it is a run, a model with no training or several, the family has no such argument or cannot take
            its value, or weights of the body depend on it.
        BundleError: the bundle is corrupt, or holds a model that is not the zoo's.
    """
    changes |= {key: value for key, value in _sizes(num_classes, input_shape) if value is not None}
    bundle = open_trained(name)
    if isinstance(bundle, RunFolder):
        raise InputError(
            f"`{bundle.path}` is a run: expected a bundle or its name",
            f'`zoo.training.load_run("{bundle.path}").model()` is its model; `zoo export {bundle.path} --out '
            "saved_models` makes a bundle of it",
        )
    model, labels = _trained(bundle), bundle.labels
    if changes:
        model, labels = _changed(bundle, model, changes)
    if features is not None:
        return remember(_cut_open(model, features), bundle, None, None)
    return remember(model, bundle, bundle.task, labels)


def parts(spec: Spec, model: keras.Model) -> dict[str, Part]:
    """The parts of a model that the family of `spec` built."""
    define = getattr(family_module(spec), "parts", None)
    return define(model) if define else {PREDICT: Part(model)}


def _sizes(num_classes: object, input_shape: object) -> Iterator[tuple[str, object]]:
    if num_classes is not None:
        check_num_classes(num_classes)
    yield "num_classes", num_classes
    yield "input_shape", list(input_shape) if isinstance(input_shape, tuple) else input_shape


def _cut_open(model: keras.Model, features: Sequence[str] | None) -> keras.Model:
    if features is None:
        return model
    from zoo.families._features import with_features

    return with_features(model, features)


def _trained(bundle: Bundle) -> keras.Model:
    """The model of a bundle with its weights."""
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
        why = f"model.weights.h5 does not fit `{manifest['model']}`: {short(error)}"
        raise BundleError(f"`{bundle.name}`: {why}") from error
    return model


def inputs_said(spec: Spec) -> Mapping[str, Mapping]:
    """What the family of `spec` says of inputs in its `INPUTS`: by name `kind`, and of pictures how they are fitted."""
    return getattr(family_module(spec), "INPUTS", {})


def _changed(bundle: Bundle, trained: keras.Model, changes: Mapping) -> tuple[keras.Model, tuple[str, ...] | None]:
    """The model of a bundle built with other arguments, and its labels, where its head is not new."""
    from zoo.families._head import head_layers, take_over

    spec, usual = _spec_of(bundle), bundle.manifest["build"]
    check_arguments(spec, changes)
    arguments, new = {**usual, **changes}, []
    sizes = {name: changes[name] for name in HEAD_SIZES if name in changes}
    for name, size in sizes.items():
        if isinstance(size, Mapping):
            if strange := [head for head in size if head not in usual[name]]:
                raise InputError(f"`{spec.name}` has no head `{strange[0]}`; {the_nearest(strange[0], usual[name])}")
            arguments[name] = {**usual[name], **size}
    fresh = build(spec, arguments, whole=True)
    for size in sizes.values():
        new += head_layers(fresh, size if isinstance(size, Mapping) else None)
    take_over(trained, fresh, list(changes), new)
    return fresh, None if sizes else bundle.labels


def _spec_of(bundle: Bundle) -> Spec:
    return replace(get_spec(bundle.manifest["model"]), tag=bundle.manifest["tag"])


def _build_as_listed(bundle: Bundle) -> keras.Model:
    """The model of a bundle by the arguments that its manifest lists, which may be a stranger's."""
    try:
        return build(_spec_of(bundle), bundle.manifest["build"], whole=True)
    except InputError as error:
        raise BundleError(f"`{bundle.path / 'manifest.json'}` at `build`: {error.message}") from error
