"""The loop of connectionist temporal classification: a token or the blank for each frame becomes a transcript."""

from collections.abc import Mapping, Sequence

import numpy as np

from zoo.errors import BundleError, InputError
from zoo.runtime.decode.options import BEAM, of_manifest, read_options, whole
from zoo.runtime.decode.prefix_beam import BestPath, PrefixBeam
from zoo.runtime.decode.probabilities import log_softmax
from zoo.runtime.decode.runner import Arrays, Runner

PAD = 0
"""Pads `tokens`; never a token of a transcript."""
_BEAM = whole(1, BEAM)


class CtcStream:
    """Transcripts of logits that come a chunk at a time; all rows of a batch at once.

        stream = CtcStream(blank=0)
        while chunk := microphone():
            print(alphabet.decode(stream.feed(chunk)["tokens"][0]))

    With beam 1 the most probable token of each frame counts, repeats merged and blanks dropped, and each token is given
    as soon as it begins.  With a wider beam the prefixes are kept between chunks, and a token is given as soon as all
    of them share it.  However the frames are cut, the transcripts are the same.  Where token 0 is not the blank it is
    padding and never comes.

    Args:
        blank: the token that stands for none.
        beam: how many prefixes are kept.
        part: which part gives the logits, for messages.
    """

    def __init__(self, blank: int = 0, beam: int = 1, part: str = "stream"):
        self._blank, self._part = blank, part
        self._beam = read_options("ctc", {"beam": _BEAM}, {"beam": beam})["beam"]
        self._never = {PAD} - {blank}
        self.begin()

    def begin(self) -> None:
        """Forgets all frames: the next one is the first."""
        self._rows: list[BestPath | PrefixBeam] = []
        self._offsets: list[int] = []
        self._counts = np.zeros(0, np.int32)
        self._frames = 0
        self._ended = False

    def feed(self, logits: np.ndarray, steps: Sequence[int] | None = None) -> dict[str, np.ndarray]:
        """Takes some more frames.

        Args:
            logits: (batch, n, vocabulary), n may be 0.
            steps: (batch,), how many of these n are real, where not all are.

        Returns:
            What is new: `tokens` (batch, most) int32, padded with 0, and `count` (batch,) int32.

        Raises:
            InputError: another number of axes or rows than before, or the stream has ended.
            AnswerError: the logits hold NaN or infinity.
        """
        if np.ndim(logits) != 3 or (self._rows and len(logits) != len(self._rows)):
            rows = len(self._rows) or "batch"
            raise InputError(f"wrong shape of logits: found {np.shape(logits)}, expected ({rows}, n, vocabulary)")
        if self._ended:
            raise InputError("the stream has ended: found more frames", "`begin` starts anew")
        if not 0 <= self._blank < np.shape(logits)[2]:
            raise InputError(f"wrong blank: found {self._blank}, expected one of {np.shape(logits)[2]} tokens")
        if not self._rows:
            self._rows = [self._search() for _ in logits]
            self._offsets, self._counts = [0] * len(logits), np.zeros(len(logits), np.int32)
        n = np.shape(logits)[1]
        real = np.full(len(logits), n) if steps is None else _valid(steps, n)
        new = [
            row.feed(log_softmax(frames[:count], self._never, self._part))
            for row, frames, count in zip(self._rows, np.asarray(logits), real, strict=True)
        ]
        self._counts = self._counts + real.astype(np.int32)
        self._frames += n
        return self._new(new)

    def end(self) -> dict[str, np.ndarray]:
        """What the last frame settles: with a beam, the tokens of the best prefix that others did not share."""
        self._ended = True
        return self._new(
            [row.transcript().tokens[offset:] for row, offset in zip(self._rows, self._offsets, strict=True)]
        )

    def whole(self) -> dict[str, np.ndarray]:
        """The transcripts of all frames so far, as the loop `ctc` gives them; see `Ctc`."""
        transcripts = [row.transcript() for row in self._rows]
        scores = [each.log_probability / max(1, count) for each, count in zip(transcripts, self._counts, strict=True)]
        return {
            "tokens": _padded([each.tokens for each in transcripts], self._frames),
            "count": np.array([len(each.tokens) for each in transcripts], np.int32),
            "score": np.array(scores, np.float32),
            "first": _padded([each.first for each in transcripts], self._frames),
            "last": _padded([each.last for each in transcripts], self._frames),
        }

    def _search(self) -> BestPath | PrefixBeam:
        return BestPath(self._blank) if self._beam == 1 else PrefixBeam(self._blank, self._beam)

    def _new(self, tokens: list[list[int]]) -> dict[str, np.ndarray]:
        counts = [len(row) for row in tokens]
        self._offsets = [before + more for before, more in zip(self._offsets, counts, strict=True)]
        return {"tokens": _padded(tokens, max(counts, default=0)), "count": np.array(counts, np.int32)}


class Ctc:
    """One run of one part, and the transcripts of its logits.

    Outputs:
        tokens: (batch, steps) int32, padded with 0, where `steps` is how many there can be at most: one a step.
        count: (batch,) int32, how many of them are real.
        score: (batch,) float32, the log probability a step: of the best path with beam 1, else of the transcript.
        first, last: (batch, steps) int32, the steps at which each token begins and ends, in the best path.
    """

    _table: Mapping = {"beam": _BEAM}
    options: Mapping[str, str] = {"beam": f"how many prefixes are kept; 1 takes the best path: {_BEAM.words}"}

    def __init__(self, part: str, logits: str, steps: str | None = None, blank: int = 0, beam: int = 1):
        self._part, self._logits, self._steps = part, logits, steps
        self._blank, self._beam = blank, beam

    @classmethod
    def of(cls, decode: Mapping, parts: Mapping) -> "Ctc":
        """The loop of a manifest; see `get_loop`."""
        names = (decode["part"], decode["logits"], decode.get("steps"))
        return cls(*names, of_manifest(decode, "blank", whole(0, 2**31 - 1)), of_manifest(decode, "beam", _BEAM))

    def run(self, runner: Runner, inputs: Arrays, **options: object) -> dict[str, np.ndarray]:
        """See `Loop`.  Steps beyond the output `steps` are padding: nothing depends on what their logits are."""
        beam = read_options("ctc", self._table, options).get("beam", self._beam)
        outputs = runner.run(self._part, **inputs)
        for name in filter(None, (self._logits, self._steps)):
            if name not in outputs:
                raise BundleError(f"the part `{self._part}` has no output `{name}`: found {', '.join(outputs)}")
        logits = outputs[self._logits]
        if logits.ndim != 3 or self._blank >= logits.shape[2]:
            raise BundleError(
                f"the part `{self._part}` does not go with its decode loop: found `{self._logits}` of shape "
                f"{logits.shape}, expected (batch, steps, vocabulary) with the blank {self._blank} in the vocabulary"
            )
        stream = CtcStream(self._blank, beam, self._part)
        stream.feed(logits, None if self._steps is None else outputs[self._steps])
        return stream.whole()


def _valid(steps: Sequence[int], longest: int) -> np.ndarray:
    """How many steps of each row are real."""
    return np.clip(np.rint(np.reshape(steps, -1)).astype(np.int64), 0, longest)


def _padded(rows: list[list[int]], longest: int) -> np.ndarray:
    padded = np.full((len(rows), longest), PAD, np.int32)
    for row, values in zip(padded, rows, strict=True):
        row[: len(values)] = values
    return padded
