"""How the answer to one example grows, a token after another: by beam search, or by drawing tokens."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Choose = Callable[["Sequence[Hypothesis]", np.ndarray, int], list[tuple[int, int]]]
"""(live hypotheses, log probabilities (hypotheses, vocabulary), how many go on) -> (place, token) of those."""


@dataclass(frozen=True)
class Hypothesis:
    """A beginning of an answer."""

    tokens: tuple[int, ...] = ()
    """Without start and end."""
    log_probability: float = 0.0
    """The sum over its tokens, and over its end where that has come."""
    ended: bool = False
    attention: tuple[np.ndarray, ...] = ()
    """For each token what the step that gave it says of it; empty where steps say nothing."""

    @property
    def score(self) -> float:
        """The mean log probability a token, its end counted as one: what answers of any length are compared by."""
        return self.log_probability / max(1, len(self.tokens) + self.ended)


class Search:
    """The hypotheses about one example.

    Args:
        fed: what the step is fed before it gives the first token.
        end: the token that ends an answer.
        longest: the most tokens of an answer.
        beam: how many hypotheses are kept; one that has ended keeps its place and is followed no more.
        choose: which continuations are kept.
    """

    def __init__(self, fed: Sequence[int], end: int, longest: int, beam: int, choose: Choose):
        self._fed, self._end, self._longest, self._beam, self._choose = list(fed), end, longest, beam, choose
        self._steps = 0
        self._done: list[Hypothesis] = []
        self.live = [Hypothesis()]
        """Those that go on, best first."""
        self.parents: list[int] = [0]
        """Of each its place among those before the last step."""

    def token(self, place: int) -> int:
        """What the next step is fed; for a place without a hypothesis something that it may be fed."""
        if self._steps < len(self._fed):
            return self._fed[self._steps]
        return self.live[place].tokens[-1] if place < len(self.live) else self._end

    @property
    def listens(self) -> bool:
        """Whether the next step is fed the last of what comes before the answer, or more."""
        return self._steps + 1 >= len(self._fed)

    def grow(self, log_probabilities: np.ndarray | None, attention: Sequence[np.ndarray] = ()) -> None:
        """Takes the next token.

        Args:
            log_probabilities: (live, vocabulary); None while it does not listen.
            attention: (live, ...) of the step, where it gives one.
        """
        self._steps += 1
        self.parents = [0] * len(self.live)
        if log_probabilities is None:
            return
        before, self.live, self.parents = self.live, [], []
        for place, token in self._choose(before, log_probabilities, self._beam - len(self._done)):
            parent = before[place]
            total = parent.log_probability + float(log_probabilities[place, token])
            if token == self._end:
                self._done.append(Hypothesis(parent.tokens, total, True, parent.attention))
                continue
            looks = (*parent.attention, attention[place]) if len(attention) else ()
            longer = Hypothesis((*parent.tokens, token), total, False, looks)
            if len(longer.tokens) == self._longest:
                self._done.append(longer)
            else:
                self.live.append(longer)
                self.parents.append(place)

    def best(self) -> Hypothesis:
        """The answer: of the highest score, of equals the one with the lower tokens."""
        return min(self._done, key=lambda each: (-each.score, each.tokens))


def most_probable(live: Sequence[Hypothesis], log_probabilities: np.ndarray, count: int) -> list[tuple[int, int]]:
    """Beam search: the `count` most probable continuations, best first; of equals the one with the lower token.

    They are all of one length, so that their lengths need not be made up for here.
    """
    sums = np.array([each.log_probability for each in live])[:, None] + log_probabilities
    flat = sums.ravel()
    bound = np.partition(flat, flat.size - count)[flat.size - count] if count < flat.size else -np.inf
    places, tokens = np.divmod(np.flatnonzero((flat >= bound) & (flat > -np.inf)), sums.shape[1])
    order = np.lexsort((places, tokens, -sums[places, tokens]))[:count]
    return list(zip(places[order].tolist(), tokens[order].tolist(), strict=True))


def sampler(temperature: float, top_k: int | None, seed: int) -> Choose:
    """Sampling: a token comes with probability exp(log p / temperature), of the `top_k` most probable ones alone.

    The draw depends on the seed and on how many tokens there are, and on nothing else: neither on what was drawn
    before nor on which examples stand beside this one.
    """

    def choose(live: Sequence[Hypothesis], log_probabilities: np.ndarray, count: int) -> list[tuple[int, int]]:
        [hypothesis], [row] = live, log_probabilities
        with np.errstate(over="ignore"):  # a low temperature leaves nothing to the others
            weights = np.exp((row - row.max()) / temperature)
        if top_k is not None:
            weights[np.argsort(-row, kind="stable")[top_k:]] = 0
        sums = np.cumsum(weights)
        token = np.searchsorted(sums, _uniform(seed, len(hypothesis.tokens)) * sums[-1], side="right")
        return [(0, min(int(token), int(np.flatnonzero(weights)[-1])))]

    return choose


def _uniform(seed: int, place: int) -> float:
    """A number of [0, 1) that belongs to a seed and a place (Salmon et al. 2011, "Parallel random numbers")."""
    return (int(np.random.Philox(key=seed, counter=place).random_raw()) >> 11) * 2.0**-53
