"""What tasks whose answer is a text have in common: targets that are texts, in tokens and back."""

from collections.abc import Sequence

import numpy as np

from zoo.data.dataset import DataSet, Target
from zoo.errors import DataError, InputError
from zoo.runtime.reading.vocabulary import Vocabulary

TOKENS = "tokens"
"""The output of the decode loops that is a text, (n, longest) int, padded with 0; the target that it is held against
is of that name."""


def text_target(data: DataSet, task: str) -> Target:
    """The one target of a data set that is a text.

    Raises:
        InputError: there is none, or it has no vocabulary.
    """
    target = data.targets.get(TOKENS)
    if target is None or target.kind != "text":
        kinds = ", ".join(f"`{name}` ({each.kind})" for name, each in data.targets.items()) or "none"
        raise InputError(f"`{data.name}` has no text for the task `{task}`: found {kinds}, expected `{TOKENS}` (text)")
    if target.vocabulary not in data.vocabularies:
        raise InputError(
            f"the texts of `{data.name}` have no vocabulary: found {', '.join(data.vocabularies) or 'none'}, expected "
            f"`{target.vocabulary}`"
        )
    return target


def vocabulary_of(data: DataSet) -> Vocabulary:
    """The vocabulary of that target."""
    return Vocabulary.of(data.vocabularies[data.targets[TOKENS].vocabulary])


def texts_of(answers: np.ndarray, vocabulary: Vocabulary) -> list[str]:
    """The texts of tokens, (n, longest) int, padded with 0."""
    return [vocabulary.decode(row[row > 0]) for row in answers]


def encoded(texts: Sequence[str], vocabulary: Vocabulary, longest: int, what: str) -> tuple[np.ndarray, np.ndarray]:
    """Texts as tokens, (n, longest) int32 padded with 0, and how many each has, (n,) int32.

    Raises:
        DataError: some are longer than the model's longest answer, or hold what the vocabulary has not; `what` they are
            of is named.
    """
    rows, counts, faults = np.zeros((len(texts), longest), np.int32), np.zeros(len(texts), np.int32), []
    for index, text in enumerate(texts):
        try:
            rows[index], counts[index] = vocabulary.encode(text, longest)
        except InputError as error:
            faults.append((text, error))
    if faults:
        text, error = faults[0]
        raise DataError(
            f"{len(faults):,} of {len(texts):,} texts of {what} cannot be learned, the first is `{text[:60]}`: "
            f"{error.message}",
            error.hint,
        )
    return rows, counts
