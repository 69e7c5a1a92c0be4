"""Whether an artifact answers as Keras does: the one notion of "same answer", for gates, streams and int8 schemes.

What an output answers is its kind.  A choice is its class; a probability of yes, the side of one half; a value is right
if its error is small beside the spread of Keras's own answers, never beside its magnitude; a whole number is right or
wrong; a text is alike by its tokens.  Outputs with steps are judged a step at a time.  Small outputs and outputs with
an offset are judged as any.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from rapidfuzz.distance import Levenshtein

from zoo.runtime.answers.classes import softmax
from zoo.verify.measures.distance import difference, from_mean, is_float, noise

Arrays = Mapping[str, np.ndarray]

LOGITS, PROBABILITIES, YES_NO, VALUE, WHOLE, TEXT = KINDS = (
    *("logits", "probabilities", "yes_no", "value", "whole", "text"),
)
TOKENS = "tokens"
"""The output of a decode loop that is a text: (n, longest) int, padded with 0."""
CHOICES = (LOGITS, PROBABILITIES)
"""Kinds that answer by a class: the last axis has a number for each."""

ERROR = 0.2
"""Values whose error, root mean square, is at most this share of the spread are the same values."""
TOLERANCE = 2 * ERROR
"""A single step may be so far off: errors of a normal distribution are beyond twice their deviation in a twentieth."""
TIE = 0.9
"""Where values are the same, a class that Keras gives so much of its best one's probability is as good an answer."""

UNLIKE = 16
"""Up to so many features of the last axis may be unlike quantities, each with a spread of its own."""
_MORE = 3.0
_ENOUGH = 16
"""Of fewer rows the spread of a single feature says nothing."""
_HARDLY = 1e-3
"""A feature that varies less than this share of another is measured by all of them."""
_WORST = 100
"""One step in so many may be off by any amount: `typical` leaves it out."""
_CLOSE = {VALUE: ERROR / 2, YES_NO: ERROR / 2, LOGITS: ERROR, PROBABILITIES: ERROR}
"""Errors below it do not count where files are ranked by closeness."""


@dataclass(frozen=True)
class Judgement:
    """How one output of an artifact answers."""

    kind: str
    same: np.ndarray
    """(n, answers) bool: whether each answer of each example is Keras's; a step is an answer, or each number of a step
    where these stand for themselves.  Of texts a share."""
    error: float | None = None
    """Root mean square of the error of values (of a choice, of probabilities), as a share of the spread of Keras's.
    None of whole numbers."""
    typical: float | None = None
    """The same without the worst hundredth of the steps."""
    correlation: float | None = None
    """With Keras's values, each from its mean over the examples: 0 of an artifact that does not look at its input.
    None where Keras's do not vary, or the artifact's are no numbers."""

    @property
    def agreement(self) -> float:
        """The share of answers that are Keras's."""
        return float(np.mean(self.same))

    @property
    def closeness(self) -> float:
        """One figure to rank files by, 1 at best: the agreement, or less where values are off by more than little."""
        if self.typical is None:
            return self.agreement
        if not np.isfinite(self.typical):
            return 0.0
        return min(self.agreement, 1.0 - min(1.0, max(0.0, self.typical - _CLOSE[self.kind])))


def judge(found: Arrays, expected: Arrays, kinds: Mapping[str, str]) -> dict[str, Judgement]:
    """Judges outputs by name, each (n, ...).

    Args:
        found: of the artifact.
        expected: of Keras.
        kinds: by output, one of `KINDS`; of one that is not named, as its type says.
    """
    with np.errstate(invalid="ignore"):  # of what is infinite or no number, which is no answer
        return {name: _judged(found[name], expected[name], kinds.get(name)) for name in expected}


def agreement(judged: Mapping[str, Judgement]) -> float:
    """The least agreement of any output."""
    return min(judgement.agreement for judgement in judged.values())


def closeness(judged: Mapping[str, Judgement]) -> float:
    """The least closeness of any output."""
    return min(judgement.closeness for judgement in judged.values())


def of_examples(judged: Mapping[str, Judgement]) -> np.ndarray:
    """(n,) the share of an example's answers that are Keras's, of the output where it is least."""
    return np.min([judgement.same.mean(axis=1) for judgement in judged.values()], axis=0)


def _judged(found: np.ndarray, expected: np.ndarray, kind: str | None) -> Judgement:
    if kind == TEXT:
        return Judgement(TEXT, _alike(found, expected)[:, None])
    if not is_float(expected):
        return Judgement(WHOLE, (np.asarray(found) == expected).reshape(len(expected), -1))
    found, expected = _in_steps(found), _in_steps(expected)
    if kind == LOGITS:
        return _choice(kind, softmax(found), softmax(expected))
    if kind == PROBABILITIES:
        return _choice(kind, found, expected)
    if kind == YES_NO:
        return _choice(kind, *(_of_two(numbers) for numbers in (found, expected)))
    error, figures = _errors(found, expected, _spreads(expected))
    return Judgement(VALUE, error <= TOLERANCE, *figures)


def _alike(texts: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(n,) how much of each text is that of the other: 1 less the edits over the longer one's tokens."""
    return np.array(
        [
            Levenshtein.normalized_similarity(one[one > 0].tolist(), other[other > 0].tolist())
            for one, other in zip(texts, others, strict=True)
        ]
    )


def _choice(kind: str, found: np.ndarray, expected: np.ndarray) -> Judgement:
    """Of probabilities, (n, steps, classes)."""
    found, expected = (np.asarray(numbers, np.float64) for numbers in (found, expected))
    _, (error, typical, correlation) = _errors(found, expected, _spread(expected, None))
    answer = found.argmax(axis=-1)
    same = answer == expected.argmax(axis=-1)
    if typical <= ERROR:
        given = np.take_along_axis(expected, answer[..., None], axis=-1)[..., 0]
        same |= given >= TIE * expected.max(axis=-1)
    return Judgement(kind, same & np.isfinite(found).all(axis=-1), error, typical, correlation)


def _errors(found: np.ndarray, expected: np.ndarray, spread: np.ndarray) -> tuple[np.ndarray, tuple]:
    """Each step's error in spreads, (n, steps), and the judgement's `error`, `typical` and `correlation`."""
    apart, deviations = difference(found, expected) / spread, from_mean(expected)
    squares = np.mean(apart**2, axis=-1)
    ranked = np.sort(squares, axis=None)  # NaN last
    kept = ranked[: ranked.size - ranked.size // _WORST]
    error = float(np.sqrt(ranked.mean()))
    typical = error if np.isnan(error) else float(np.sqrt(kept.mean()))  # one that is no number is one too many
    varies = _root(deviations) > noise(expected)
    correlation = _correlation(deviations / spread + apart, deviations / spread) if varies else None
    return np.sqrt(squares), (error, typical, correlation)


def _spreads(expected: np.ndarray) -> np.ndarray:
    """By what values, (n, steps, features), are measured: of few features each has its own."""
    examples, steps, features = expected.shape
    pooled = _spread(expected, None)
    if features > UNLIKE or examples == 1 or examples * steps < _ENOUGH:
        return pooled
    each, own = _spread(expected, (0, 1)), _root(from_mean(expected), (0, 1))
    lost = np.array([noise(expected[..., feature]) for feature in range(features)])
    return np.where(own > np.maximum(lost, _HARDLY * own.max()), each, pooled)


def _spread(expected: np.ndarray, axes: tuple[int, ...] | None) -> np.ndarray:
    """The standard deviation of all values, but not more than `_MORE` times what is due to the examples.

    Features and steps that differ in their means, as those of most models do, widen it; where they would hide that an
    answer does not hang on its input, they do not.
    """
    own = _root(from_mean(expected), axes)
    return np.maximum(np.clip(np.std(expected), own, _MORE * own), noise(expected))


def _root(deviations: np.ndarray, axes: tuple[int, ...] | None = None) -> np.ndarray:
    return np.sqrt(np.mean(deviations**2, axis=axes))


def _correlation(one: np.ndarray, other: np.ndarray) -> float | None:
    """Pearson's; 0 where `one` does not vary, None where `other` does not, or `one` is no number."""
    one, other = (numbers.ravel() - numbers.mean() for numbers in (one, other))
    lengths = [float(np.sqrt(np.sum(numbers**2))) for numbers in (one, other)]
    if not np.isfinite(lengths).all() or not lengths[1]:
        return None
    return float(np.sum(one * other) / (lengths[0] * lengths[1])) if lengths[0] else 0.0


def _in_steps(numbers: np.ndarray) -> np.ndarray:
    """(n, steps, features) float64."""
    numbers = np.asarray(numbers, np.float64)
    return numbers.reshape(len(numbers), -1, numbers.shape[-1] if numbers.ndim > 1 else 1)


def _of_two(probabilities: np.ndarray) -> np.ndarray:
    """Each probability of yes as a choice of its own, (n, numbers, 2)."""
    yes = probabilities.reshape(len(probabilities), -1)
    return np.stack([1 - yes, yes], axis=-1)
