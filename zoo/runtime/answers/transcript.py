"""The answer that is a transcript: what is said, and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from zoo.runtime.answers.printing import plain
from zoo.runtime.answers.text import count_of
from zoo.runtime.reading.vocabulary import Vocabulary


class Timed(NamedTuple):
    """A piece of a transcript and when it is heard."""

    text: str
    begin: float
    end: float
    """Behind its last step; both in seconds where the manifest says how long a step is, else in steps."""


@dataclass(frozen=True)
class Transcript:
    """What is said, and when."""

    text: str
    pieces: Sequence[Timed]
    """The tokens, characters or words, in their order."""
    words: Sequence[Timed]
    score: float
    """Of the decode loop: higher is better, among transcripts of one input."""
    in_seconds: bool = False

    def rows(self) -> list[str]:
        if not self.words:
            return ["(no words)"]
        times = [f"{self._time(word.begin)} - {self._time(word.end)}" for word in self.words]
        width = max(map(len, times))
        return [self.text, *(f"{time:>{width}}  {word.text}" for time, word in zip(times, self.words, strict=True))]

    def piece(self, _: int) -> str:
        return " ".join(self.text.split()) or "(no words)"

    def to_dict(self) -> dict:
        return {
            "kind": "transcript",
            "text": self.text,
            "score": plain(np.array(self.score)),
            "unit": "s" if self.in_seconds else "steps",
            "words": [word._asdict() for word in self.words],
            "pieces": [piece._asdict() for piece in self.pieces],
        }

    def _time(self, time: float) -> str:
        return f"{time:.2f} s" if self.in_seconds else f"{time:.0f}"


def make(
    entry: Mapping, name: str, outputs: Mapping[str, np.ndarray], vocabularies: Mapping[str, Vocabulary]
) -> Transcript:
    """The transcript of a loop's `tokens`, (1, longest) int32, padded with 0, with the frames `first`, `last`."""
    vocabulary, ids = vocabularies[entry["vocabulary"]], outputs[name][0]
    count, step = count_of(ids), entry.get("seconds_a_step")
    ends = zip(outputs["first"][0, :count].tolist(), outputs["last"][0, :count].tolist(), strict=True)
    times = [((first, last + 1) if step is None else (first * step, (last + 1) * step)) for first, last in ends]
    pieces = [Timed(vocabulary.tokens[number], *time) for number, time in zip(ids[:count].tolist(), times, strict=True)]
    said = vocabulary.decode(ids[:count])
    words = _words(pieces) if said == "".join(piece.text for piece in pieces) else pieces
    return Transcript(said, pieces, words, float(outputs["score"][0]), step is not None)


def _words(characters: Sequence[Timed]) -> list[Timed]:
    """Characters between blanks as one."""
    words: list[Timed] = []
    is_open = False
    for character in characters:
        if character.text.isspace():
            is_open = False
            continue
        if is_open:
            words[-1] = Timed(words[-1].text + character.text, words[-1].begin, character.end)
        else:
            words.append(character)
        is_open = True
    return words
