"""What a user says of the inputs of a model: `{"image": "picture:0..1"}`."""

import re
from collections.abc import Mapping

from zoo.errors import InputError, unknown
from zoo.runtime.reading.arrays import InputSpec

FIT = {"mode": "squash", "filter": "bilinear"}
"""How a picture is brought to the size of an image input."""
_NUMBER = r"-?\d+(?:\.\d*)?"
_PICTURE = re.compile(rf"picture(?::({_NUMBER})\.\.({_NUMBER}))?")
_HOW = "`picture` is one of values 0..255, `picture:0..1` and `picture:-1..1` are of others"


def read_declared(given: Mapping[str, str] | None) -> dict[str, dict]:
    """By input name what its manifest says: `kind`, `fit` and `range`.

    Raises:
        InputError: a value is not `picture` or `picture:LOW..HIGH`.
    """
    if given is not None and not isinstance(given, Mapping):
        raise InputError(f"`inputs` is a mapping of input names: found {type(given).__name__}", _HOW)
    return {name: _facts(name, value) for name, value in (given or {}).items()}


def check_declared(declared: Mapping[str, Mapping], inputs: Mapping[str, Mapping]) -> None:
    """Compares it with the inputs of a manifest.

    Raises:
        UnknownNameError: there is no such input.
        InputError: an input has not the shape of a picture.
    """
    for name, facts in declared.items():
        if name not in inputs:
            raise unknown("input", name, inputs)
        spec = InputSpec.of(name, {**inputs[name], **facts})
        if not spec.takes_pictures:
            raise InputError(
                f"input `{name}` cannot be a picture: found shape {spec.example}, "
                "expected (height, width), or (height, width, channels) with 1 or 3 channels"
            )


def _facts(name: str, value: object) -> dict:
    found = _PICTURE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise InputError(
            f"wrong kind of input `{name}`: found {value!r}, expected `picture` or `picture:LOW..HIGH`", _HOW
        )
    low, high = (0.0, 255.0) if found[1] is None else (float(found[1]), float(found[2]))
    if low >= high:
        raise InputError(f"wrong range of input `{name}`: found {low:g}..{high:g}, expected the lower number first")
    return {"kind": "image", "fit": FIT, "range": [low, high]}
