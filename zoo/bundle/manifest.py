"""What a bundle's `manifest.json` may hold: one table and the check against it.

A bundle may come from a stranger, so nothing in its manifest is believed before it was compared with the table.
Unknown keys are refused: one that this version ignored could change what the numbers mean.
"""

import json
import re

from zoo.bundle.schema import (
    ANYTHING,
    COUNT,
    INTEGER,
    NUMBER,
    SIZE,
    TEXT,
    TRUTH,
    OrNull,
    Rule,
    compare,
    unique,
)
from zoo.errors import BundleError

SCHEMA = 1
LIMIT = 64 * 2**20
"""Bytes of the longest manifest that is read; a vocabulary of a million words takes a quarter of it."""


def _is_inside(path: object) -> bool:
    """Whether `path` is a relative one with `/` between its parts that can only name something inside its folder."""
    if not isinstance(path, str) or any(mark in path for mark in "\\:\0"):
        return False
    return all(part not in ("", ".", "..") for part in path.split("/"))


NAME = Rule(
    "a name of letters, digits, `_`, `-` and `.`",  # it becomes the name of a folder
    lambda value: isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,199}", value) is not None,
)
LABELS = Rule(
    "a list of different texts or null",
    lambda value: (
        value is None
        or (isinstance(value, list) and all(isinstance(item, str) for item in value) and len(set(value)) == len(value))
    ),
)
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

_INPUT = {
    "shape": [SIZE],
    "dtype": DTYPE,
    "kind": KIND,
    "fit?": {"mode": ("crop", "squash"), "filter": ("nearest", "bilinear", "bicubic", "lanczos")},
    "unit?": TEXT,
    "range?": RANGE,
    "sample_rate?": SIZE,
    "time?": TRUTH,  # of the part `stream`: axis 1 is time, a chunk of it
}
ANSWER = ("logits", "probabilities", "yes_no", "value", "whole")
_OUTPUT = {"shape": [SIZE], "dtype": DTYPE, "kind?": ANSWER, "softmax?": TRUTH, "time?": TRUTH, "after?": SIZE}
_STATE = {"shape": [SIZE], "dtype": DTYPE, "after?": SIZE}  # frames before which it stays as it begins
_QUANTIZATION = {"dtype": DTYPE, "scale": NUMBER, "zero_point": INTEGER}
MANIFEST = {
    "schema": (SCHEMA,),
    "name": NAME,
    "model": OrNull(TEXT),
    "tag": OrNull(TEXT),
    "family": OrNull(TEXT),
    "task": OrNull(TEXT),
    "zoo": TEXT,
    "decode": TEXT,
    "labels": LABELS,
    "build?": {TEXT: ANYTHING},
    "source?": PATH,
    "parts": {TEXT: {"inputs": {TEXT: _INPUT}, "outputs": {TEXT: _OUTPUT}, "state?": {TEXT: _STATE}}},
    # `failed`: why an artifact that was kept does not pass its gates
    "artifacts": {TEXT: {"file": PATH, "quantization?": {TEXT: {TEXT: _QUANTIZATION}}, "failed?": TEXT}},
    "files": {PATH: {"bytes": COUNT, "sha256": SHA256}},
}


def parse(text: bytes, where: str) -> dict:
    """The manifest in `text`, checked; `where` names its file in messages.

    Raises:
        BundleError: not JSON, of another schema, or not as the table says: the place, what is there, what is expected.
    """
    try:
        manifest = json.loads(text, object_pairs_hook=unique)
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
    compare(manifest, MANIFEST, (), where)
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
