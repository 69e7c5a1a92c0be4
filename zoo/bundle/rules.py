"""What names, paths, shapes and figures of a manifest may be, of whatever schema it is."""

import re

from zoo.bundle.schema import COUNT, INTEGER, NUMBER, SIZE, TEXT, TRUTH, Rule

DTYPE = ("float32", "float16", "int8", "uint8", "int16", "int32", "int64", "bool")


def _is_inside(path: object) -> bool:
    """Whether `path` is a relative one with `/` between its parts that can only name something inside its folder."""
    if not isinstance(path, str) or any(mark in path for mark in "\\:\0"):
        return False
    return all(part not in ("", ".", "..") for part in path.split("/"))


def _are_different_texts(value: object) -> bool:
    return (
        isinstance(value, list) and all(isinstance(item, str) for item in value) and len(set(value)) == len(value) > 0
    )


NAME = Rule(
    "a name of letters, digits, `_`, `-` and `.`",  # it becomes the name of a folder
    lambda value: isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,199}", value) is not None,
)
TEXTS = Rule("a list of different texts", _are_different_texts)
RANGE = Rule(
    "two finite numbers, the lower first",
    lambda value: (
        isinstance(value, list) and len(value) == 2 and all(map(NUMBER.holds, value)) and value[0] <= value[1]
    ),
)
ABOVE_ZERO = Rule("a finite number above 0", lambda value: NUMBER.holds(value) and value > 0)
PATH = Rule("a relative path that stays inside the bundle", _is_inside)
SHA256 = Rule(
    "64 hexadecimal digits",
    lambda value: isinstance(value, str) and len(value) == 64 and set(value) <= set("0123456789abcdef"),
)

TENSOR = {"shape": [SIZE], "dtype": DTYPE}
INPUT = {**TENSOR, "unit?": TEXT, "range?": RANGE, "sample_rate?": SIZE, "time?": TRUTH}
"""`time`: of a part that streams, axis 1 is time, a chunk of it."""
FIT = {"mode": ("crop", "squash"), "filter": ("nearest", "bilinear", "bicubic", "lanczos")}
OUTPUT = {**TENSOR, "time?": TRUTH, "after?": SIZE}
STATE = {**TENSOR, "after?": SIZE}
"""`after`: frames before which a state stays as it begins, and an output means nothing."""
ARTIFACTS = {
    TEXT: {
        "file": PATH,
        "quantization?": {TEXT: {TEXT: {"dtype": DTYPE, "scale": NUMBER, "zero_point": INTEGER}}},
        "failed?": TEXT,  # why an artifact that was kept does not pass its gates
    }
}
FILES = {PATH: {"bytes": COUNT, "sha256": SHA256}}
