"""What a user means by a text: a model, a bundle or a run.  It is told here alone."""

import os
from dataclasses import dataclass
from pathlib import Path

from zoo.bundle import Bundle, load_bundle
from zoo.errors import BundleError, InputError, UnknownNameError
from zoo.registry import Spec, get_spec, tags


@dataclass(frozen=True)
class RunFolder:
    """The folder of a run; `zoo.training.load_run` opens it."""

    path: Path


def open_any(what: str | os.PathLike) -> Spec | Bundle | RunFolder:
    """What is meant by the folder of a bundle or of a run, the name of a bundle (`name.tag`) or that of a model.

    A folder comes before a name, and a model before a bundle of its name.

    Raises:
        UnknownNameError: there is no model or bundle of that name.
        InputError: it is a folder of something else.
        BundleError: it is no bundle, or its manifest is not what it must be.
    """
    path, name = Path(what), str(what)
    if (path / "manifest.json").exists():
        return load_bundle(path)
    if (path / "recipe.yaml").exists():
        return RunFolder(path)
    if path.is_dir():
        raise InputError(
            f"`{path}` is neither a bundle nor a run: found a folder without `manifest.json` and without `recipe.yaml`",
            "`zoo list --pretrained` shows all bundles; `zoo train` prints the folder of its run",
        )
    if path.exists() or os.sep in name:
        return load_bundle(path)
    return _by_name(name)


def open_trained(what: str | os.PathLike) -> Bundle | RunFolder:
    """The same, where weights are needed: a model that has been trained once stands for that training.

    Raises:
        InputError: the model has no training or several; else as `open_any`.
    """
    opened = open_any(what)
    if not isinstance(opened, Spec):
        return opened
    name = opened.name
    match tags(name):
        case [tag]:
            return load_bundle(f"{name}.{tag}")
        case []:
            raise InputError(
                f"`{name}` names a model that has no pretrained weights here",
                f'`zoo.create_model("{name}")` builds it untrained; `zoo list --pretrained` shows what has weights',
            )
        case there:
            names = ", ".join(f"`{name}.{tag}`" for tag in there)
            raise InputError(f"`{name}` names a model that was trained {len(there)} times: expected one of {names}")


def _by_name(name: str) -> Spec | Bundle:
    """A model, or a bundle, whose name is `name.tag`, or any where its model is a user's own."""
    model, dot, _ = name.partition(".")
    try:
        spec = get_spec(model)
    except UnknownNameError as unknown_model:
        try:
            return load_bundle(name)
        except (UnknownNameError, BundleError) as unknown_bundle:
            raise unknown_bundle if dot else unknown_model from None
    if not dot:
        return spec
    try:
        return load_bundle(name)
    except UnknownNameError:
        get_spec(name)  # says which tags there are
        raise
