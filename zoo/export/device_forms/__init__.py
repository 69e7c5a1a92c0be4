"""Layers and functions in forms that suit a device: the same numbers as Keras's, of operators that convert better.

While `device_forms` lasts, models compute by the tables `FORMS` of the modules beside: what is replaced, a method of a
layer or a function of Keras's TensorFlow backend, in which `keras.ops` and layers of any kind end; and what makes the
new one of the old.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from zoo._system.replaced import replaced
from zoo.export.device_forms import (
    functions,
    lookups,
    normalisation,
    pooling,
    selection,
    sequences,
    spectra,
)
from zoo.export.device_forms.sequences import repeated_row

__all__ = ["device_forms", "repeated_row"]

_FORMS = tuple(
    form
    for module in (sequences, normalisation, pooling, selection, lookups, functions, spectra)
    for form in module.FORMS
)


@contextmanager
def device_forms() -> Iterator[None]:
    """Replaces what Keras computes with while it lasts; not for two threads at once."""
    with ExitStack() as stack:
        for owner, name, make in _FORMS:
            stack.enter_context(replaced(owner, name, make(getattr(owner, name))))
        yield
