"""Another method for a class, or another function for a module, while a block lasts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def replaced(owner: object, name: str, value: Callable | object) -> Iterator[None]:
    """Gives `owner` another attribute while it lasts; not for two threads at once."""
    original = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, original)
