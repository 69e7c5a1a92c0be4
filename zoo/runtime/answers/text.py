"""The answer that is a text: a caption, an answer to a question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zoo.runtime.answers.printing import plain
from zoo.runtime.reading.vocabulary import Vocabulary


@dataclass(frozen=True)
class Text:
    """What is said."""

    text: str
    tokens: Sequence[str]
    """The pieces that it is made of."""
    score: float
    """Of the decode loop: higher is better, among answers to one input."""
    attention: np.ndarray | None = None
    """(tokens, ...), what the model looked at for each of them, where the loop kept it."""

    def rows(self) -> list[str]:
        return self.text.splitlines() or ["(no words)"]

    def piece(self, _: int) -> str:
        return " ".join(self.text.split()) or "(no words)"

    def to_dict(self) -> dict:
        return {"kind": "text", "text": self.text, "tokens": list(self.tokens), "score": plain(np.array(self.score))}


def make(entry: Mapping, name: str, outputs: Mapping[str, np.ndarray], vocabularies: Mapping[str, Vocabulary]) -> Text:
    """The text of a loop's `tokens`, (1, longest) int32, padded with 0, and its `score`, (1,)."""
    vocabulary, ids = vocabularies[entry["vocabulary"]], outputs[name][0]
    count = count_of(ids)
    attention = outputs["attention"][0, :count] if "attention" in outputs else None
    pieces = [vocabulary.tokens[number] for number in ids[:count].tolist()]
    return Text(vocabulary.decode(ids[:count]), pieces, float(outputs["score"][0]), attention)


def count_of(ids: np.ndarray) -> int:
    """How many tokens come before the padding."""
    return int(np.flatnonzero(ids)[-1]) + 1 if ids.any() else 0
