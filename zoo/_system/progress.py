"""How long work says where it is."""

from collections.abc import Callable

Report = Callable[[str, int, int], None]
"""Called with the name of a stage, how much of it is done, and the whole."""


def ignore(stage: str, done: int, total: int) -> None:
    """The report that shows nothing."""
