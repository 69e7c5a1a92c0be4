"""Tables of what a JSON file may hold, written as the file itself is, and the comparison of a file with its table.

A rule is a leaf.  A tuple holds the values to choose from, a list the kind of its items.  A dictionary lists its keys,
`?` behind one that may be left out; if its only key is a rule, it holds any keys of that rule; with the key `...` it
may hold others, too.  `OrNull` is what may be null,
`OneOf` an object that one of its own values gives a table.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from zoo.errors import BundleError, nearest


@dataclass(frozen=True)
class Rule:
    """What a value must be: in words, for the message, and as a test."""

    words: str
    holds: Callable[[object], bool]


@dataclass(frozen=True)
class OrNull:
    """What a value must be unless it is null."""

    inner: object


@dataclass(frozen=True)
class OneOf:
    """An object of one of several tables, by what it has under `key`."""

    key: str
    tables: Mapping[str, dict]


OTHERS = "..."
"""The key of a table that lets others stand beside those that it lists."""
ANYTHING = Rule("anything", lambda value: True)
TEXT = Rule("a text", lambda value: isinstance(value, str))
TRUTH = Rule("true or false", lambda value: isinstance(value, bool))
INTEGER = Rule("a whole number", lambda value: type(value) is int)
COUNT = Rule("a whole number, 0 or more", lambda value: type(value) is int and value >= 0)
SIZE = Rule("a whole number, 1 or more", lambda value: type(value) is int and value > 0)
NUMBER = Rule("a finite number", lambda value: type(value) in (int, float) and math.isfinite(value))


def compare(found: object, expected: object, place: tuple[str, ...], where: str) -> None:
    """Compares a value at `place` of the file `where` with its table.

    Raises:
        BundleError: it is not as the table says: the place, what is there, what is expected.
    """
    match expected:
        case OrNull(inner):
            if found is not None:
                compare(found, inner, place, where)
        case Rule(words, holds):
            if not holds(found):
                raise unlike(found, words, place, where)
        case tuple():
            if not any(type(found) is type(choice) and found == choice for choice in expected):
                raise unlike(found, "one of " + ", ".join(map(str, expected)), place, where)
        case [item]:
            if not isinstance(found, list):
                raise unlike(found, "a list", place, where)
            for position, value in enumerate(found):
                compare(value, item, (*place, str(position)), where)
        case OneOf(key, tables):
            if not isinstance(found, dict) or key not in found:
                raise unlike(found, f"an object with `{key}`", place, where)
            compare(found[key], tuple(tables), (*place, key), where)
            compare(found, {key: TEXT, **tables[found[key]]}, place, where)
        case dict():
            if not isinstance(found, dict):
                raise unlike(found, "an object of named values", place, where)
            _compare_keys(found, expected, place, where)


def _compare_keys(found: dict, expected: dict, place: tuple[str, ...], where: str) -> None:
    [rule, *others] = expected
    if isinstance(rule, Rule) and not others:
        for key, value in found.items():
            compare(key, rule, place, where)
            compare(value, expected[rule], (*place, key), where)
        return
    rules = {key.removesuffix("?"): value for key, value in expected.items()}
    for key in found:
        if key not in rules and OTHERS not in expected:
            close = nearest(key, rules)
            raise BundleError(f"`{where}`{_at(place)}: unknown key `{key[:80]}`; the nearest are {', '.join(close)}")
    for key in expected:
        if key == OTHERS:
            continue
        name = key.removesuffix("?")
        if name in found:
            compare(found[name], rules[name], (*place, name), where)
        elif not key.endswith("?"):
            raise BundleError(f"`{where}`{_at(place)}: the key `{name}` is missing")


def unique(pairs: list[tuple[str, object]]) -> dict:
    """A JSON object as a dictionary; one with a key twice, which readers take differently, is refused."""
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"a key stands twice: {next(name for name in names if names.count(name) > 1)}")
    return found


def unlike(found: object, words: str, place: tuple[str, ...], where: str) -> BundleError:
    """The error about a value that is not what it must be: its place, what is there, what is expected in `words`."""
    shown = json.dumps(found)
    shown = shown if len(shown) <= 80 else shown[:77] + "..."
    return BundleError(f"`{where}`{_at(place)}: found {shown}, expected {words}")


def _at(place: tuple[str, ...]) -> str:
    return f" at `{' > '.join(place)[:200]}`" if place else ""
