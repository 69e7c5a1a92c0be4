"""What was found at the path of a user's own data, before it is split."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zoo.data.own.files import LeftOut
from zoo.data.own.inputs import Input
from zoo.data.own.targets import Answers


@dataclass(frozen=True, eq=False)
class Found:
    """Examples in the order of their names, or as the file has them."""

    form: str
    """`folder`, `csv` or `npz`."""
    inputs: Mapping[str, Input]
    answers: Mapping[str, Answers]
    """By the name of the target."""
    units: np.ndarray
    """(n,) int: examples of one number stay in one split."""
    digest: str
    """SHA-256 of all that the examples are made of."""
    given: Sequence[str] | None = None
    """(n,) the split of each example; None where nobody says."""
    groups: np.ndarray | None = None
    """(n,) int32; None where examples are independent."""
    left_out: tuple[LeftOut, ...] = ()
    unused: tuple[str, ...] = ()
    """Columns or arrays that mean nothing here."""
    sizes: Mapping[str, int] | None = None
    """How many files there are of each size; None where there are no files."""


def digest_of(lines: Iterable[str]) -> str:
    """SHA-256 of lines, which hold names and hashes."""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
