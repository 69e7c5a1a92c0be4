"""Transcripts of CTC logits, a frame after another: the best path, and the search over prefixes.

A path names a token or the blank for each frame; its transcript is the path with repeats merged and blanks left out
(Graves et al. 2006, "Connectionist temporal classification").
"""

from dataclasses import dataclass, field

import numpy as np

Frames = tuple
"""First and last frame of each token of a path, newest first: () or (first, last, those before)."""
_BLOCK = 256
"""Frames after which what all prefixes share is put away: what a step costs grows with the prefixes' length."""


@dataclass
class Transcript:
    """What was said, and when."""

    tokens: list[int] = field(default_factory=list)
    first: list[int] = field(default_factory=list)
    last: list[int] = field(default_factory=list)
    """Frames at which each token begins and ends."""
    log_probability: float = 0.0


class BestPath:
    """Greedy: the most probable token of each frame, the lower one of equals; its transcript is final at once."""

    def __init__(self, blank: int):
        self._blank = blank
        self._transcript = Transcript()
        self._token, self._frame = blank, 0

    def feed(self, log_probabilities: np.ndarray) -> list[int]:
        """Takes frames (n, vocabulary); returns the tokens that are new."""
        path = log_probabilities.argmax(axis=-1)
        transcript, before = self._transcript, len(self._transcript.tokens)
        for token, probability in zip(path.tolist(), log_probabilities.max(axis=-1), strict=True):
            transcript.log_probability += float(probability)
            if token != self._blank:
                if token == self._token:
                    transcript.last[-1] = self._frame
                else:
                    transcript.tokens.append(token)
                    transcript.first.append(self._frame)
                    transcript.last.append(self._frame)
            self._token = token
            self._frame += 1
        return transcript.tokens[before:]

    def transcript(self) -> Transcript:
        """Of all frames so far; its log probability is the path's."""
        return self._transcript


@dataclass
class _Prefix:
    """A beginning of a transcript, with all paths to it that the search kept."""

    tokens: tuple[int, ...] = ()
    """Those that are not put away yet."""
    blank: float = -np.inf
    other: float = -np.inf
    """Log probabilities of all its paths that end in the blank, and of those that end in its last token."""
    best_blank: tuple[float, Frames] = (-np.inf, ())
    best_other: tuple[float, Frames] = (-np.inf, ())
    """The best path of each kind."""

    @property
    def best(self) -> tuple[float, Frames]:
        return max(self.best_blank, self.best_other, key=lambda path: path[0])

    @property
    def last(self) -> int:
        return self.tokens[-1] if self.tokens else -1


class PrefixBeam:
    """The most probable transcript, by a search that keeps the `beam` most probable prefixes after each frame.

    A prefix's probability is the sum over its paths, those that end in the blank apart from those that do not, since
    only after a blank a repeated token is a new one (Graves 2012, "Supervised sequence labelling", section 7.5; Hannun
    et al. 2014, "First-pass large vocabulary continuous speech recognition using bi-directional recurrent DNNs").  Of
    equal prefixes that which was found first stays, then that with the lower token.
    """

    def __init__(self, blank: int, beam: int):
        self._blank, self._beam = blank, beam
        self._prefixes = [_Prefix(blank=0.0, best_blank=(0.0, ()))]
        self._away: list[int] = []
        self._offset, self._frame = 0, 0

    def feed(self, log_probabilities: np.ndarray) -> list[int]:
        """Takes frames (n, vocabulary); returns the tokens that are new and that no later frame can change."""
        for row in log_probabilities:
            self._step(row)
            self._frame += 1
            if self._frame % _BLOCK == 0:
                self._put_away()
        shared, away = self._shared(), len(self._away)
        new = [*self._away[self._offset :], *self._prefixes[0].tokens[max(0, self._offset - away) : shared]]
        self._offset = away + shared
        return new

    def transcript(self) -> Transcript:
        """The most probable of all frames so far; its frames are those of the best of its paths."""
        best = self._prefixes[0]
        (_, frames), first, last = best.best, [], []
        while frames:
            begin, end, frames = frames
            first.append(begin)
            last.append(end)
        tokens = [*self._away, *best.tokens]
        return Transcript(tokens, first[::-1], last[::-1], float(np.logaddexp(best.blank, best.other)))

    def _shared(self) -> int:
        """With how many tokens all prefixes begin."""
        tokens = [prefix.tokens for prefix in self._prefixes]
        lowest, highest = min(tokens), max(tokens)  # what these two share, all between them do
        pairs = enumerate(zip(lowest, highest, strict=False))
        return next((place for place, (one, other) in pairs if one != other), min(len(lowest), len(highest)))

    def _put_away(self) -> None:
        """All prefixes keep one token that they share: whether the next one repeats it depends on it."""
        shared = self._shared() - 1
        if shared > 0:
            self._away += self._prefixes[0].tokens[:shared]
            for prefix in self._prefixes:
                prefix.tokens = prefix.tokens[shared:]

    def _step(self, row: np.ndarray) -> None:
        prefixes, blank = self._prefixes, self._blank
        ends = np.array([[prefix.blank, prefix.other] for prefix in prefixes])
        total, last = np.logaddexp(*ends.T), np.array([prefix.last for prefix in prefixes])
        same = np.where(last >= 0, row[last], -np.inf)
        stays = np.stack([total + row[blank], ends[:, 1] + same])
        longer = total[:, None] + row
        rows = np.flatnonzero(last >= 0)
        longer[rows, last[rows]] = ends[rows, 0] + same[rows]
        longer[:, blank] = -np.inf
        parents = self._parents()
        for child, parent in parents.items():  # one and the same prefix is reached in two ways
            stays[1, child] = np.logaddexp(stays[1, child], longer[parent, last[child]])
            longer[parent, last[child]] = -np.inf
        scores = np.concatenate([np.logaddexp(*stays), longer.ravel()])
        order = np.argsort(-scores, kind="stable")[: self._beam]
        self._prefixes = [
            self._stay(int(place), row, stays[:, place], parents.get(int(place)))
            if place < len(prefixes)
            else self._grow(*divmod(int(place) - len(prefixes), len(row)), row, scores[place])
            for place in order
            if scores[place] > -np.inf
        ]

    def _parents(self) -> dict[int, int]:
        """For each prefix whose beginning without its last token is kept too, which one that is."""
        places = {prefix.tokens: place for place, prefix in enumerate(self._prefixes)}
        return {
            place: places[prefix.tokens[:-1]]
            for place, prefix in enumerate(self._prefixes)
            if prefix.tokens and prefix.tokens[:-1] in places
        }

    def _stay(self, place: int, row: np.ndarray, ends: np.ndarray, parent: int | None) -> _Prefix:
        """The prefix after a frame that adds nothing to it, or that makes it of its beginning anew."""
        prefix = self._prefixes[place]
        probability, frames = prefix.best
        repeated, path = prefix.best_other
        best = (repeated + float(row[prefix.last]), (path[0], self._frame, path[2])) if path else (-np.inf, ())
        if parent is not None:
            best = max(best, self._extended(parent, prefix.last, row), key=lambda path: path[0])
        after_blank = (probability + float(row[self._blank]), frames)
        return _Prefix(prefix.tokens, float(ends[0]), float(ends[1]), after_blank, best)

    def _grow(self, place: int, token: int, row: np.ndarray, score: float) -> _Prefix:
        tokens = (*self._prefixes[place].tokens, token)
        return _Prefix(tokens, other=float(score), best_other=self._extended(place, token, row))

    def _extended(self, place: int, token: int, row: np.ndarray) -> tuple[float, Frames]:
        """The best path of a prefix with one more token."""
        prefix = self._prefixes[place]
        probability, frames = prefix.best_blank if token == prefix.last else prefix.best
        return probability + float(row[token]), (self._frame, self._frame, frames)
