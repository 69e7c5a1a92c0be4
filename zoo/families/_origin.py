"""What is known of a loaded model and stands in none of its layers: how its inputs are read, what its classes are."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zoo.bundle import Bundle
from zoo.runtime.parts import inputs_of

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Origin:
    """What a bundle's manifest says of a model that was loaded from it."""

    task: str | None
    """None where the outputs are features."""
    labels: tuple[str, ...] | None
    """None where the head is new: nobody has named its classes."""
    inputs: Mapping[str, Mapping]
    """The entries of what a user gives, by name."""


_ORIGINS: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


def remember(model: keras.Model, bundle: Bundle, task: str | None, labels: tuple[str, ...] | None) -> keras.Model:
    """Keeps it as long as the model lives, through training too, and gives the model its `labels`."""
    _ORIGINS[model] = Origin(task, labels, inputs_of(bundle.manifest))
    model.labels = labels
    return model


def origin_of(model: keras.Model) -> Origin | None:
    """What is known of this very object; None if it was not loaded from a bundle."""
    return _ORIGINS.get(model)
