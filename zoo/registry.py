"""The registry: names, sizes, tags and plug-ins, read from TOML and folder names alone.

A *family* is a pair of files, `<family>.py` with `build(**arguments)` and `<family>.toml` with one table of arguments a
*model*.  A *tag* names one training of a model: `name.tag` is the folder name of its bundle, and a tag exists where its
bundle does.  Families of other distributions join through entry points of the group `zoo.families`, whose value is a
package that holds such pairs; its files are read, its code is imported only when one of its models is built.
"""

import fnmatch
import functools
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from zoo.errors import PluginError, UnknownNameError, ZooError, unknown
from zoo.paths import bundle_roots
from zoo.plugins import entries, leave_out, package_folder

OURS = "zoo.families"
"""The package of our own families."""
_PACKAGE = Path(__file__).parent
_FAMILY_KEYS = ("task", "summary", "paper")


@dataclass(frozen=True)
class Spec:
    """One model, or one training of it, as the registry knows it."""

    name: str
    family: str
    task: str
    summary: str
    paper: str
    arguments: Mapping[str, object]
    """What `build` of the family is called with."""
    package: str
    """The package that holds the family's code."""
    facts: Mapping[str, object] | None = None
    """Generated facts (`zoo facts`), None for a plug-in that ships none."""
    tag: str | None = None

    @property
    def full_name(self) -> str:
        """`name.tag`, or `name` where there is no tag."""
        return f"{self.name}.{self.tag}" if self.tag else self.name


def list_models(pattern: str = "*", *, task: str | None = None, pretrained: bool = False) -> list[str]:
    """Names of models, in order: `resnet20` comes before `resnet110`.

    Args:
        pattern: shell wildcards; one with a dot lists `name.tag`.
        task: only models of this task.
        pretrained: list every `name.tag` that has weights instead of the names of models.
    """
    specs = [spec for spec in _specs().values() if task in (None, spec.task)]
    if task is not None and not specs:
        raise unknown("task", task, {spec.task for spec in _specs().values()})
    if pretrained or "." in pattern:
        there = all_tags()
        names = [f"{spec.name}.{tag}" for spec in specs for tag in there.get(spec.name, ())]
        pattern = pattern if "." in pattern else f"{pattern}.*"
    else:
        names = [spec.name for spec in specs]
    return sorted(fnmatch.filter(names, pattern), key=_in_order)


def get_spec(name: str) -> Spec:
    """The entry of a model (`resnet8`) or of one training of it (`resnet8.cifar10`).

    Raises:
        UnknownNameError: there is no such model or tag; the message lists the nearest.
    """
    model, _, tag = name.partition(".")
    known = _specs()
    if model not in known:
        raise unknown("model", model, known, "`zoo list` shows all")
    if tag and tag not in tags(model):
        have = ", ".join(tags(model)) or "none"
        raise UnknownNameError(
            f"`{name}` is not a pretrained tag of `{model}`: known tags are {have}",
            f'`zoo list "{model}.*"` shows all; `zoo.create_model("{model}")` builds it untrained',
        )
    return replace(known[model], tag=tag or None)


def tags(name: str) -> list[str]:
    """The pretrained tags of a model, sorted: those whose bundle stands in one of `bundle_roots`."""
    return all_tags().get(name, [])


def all_tags() -> dict[str, list[str]]:
    """The same of every model that has any; each root is read once."""
    found: dict[str, set[str]] = {}
    for root in bundle_roots():
        for path in root.glob("[!.]*.*/manifest.json"):
            name, _, tag = path.parent.name.partition(".")
            found.setdefault(name, set()).add(tag)
    return {name: sorted(those, key=_in_order) for name, those in found.items()}


def _in_order(name: str) -> list:
    """What sorts names as people count: numbers in them by their value."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


@functools.cache
def _specs() -> dict[str, Spec]:
    """Every model by name, of our families and of plug-ins; a plug-in that cannot be read is named, and left out."""
    specs = {spec.name: spec for spec in _read_package(OURS, _PACKAGE / "families")}
    for entry in entries("zoo.families"):
        try:
            found = {spec.name: spec for spec in _read_package(entry.value, package_folder(entry, "*.toml"))}
            if twice := sorted(found.keys() & specs.keys()):
                raise PluginError(f"it defines the model `{twice[0]}`, which `{specs[twice[0]].package}` defines too")
        except (ZooError, OSError, ValueError, ImportError) as error:
            leave_out(entry, error)
        else:
            specs |= found
    return specs


def _read_package(package: str, folder: Path) -> Iterator[Spec]:
    """The models of all families in a folder."""
    facts = _read_facts(folder / "facts.json")
    for path in sorted(folder.glob("*.toml")):
        yield from _read_family(path, package, facts)


def _read_family(path: Path, package: str, facts: Mapping[str, dict]) -> Iterator[Spec]:
    """The models of one TOML file; `extends` takes over the arguments of another table of the file.

    A model's table may have a `task`, `summary` and `paper` of its own.
    """
    try:
        table = tomllib.loads(path.read_text("utf-8"))
        models = {name: values for name, values in table.items() if isinstance(values, dict)}
        common = {key: table[key] for key in _FAMILY_KEYS}
        for name in models:
            if not re.fullmatch("[a-z0-9_]+", name):
                raise ValueError(f"model names match [a-z0-9_]+, found `{name}`")
            arguments = _arguments(name, models)
            said = common | {key: arguments.pop(key) for key in _FAMILY_KEYS if key in arguments}
            if strange := [key for key, value in said.items() if not isinstance(value, str)]:
                raise ValueError(f"`{strange[0]}` is a text, found {said[strange[0]]!r}")
            yield Spec(name, path.stem, arguments=arguments, package=package, facts=facts.get(name), **said)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValueError) as error:
        raise ZooError(f"{path}: {error}") from error
    except KeyError as error:
        raise ZooError(
            f"{path}: {error} is missing", f"a family's file begins with {', '.join(_FAMILY_KEYS)}"
        ) from error


def _arguments(name: str, models: Mapping[str, dict]) -> dict:
    """The arguments of `name`, those of the models that it extends included."""
    chain = [name]
    while base := models[chain[-1]].get("extends"):
        if base not in models or base in chain:
            raise ValueError(
                f"`{chain[-1]}` extends `{base}`, which {'extends it' if base in chain else 'is not in this file'}"
            )
        chain.append(base)
    merged: dict = {}
    for link in reversed(chain):
        merged |= models[link]
    merged.pop("extends", None)
    return merged


def _read_facts(path: Path) -> dict[str, dict]:
    facts = json.loads(path.read_text("utf-8")) if path.exists() else {}
    if not isinstance(facts, dict) or not all(isinstance(entry, dict) for entry in facts.values()):
        raise PluginError(f"{path} is not what `zoo facts` writes")
    return facts
