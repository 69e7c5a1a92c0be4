"""Texts as the numbers of tokens, and back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from zoo.errors import InputError


@dataclass(frozen=True)
class Vocabulary:
    """The tokens of a model, as a manifest lists them; made by `of`."""

    kind: Literal["words", "characters"]
    tokens: Sequence[str]
    lowercase: bool
    special: frozenset[int]
    """Tokens that are no part of a text: padding, start, end."""
    unknown: int | None
    _numbers: Mapping[str, int]

    @classmethod
    def of(cls, entry: Mapping) -> "Vocabulary":
        """The vocabulary of a manifest's entry."""
        special = frozenset(entry[key] for key in ("pad", "start", "end") if key in entry)
        numbers = {token: number for number, token in enumerate(entry["tokens"]) if number not in special}
        return cls(entry["kind"], entry["tokens"], entry["lowercase"], special, entry.get("unknown"), numbers)

    def encode(self, text: str, longest: int) -> tuple[np.ndarray, int]:
        """A text as (longest,) int32, padded with 0, and how many of these are its own.

        Raises:
            InputError: it has more tokens, or one that is not known.
        """
        text = text.lower() if self.lowercase else text
        pieces = text.split() if self.kind == "words" else list(text)
        if len(pieces) > longest:
            raise InputError(f"the text has {len(pieces)} {self.kind}: expected {longest} at most")
        ids = np.zeros(longest, np.int32)
        for place, piece in enumerate(pieces):
            number = self._numbers.get(piece, self.unknown)
            if number is None:
                raise InputError(f"`{piece[:40]}` is not in the vocabulary of {len(self.tokens):,} {self.kind}")
            ids[place] = number
        return ids, len(pieces)

    def decode(self, ids: Iterable[int]) -> str:
        """The text of tokens, without padding, start and end."""
        pieces = [self.tokens[number] for number in map(int, ids) if number not in self.special]
        return (" " if self.kind == "words" else "").join(pieces)
