"""Texts for an input of tokens: a file, or what was typed."""

from pathlib import Path

import numpy as np

from zoo.errors import InputError
from zoo.runtime.reading.arrays import InputSpec

_BYTES = 2**20
"""Of the longest text that is read."""


def read_text(path: Path, spec: InputSpec) -> np.ndarray:
    """The tokens of a `.txt` file in UTF-8, as `fit_text` gives them.

    Raises:
        InputError: it is no such text, is longer than the input or than a MiB, or has a word that the model knows not.
    """
    with path.open("rb") as file:
        data = file.read(_BYTES + 1)
    if len(data) > _BYTES:
        raise InputError(f"`{path}` is too large: found more than {_BYTES:,} bytes, expected at most so many")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"`{path}` is no text in UTF-8: {error}") from None
    return fit_text(text, spec, f"`{path}`")


def fit_text(text: str, spec: InputSpec, where: str) -> np.ndarray:
    """The tokens of a text as the input takes them: (1, n) where it is `variable`, else padded to `spec.shape`.

    Raises:
        InputError: it holds nothing, is longer than the input, or has a word that the model knows not.
    """
    longest = max(spec.shape)
    if np.prod(spec.shape) != longest:
        raise InputError(f"{where} is one series of tokens: input `{spec.name}` takes {spec.example}")
    try:
        ids, count = spec.vocabulary.encode(text, longest)
    except InputError as error:
        raise InputError(f"{where} does not fit input `{spec.name}`: {error.message}", error.hint) from None
    if count == 0:
        raise InputError(f"{where} holds no {spec.vocabulary.kind}: input `{spec.name}` takes 1 to {longest:,}")
    if spec.variable:
        return ids[:count].reshape(1, count, *spec.shape[2:]).astype(spec.dtype)
    return ids.reshape(spec.shape).astype(spec.dtype)
