"""From a name to a Keras model.  Each family is `<family>.py` and `<family>.toml` in this folder, or in a plug-in's.

A family defines `build(**arguments) -> keras.Model`: functional, preprocessing inside, outputs a dict with `logits`.
It may define `parts(model) -> dict[str, Part]`; without it a model has the one part `predict`.  It may say in `INPUTS`
what its inputs are, `{"image": {"kind": "image", "fit": {"mode": "crop", "filter": "bilinear"}}}`: what nobody says is
told by the data set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.bundle import Bundle, load_bundle
from zoo.errors import BundleError, InputError
from zoo.families._building import build, check_num_classes, family_module, short
from zoo.families._origin import Origin as Origin
from zoo.families._origin import origin_of as origin_of
from zoo.families._origin import remember
from zoo.registry import Spec, get_spec, tags

if TYPE_CHECKING:
    import keras


PREDICT = "predict"
"""The one part of a model whose family defines none."""


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
        PluginError: it is a plug-in's, and cannot be built.
    """
    if "." in name:
        raise InputError(
            f"`{name}` names a training: `create_model` builds models with fresh weights",
            f'`zoo.load_model("{name}")` loads the trained ones',
        )
    return build(get_spec(name), overrides)


def load_model(name: str | Path, num_classes: int | None = None) -> keras.Model:
    """Builds a model and loads its pretrained weights.

    Args:
        name: `name.tag`, the folder of a bundle, or the name of a model that has been trained once.
        num_classes: a new head for that many classes, with fresh weights; all other weights are the pretrained ones.

    Returns:
        The model; its `labels` are what its classes are called, in the order of its logits, or None with a new head.

    Raises:
        UnknownNameError: there is no such model, tag or bundle.
        InputError: it is a model with no training or several, `num_classes` is no whole number from 1, or the family
            builds another body for it.
        BundleError: the bundle is corrupt, or holds a model that is not the zoo's.
    """
    if num_classes is not None:
        check_num_classes(num_classes)
    bundle = load_bundle(_only_training(name))
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
    if num_classes is None:
        return remember(model, bundle, bundle.labels)
    from zoo.families._head import take_over_body

    changed = {**manifest["build"], "num_classes": num_classes}
    return remember(take_over_body(model, build(_spec_of(bundle), changed, whole=True)), bundle, None)


def parts(spec: Spec, model: keras.Model) -> dict[str, Part]:
    """The parts of a model that the family of `spec` built."""
    define = getattr(family_module(spec), "parts", None)
    return define(model) if define else {PREDICT: Part(model)}


def inputs_said(spec: Spec) -> Mapping[str, Mapping]:
    """What the family of `spec` says of inputs in its `INPUTS`: by name `kind`, and of pictures how they are fitted."""
    return getattr(family_module(spec), "INPUTS", {})


def _only_training(name: str | Path) -> str | Path:
    """`name` itself, or of a model that has been trained once the `name.tag`; see `load_model`."""
    if "." in Path(name).name or (Path(name) / "manifest.json").exists():
        return name
    there = tags(get_spec(str(name)).name)
    if len(there) == 1:
        return f"{name}.{there[0]}"
    if there:
        trainings = ", ".join(f"`{name}.{tag}`" for tag in there)
        raise InputError(f"`{name}` names a model that was trained {len(there)} times: expected one of {trainings}")
    raise InputError(
        f"`{name}` names a model that has no pretrained weights here",
        f'`zoo.create_model("{name}")` builds it untrained; `zoo list --pretrained` shows what has weights',
    )


def _spec_of(bundle: Bundle) -> Spec:
    return replace(get_spec(bundle.manifest["model"]), tag=bundle.manifest["tag"])


def _build_as_listed(bundle: Bundle) -> keras.Model:
    """The model of a bundle by the arguments that its manifest lists, which may be a stranger's."""
    try:
        return build(_spec_of(bundle), bundle.manifest["build"], whole=True)
    except InputError as error:
        raise BundleError(f"`{bundle.path / 'manifest.json'}` at `build`: {error.message}") from error
