"""Texts as tokens and back: one code for training, for export and on the device."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from zoo.errors import BundleError, InputError, nearest

_LETTERS = r"(?:[^\W\d_][\u0300-\u036f]*)+"
WORDS = re.compile(rf"{_LETTERS}(?:['’]{_LETTERS})*|\d+(?:[.,]\d+)*|[^\w\s]|_")
"""What a word is, a number, or a mark of punctuation."""
KINDS = ("words", "characters")
_CLOSING, _OPENING = set(".,;:!?)"), "("
_SPECIAL = ("pad", "start", "end", "unknown")


@dataclass(frozen=True)
class Vocabulary:
    """The tokens of a model's texts; made by `of` from a manifest's entry, or by `learn` from texts.

        words = Vocabulary.learn(captions, "words", least=2)
        ids, count = words.encode("Where is the cat?", longest=20)
        words.decode(ids)                                            # where is the cat?

    A text is brought to Unicode's form NFC, so that an accent typed in two ways is one, and to lower case where the
    vocabulary says so.  Of the kind `characters` a token is a code point, and blanks in a row are one space.  Of the
    kind `words` a token is a match of `WORDS`: letters with their accents and with apostrophes inside (`don't`), digits
    with points or commas inside (`3.14`), or one mark of punctuation.  Scripts that write vowels as marks of their own,
    such as Devanagari, are parted at these.
    """

    kind: str
    tokens: tuple[str, ...]
    """The text of each, by its number."""
    lowercase: bool = True
    pad: int = 0
    """What rows are filled up with; it stands for nothing, as `start` does."""
    unknown: int | None = None
    """What stands for all that is in no other token, where there is such a token."""
    start: int | None = None
    end: int | None = None
    """Behind it a text holds nothing more."""
    _numbers: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self):
        special = {getattr(self, name) for name in _SPECIAL}
        numbers = {token: number for number, token in enumerate(self.tokens) if number not in special}
        object.__setattr__(self, "_numbers", numbers)

    @classmethod
    def of(cls, entry: Mapping) -> "Vocabulary":
        """The vocabulary that a manifest describes.

        Raises:
            BundleError: the entry is not as it should be.
        """
        kind, tokens = entry.get("kind"), entry.get("tokens")
        if kind not in KINDS:
            raise BundleError(f"a vocabulary has the kind {kind!r}: expected {' or '.join(KINDS)}")
        if not isinstance(tokens, Sequence) or not all(isinstance(each, str) and each for each in tokens):
            raise BundleError("the tokens of a vocabulary are no list of texts that are not empty")
        if len(set(tokens)) != len(tokens):
            twice = next(token for token, count in Counter(tokens).items() if count > 1)
            raise BundleError(f"a vocabulary holds the token `{twice[:40]}` twice")
        special = {name: entry.get(name) for name in _SPECIAL if entry.get(name) is not None}
        for name, number in special.items():
            if type(number) is not int or not 0 <= number < len(tokens):
                raise BundleError(
                    f"a vocabulary has a wrong `{name}`: found {number!r}, expected 0 to {len(tokens) - 1}"
                )
        if special.get("pad", 0) != 0:
            raise BundleError(f"a vocabulary has a wrong `pad`: found {special['pad']}, expected 0")
        if kind == "characters":
            for number, token in enumerate(tokens):
                if len(token) > 1 and number not in {0, *special.values()}:
                    raise BundleError(
                        f"a vocabulary of characters holds the token `{token[:40]}`: expected one character"
                    )
        return cls(kind, tuple(tokens), entry.get("lowercase", True), **special)

    @classmethod
    def learn(
        cls,
        texts: Iterable[str],
        kind: str,
        size: int | None = None,
        least: int = 1,
        *,
        lowercase: bool = True,
        special: Sequence[str] = ("unknown",),
    ) -> "Vocabulary":
        """The vocabulary of a training split: the most frequent tokens first, of equals by code point.

        Args:
            texts: of the split.
            kind: `words` or `characters`.
            size: the most tokens, special ones counted; those that are rarer are left out.
            least: how often a token must be there.
            lowercase: whether the case of letters means nothing.
            special: which of `start`, `end` and `unknown` there are beside `pad`; they come first, in this order.

        Raises:
            InputError: a kind that there is not, no room for a token, or no token at all.
        """
        if kind not in KINDS:
            raise InputError(f"unknown kind of vocabulary: `{kind}`; expected {' or '.join(KINDS)}")
        numbers = {name: place for place, name in enumerate(("pad", *(n for n in _SPECIAL[1:] if n in special)))}
        if size is not None and size <= len(numbers):
            raise InputError(
                f"a vocabulary of {size} tokens has no room: expected more than {len(numbers)}, which are special"
            )
        counts = Counter(token for text in texts for token in _split(text, kind, lowercase))
        frequent = sorted((each for each in counts if counts[each] >= least), key=lambda each: (-counts[each], each))
        if not frequent:
            raise InputError(f"the texts make no vocabulary: found no token that is there {least} times or more")
        room = None if size is None else size - len(numbers)
        return cls(kind, (*(f"<{name}>" for name in numbers), *frequent[:room]), lowercase, **numbers)

    @property
    def entry(self) -> dict:
        """What a manifest says of it; `of` reads it."""
        special = {name: getattr(self, name) for name in _SPECIAL if getattr(self, name) is not None}
        return {"kind": self.kind, "tokens": list(self.tokens), "lowercase": self.lowercase, **special}

    def split(self, text: str) -> list[str]:
        """The pieces of a text that tokens stand for."""
        return _split(text, self.kind, self.lowercase)

    def encode(self, text: str, longest: int, *, cut: bool = False) -> tuple[np.ndarray, int]:
        """The tokens of a text, without start and end.

        Args:
            text: what is to be read.
            longest: how many tokens there is room for.
            cut: whether a longer text loses its end; else it is refused.

        Returns:
            (longest,) int32, padded with `pad` on the right, and how many are real.

        Raises:
            InputError: the text is longer, or a piece of it is in no token and there is no token `unknown`.
        """
        pieces = self.split(text)
        if len(pieces) > longest and not cut:
            raise InputError(f"the text is too long: found {len(pieces):,} {self.kind}, expected at most {longest:,}")
        ids = np.full(longest, self.pad, np.int32)
        real = [self._number(piece) for piece in pieces[:longest]]
        ids[: len(real)] = real
        return ids, len(real)

    def decode(self, ids: Iterable[int]) -> str:
        """The text that tokens stand for: up to the end token, without padding and start.

        Words are parted by one space, but for punctuation, which follows what is before it.

        Raises:
            InputError: there is no such token.
        """
        pieces = []
        for number in map(int, ids):
            if not 0 <= number < len(self.tokens):
                raise InputError(f"no token has the number {number}: the vocabulary holds {len(self.tokens):,}")
            if number == self.end:
                break
            if number not in (self.pad, self.start):
                pieces.append(self.tokens[number])
        return "".join(pieces) if self.kind == "characters" else _joined(pieces)

    def _number(self, piece: str) -> int:
        number = self._numbers.get(piece, self.unknown)
        if number is None:
            close = ", ".join(f"`{each}`" for each in nearest(piece, self._numbers))
            raise InputError(f"the model knows no `{piece[:40]}`: the nearest of its {self.kind} are {close}")
        return number


def _split(text: str, kind: str, lowercase: bool) -> list[str]:
    if not isinstance(text, str):
        raise InputError(f"no text: found {type(text).__name__}")
    text = unicodedata.normalize("NFC", text)
    if lowercase:
        text = unicodedata.normalize("NFC", text.lower())  # lower case may part a letter from its accent
    return list(" ".join(text.split())) if kind == "characters" else WORDS.findall(text)


def _joined(pieces: Sequence[str]) -> str:
    text = ""
    for piece in pieces:
        text += piece if not text or piece in _CLOSING or text[-1] == _OPENING else f" {piece}"
    return text
