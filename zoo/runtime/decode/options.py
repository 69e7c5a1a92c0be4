"""What a caller may ask of a decode loop, and the check of it."""

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from zoo.errors import BundleError, InputError, nearest

BEAM = 1_000
"""The widest beam: each hypothesis is a run of the part."""
LONGEST = 100_000
"""The most tokens of an answer."""


@dataclass(frozen=True)
class Option:
    """What an option has to be: in words, and as a function that gives it as the loop takes it, or None."""

    words: str
    read: Callable[[object], int | float | None]


def whole(low: int, high: int) -> Option:
    """A whole number within limits, both of them included."""

    def read(value: object) -> int | None:
        try:
            number = None if isinstance(value, bool) else operator.index(value)
        except TypeError:
            return None
        return number if number is not None and low <= number <= high else None

    return Option(f"a whole number from {low:,} to {high:,}", read)


def positive() -> Option:
    """A finite number above 0, or 0."""

    def read(value: object) -> float | None:
        try:
            number = math.nan if isinstance(value, bool | str) else float(value)
        except (TypeError, ValueError, OverflowError):
            return None
        return number if math.isfinite(number) and number >= 0 else None

    return Option("a finite number, 0 or more", read)


def read_options(loop: str, table: Mapping[str, Option], options: Mapping[str, object]) -> dict[str, int | float]:
    """The options that were given, checked; one that is None counts as not given.

    Raises:
        InputError: the loop takes no such option, or not this value.
    """
    values = {}
    for name, value in options.items():
        if name not in table:
            takes = f"takes {', '.join(f'`{each}`' for each in table)}" if table else "takes no options"
            close = f"did you mean `{nearest(name, table, 1)[0]}`?" if table else None
            raise InputError(f"unknown option `{name}`: the decode loop `{loop}` {takes}", close)
        if value is None:
            continue
        values[name] = table[name].read(value)
        if values[name] is None:
            raise InputError(f"wrong option `{name}`: found {value!r}, the loop `{loop}` takes {table[name].words}")
    return values


def of_manifest(decode: Mapping, name: str, option: Option) -> int | float:
    """The value that a manifest gives, checked as an option is.

    Raises:
        BundleError: there is none, or it is not as the option says.
    """
    value = option.read(decode.get(name))
    if value is None:
        raise BundleError(
            f"the manifest's `decode` has a wrong `{name}`: found {decode.get(name)!r}, expected {option.words}"
        )
    return value
