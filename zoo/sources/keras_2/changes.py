"""The verbs that the table of differences is written in: each makes a change of one layer's configuration.

A change takes an `OldLayer` and alters it in place.
"""

from collections.abc import Callable
from dataclasses import dataclass

from zoo.errors import InputError
from zoo.sources.keras_2.functions import HARD_SIGMOID

Change = Callable[["OldLayer"], None]


@dataclass(frozen=True)
class Origin:
    """Where a configuration comes from.

    Args:
        file: its name, for messages.
        version: of the Keras that wrote it, in whole numbers; (2, 2, 4) of `2.2.4-tf`.
        by_tensorflow: whether that was `tf.keras`.
    """

    file: str
    version: tuple[int, ...]
    by_tensorflow: bool


@dataclass
class OldLayer:
    """A layer's configuration as Keras 2 wrote it, while it becomes one of Keras 3.

    Args:
        kind: the class's name.
        config: its arguments; changes replace them.
        name: the layer's, for messages.
        origin: the file.
        call: keyword arguments that every call of the layer gets.
    """

    kind: str
    config: dict
    name: str
    origin: Origin
    call: dict

    def refuse(self, what: str, hint: str | None = None) -> None:
        """Raises an `InputError` about the layer."""
        raise InputError(f"layer `{self.name}` of `{self.origin.file}`, a {self.kind}, {what}", hint)


def absent(key: str, value: object, before: tuple[int, ...] = (3,)) -> Change:
    """What a file means that does not give an argument, if it was written before a version."""

    def change(layer: OldLayer) -> None:
        if layer.origin.version < before:
            layer.config.setdefault(key, value)

    return change


def renamed(old: str, new: str) -> Change:
    """An argument has another name."""

    def change(layer: OldLayer) -> None:
        if old in layer.config:
            layer.config[new] = layer.config.pop(old)

    return change


def became(kind: str, **arguments: object) -> Change:
    """The layer is another one, with these arguments."""

    def change(layer: OldLayer) -> None:
        layer.kind = kind
        layer.config.update(arguments)

    return change


def ignored(*keys: str) -> Change:
    """Arguments that say nothing about the answers."""

    def change(layer: OldLayer) -> None:
        for key in keys:
            layer.config.pop(key, None)

    return change


def only(key: str, *values: object, hint: str | None = None) -> Change:
    """An argument that Keras 3 has not: left out if its value is one of those that change nothing, else refused."""

    def change(layer: OldLayer) -> None:
        if key in layer.config and (found := layer.config.pop(key)) not in values:
            layer.refuse(f"has `{key}={found!r}`, which Keras 3 has not", hint)

    return change


def alone(key: str) -> Change:
    """A list of one number is that number."""

    def change(layer: OldLayer) -> None:
        if isinstance(found := layer.config.get(key), list):
            if len(found) != 1:
                layer.refuse(f"has `{key}={found}`, of which Keras 3 takes one")
            layer.config[key] = found[0]

    return change


def put(key: str, old: object, new: object) -> Change:
    """A value is written otherwise."""

    def change(layer: OldLayer) -> None:
        if key in layer.config and layer.config[key] == old:
            layer.config[key] = new

    return change


def given_to_calls(key: str, argument: str) -> Change:
    """What was said once, of the layer, is said at every call."""

    def change(layer: OldLayer) -> None:
        if found := layer.config.pop(key, False):
            layer.call[argument] = found

    return change


def refused(what: str, hint: str | None = None) -> Change:
    """Keras 3 cannot say it."""
    return lambda layer: layer.refuse(what, hint)


def old_activations(layer: OldLayer) -> None:
    """Activations by name that are others now."""
    for key, value in layer.config.items():
        if key.endswith("activation"):
            name = value.get("config") if isinstance(value, dict) and value.get("class_name") == "function" else value
            if name == "hard_sigmoid":
                layer.config[key] = dict(HARD_SIGMOID)
            elif name == "softmax_v2":
                layer.config[key] = "softmax"


def for_training_alone(layer: OldLayer) -> None:
    """Takes out what only training needs: the weights are there, so no initialiser is, nor what held them in bounds."""
    for key in list(layer.config):
        if key.endswith(("_initializer", "_regularizer", "_constraint")):
            del layer.config[key]


def policy(layer: OldLayer) -> None:
    """A dtype policy is its name; of `infer`, and of whole numbers, what the layer computes in is float32."""
    found = layer.config.get("dtype")
    if isinstance(found, dict):
        inner = found.get("config")
        found = inner.get("name") if isinstance(inner, dict) else None
    if found in (None, "infer", "_infer") or str(found).startswith(("int", "uint")):
        found = "float32"
    layer.config["dtype"] = found
