"""Descriptions of data sets, for tests that give a task its examples by hand."""

import numpy as np

from zoo.data.dataset import DataSet, Target
from zoo.runtime.reading.vocabulary import Vocabulary


def described(targets: dict[str, Target], inputs: dict | None = None, **more) -> DataSet:
    """A data set of these targets, whose examples nobody can load."""
    facts = inputs or {"x": {"kind": "array", "shape": (2,), "dtype": "float32"}}
    words = dict.fromkeys(("summary", "licence", "source"), "none")
    return DataSet("drawn", "1.0.0", targets=targets, counts={}, inputs=facts, store=None, **words, **more)


def of_texts(tokens: list[str], kind: str, longest: int, inputs: dict | None = None, **special) -> DataSet:
    """A data set whose one target is a text of at most `longest` tokens; `special`: numbers of special tokens."""
    vocabulary = Vocabulary.of({"kind": kind, "tokens": tokens, "lowercase": True, "pad": 0, **special})
    target = Target("text", shape=(longest,), vocabulary="words")
    return described({"tokens": target}, inputs, vocabularies={"words": vocabulary.entry})


def column_of(texts: list[tuple[str, ...]]) -> np.ndarray:
    """The column of a target that is a text: every right one of each example."""
    column = np.empty(len(texts), object)
    column[:] = texts
    return column


def padded(rows: list[list[int]]) -> np.ndarray:
    """Tokens as a decode loop gives them, (n, longest) int32."""
    array = np.zeros((len(rows), max(1, *map(len, rows))), np.int32)
    for row, tokens in zip(array, rows, strict=True):
        row[: len(tokens)] = tokens
    return array
