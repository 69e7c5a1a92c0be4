"""What a bundle's `manifest.json` may hold: one table, written as the manifest itself is, and the check against it.

A bundle may come from a stranger, so nothing in its manifest is believed before it was compared with the table.
Unknown keys are refused: one that this version ignored could change what the numbers mean.
"""

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from zoo.errors import BundleError
from zoo.registry import nearest

SCHEMA = 1
LIMIT = 64 * 2**20
"""Bytes of the longest manifest that is read; a vocabulary of a million words takes a quarter of it."""


@dataclass(frozen=True)
class Rule:
    """What a value must be: in words, for the message, and as a test."""

    words: str
    holds: Callable[[object], bool]


def _is_inside(path: object) -> bool:
    """Whether `path` is a relative one with `/` between its parts that can only name something inside its folder."""
    if not isinstance(path, str) or any(mark in path for mark in "\\:\0"):
        return False
    return all(part not in ("", ".", "..") for part in path.split("/"))


NAME = Rule(
    "a name of letters, digits, `_`, `-` and `.`",  # it becomes the name of a folder
    lambda value: isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,199}", value) is not None,
)
ANYTHING = Rule("anything", lambda value: True)
TEXT = Rule("a text", lambda value: isinstance(value, str))
TEXT_OR_NULL = Rule("a text or null", lambda value: value is None or isinstance(value, str))
LABELS = Rule(
    "a list of different texts or null",
    lambda value: (
        value is None
        or (isinstance(value, list) and all(isinstance(item, str) for item in value) and len(set(value)) == len(value))
    ),
)
TRUTH = Rule("true or false", lambda value: isinstance(value, bool))
INTEGER = Rule("a whole number", lambda value: type(value) is int)
COUNT = Rule("a whole number, 0 or more", lambda value: type(value) is int and value >= 0)
SIZE = Rule("a whole number, 1 or more", lambda value: type(value) is int and value > 0)
NUMBER = Rule("a finite number", lambda value: type(value) in (int, float) and math.isfinite(value))
RANGE = Rule(
    "two finite numbers, the lower first",
    lambda value: (
        isinstance(value, list) and len(value) == 2 and all(map(NUMBER.holds, value)) and value[0] <= value[1]
    ),
)
PATH = Rule("a relative path that stays inside the bundle", _is_inside)
SHA256 = Rule(
    "64 hexadecimal digits",
    lambda value: isinstance(value, str) and len(value) == 64 and set(value) <= set("0123456789abcdef"),
)
DTYPE = ("float32", "float16", "int8", "uint8", "int16", "int32", "int64", "bool")
KIND = ("image", "signal", "features", "tokens", "length", "array")

# A tuple holds the values to choose from, a list the kind of its items.  A dictionary lists its keys, `?` behind one
# that may be left out; if its only key is a rule, it holds any keys of that rule.
_INPUT = {
    "shape": [SIZE],
    "dtype": DTYPE,
    "kind": KIND,
    "fit?": {"mode": ("crop", "squash"), "filter": ("nearest", "bilinear", "bicubic", "lanczos")},
    "unit?": TEXT,
    "range?": RANGE,
    "sample_rate?": SIZE,
}
_OUTPUT = {"shape": [SIZE], "dtype": DTYPE, "softmax?": TRUTH}
_QUANTIZATION = {"dtype": DTYPE, "scale": NUMBER, "zero_point": INTEGER}
MANIFEST = {
    "schema": (SCHEMA,),
    "name": NAME,
    "model": TEXT_OR_NULL,
    "tag": TEXT_OR_NULL,
    "family": TEXT_OR_NULL,
    "task": TEXT_OR_NULL,
    "zoo": TEXT,
    "decode": TEXT,
    "labels": LABELS,
    "build?": {TEXT: ANYTHING},
    "source?": PATH,
    "parts": {TEXT: {"inputs": {TEXT: _INPUT}, "outputs": {TEXT: _OUTPUT}}},
    "artifacts": {TEXT: {"file": PATH, "quantization?": {TEXT: {TEXT: _QUANTIZATION}}}},
    "files": {PATH: {"bytes": COUNT, "sha256": SHA256}},
}


def parse(text: bytes, where: str) -> dict:
    """The manifest in `text`, checked; `where` names its file in messages.

    Raises:
        BundleError: not JSON, of another schema, or not as the table says: the place, what is there, what is expected.
    """
    try:
        manifest = json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"`{where}` is not JSON: {error}", "the bundle is damaged; get it again") from None
    check(manifest, where)
    return manifest


def check(manifest: object, where: str) -> None:
    """Compares a manifest with the table; see `parse`."""
    schema = manifest.get("schema") if isinstance(manifest, dict) else None
    if type(schema) is int and schema > SCHEMA:
        raise BundleError(
            f"`{where}` is of schema {schema}: this version of the zoo reads schema {SCHEMA}",
            "`pip install --upgrade hybrid-zoo` brings a version that may read it",
        )
    _compare(manifest, MANIFEST, (), where)
    for target, artifact in manifest["artifacts"].items():
        if not files_of(manifest, artifact["file"]):
            raise BundleError(
                f"`{where}` lists no file of the artifact `{target}`: expected `{artifact['file']}` under `files`"
            )
    _check_origin(manifest, where)


def _check_origin(manifest: dict, where: str) -> None:
    """A model of the zoo is built anew, from its name and arguments; any other comes with the bundle, as a file."""
    if manifest["family"] is not None:
        for key in ("model", "build"):
            if manifest.get(key) is None:
                raise BundleError(
                    f"`{where}`: a model of the family `{manifest['family']}` is built by `{key}`: found none"
                )
    elif manifest.get("source") not in manifest["files"]:
        raise BundleError(f"`{where}`: a model of no family is a file of the bundle: `source` names none under `files`")


def files_of(manifest: dict, path: str) -> list[str]:
    """The listed files that `path` means: itself, or all below it where it is a folder."""
    return [name for name in manifest["files"] if name == path or name.startswith(f"{path}/")]


def _compare(found: object, expected: object, place: tuple[str, ...], where: str) -> None:
    match expected:
        case Rule(words, holds):
            if not holds(found):
                raise _unlike(found, words, place, where)
        case tuple():
            if not any(type(found) is type(choice) and found == choice for choice in expected):
                raise _unlike(found, "one of " + ", ".join(map(str, expected)), place, where)
        case [item]:
            if not isinstance(found, list):
                raise _unlike(found, "a list", place, where)
            for position, value in enumerate(found):
                _compare(value, item, (*place, str(position)), where)
        case dict():
            if not isinstance(found, dict):
                raise _unlike(found, "an object of named values", place, where)
            _compare_keys(found, expected, place, where)


def _compare_keys(found: dict, expected: dict, place: tuple[str, ...], where: str) -> None:
    [rule, *others] = expected
    if isinstance(rule, Rule) and not others:
        for key, value in found.items():
            _compare(key, rule, place, where)
            _compare(value, expected[rule], (*place, key), where)
        return
    rules = {key.removesuffix("?"): value for key, value in expected.items()}
    for key in found:
        if key not in rules:
            close = nearest(key, rules)
            raise BundleError(f"`{where}`{_at(place)}: unknown key `{key[:80]}`; the nearest are {', '.join(close)}")
    for key in expected:
        name = key.removesuffix("?")
        if name in found:
            _compare(found[name], rules[name], (*place, name), where)
        elif not key.endswith("?"):
            raise BundleError(f"`{where}`{_at(place)}: the key `{name}` is missing")


def _unique(pairs: list[tuple[str, object]]) -> dict:
    """A JSON object as a dictionary; one with a key twice, which readers take differently, is refused."""
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"a key stands twice: {next(name for name in names if names.count(name) > 1)}")
    return found


def _unlike(found: object, words: str, place: tuple[str, ...], where: str) -> BundleError:
    shown = json.dumps(found)
    shown = shown if len(shown) <= 80 else shown[:77] + "..."
    return BundleError(f"`{where}`{_at(place)}: found {shown}, expected {words}")


def _at(place: tuple[str, ...]) -> str:
    return f" at `{' > '.join(place)[:200]}`" if place else ""
