"""Which scheme an int8 file takes is measured: files are made and run on examples that no range was taken from.

Schemes go from the fastest to the most exact, and the first whose file answers as Keras does is taken.  Where none
does, the rest of the model may be what int8 spoils: then they are tried anew around a rest that computes more in float.
What the converter refuses, or LiteRT cannot run, answers nothing, and the next is tried.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from ai_edge_litert.schema_py_generated import TensorType

from zoo.errors import ConversionError
from zoo.export.assembly.file import write
from zoo.export.assembly.graph import Graph, Piece
from zoo.export.assembly.repair import reachable
from zoo.export.lowering.integer.agreement import answers_of_file, how_close
from zoo.export.lowering.job import Job
from zoo.export.recurrences.ranges import Int8Scheme

GOOD_AGREEMENT = 0.985
"""The agreement at which a faster scheme is taken without a look at slower ones."""

_JUDGING = 3
"""Every third calibration example judges the schemes; the others give the ranges."""

Values = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Trial:
    """A file that was made and run.

    Attributes:
        scheme: its name, and what else of the model stays float; None where there is nothing to say.
        data: the file.
        floats: its operators that give a float tensor, and how many there are of each.
        agreement: see `agreement.how_close`; -1 of what could not be made or run.
        failure: why it could not be.
        whole: what the file is made of.
    """

    scheme: str | None
    data: bytes = b""
    floats: Mapping[str, int] = field(default_factory=dict)
    agreement: float = -1
    failure: ConversionError | None = None
    whole: Piece | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Judge:
    """Writes files and runs them, the first time in a process that they may end."""

    job: Job
    examples: Values
    wanted: Values
    """What Keras answers to the examples."""

    def __call__(self, scheme: str | None, whole: Piece) -> Trial:
        data, score = write({self.job.signature: whole}), 1.0
        with tempfile.TemporaryDirectory(prefix="zoo-trial-") as folder:
            path = Path(folder, "trial.tflite")
            path.write_bytes(data)
            self.job.converter.first_run(path)
            if self.examples:
                score = how_close(answers_of_file(path, self.job.signature, self.examples), self.wanted, self.job.kinds)
        return Trial(scheme, data, floats_of(whole.graph), score, whole=whole)


Attempt = Callable[[Int8Scheme], Trial]
Schemes = Sequence[Sequence[Int8Scheme]]
"""From the fastest to the most exact; those side by side are equally fast."""


def choose(rests: Iterable[Callable[[], Attempt | None]], schemes: Schemes) -> Trial:
    """The trial of the fastest scheme that answers well, or the best one where none does.

    Args:
        rests: from the fastest to the most exact, what makes of the rest of a model what makes the trial of a scheme
            around it; None where that rest is not to be had.  Each is asked only if all before it went wrong.
        schemes: to try, as `ranges.SCHEMES`.

    Raises:
        ConversionError: none could be made and run; the first of the reasons.
    """
    best, (most_exact,) = None, schemes[-1]
    for make in rests:
        if (attempt := _made(make)) is None:
            continue
        if best is None or best.failure:
            best = max(filter(None, [best, _first_good(attempt, schemes)]), key=_agreement)
        elif attempt(most_exact).agreement > best.agreement:  # else the rest is not what int8 spoils
            best = max(best, _first_good(attempt, schemes), key=_agreement)
        if best.agreement >= GOOD_AGREEMENT:
            break
    if best.failure:
        raise best.failure
    return best


def _made(make: Callable[[], Attempt | None]) -> Attempt | None:
    try:
        return make()
    except ConversionError as failure:
        failed = Trial(None, failure=failure)
        return lambda scheme: failed


def _first_good(attempt: Attempt, schemes: Schemes) -> Trial:
    best = None
    for alternatives in schemes:
        trials = [attempt(scheme) for scheme in alternatives]
        best = max(trials if best is None else [best, *trials], key=_agreement)
        if best.agreement >= GOOD_AGREEMENT:
            break
    return best


def _agreement(trial: Trial) -> float:
    return trial.agreement


def divided(calibration: Values) -> tuple[Values, Values]:
    """The examples that give the ranges and those that judge; all are both where there are too few."""
    total = len(next(iter(calibration.values())))
    judging = np.arange(total) % _JUDGING == _JUDGING - 1
    if not judging.any():
        return calibration, calibration
    return (
        {name: array[~judging] for name, array in calibration.items()},
        {name: array[judging] for name, array in calibration.items()},
    )


def floats_of(graph: Graph) -> dict[str, int]:
    """The operators that give a float tensor, and how many there are."""
    floats = (TensorType.FLOAT32, TensorType.FLOAT16)
    return dict(
        Counter(
            operator.name
            for part in reachable(graph)
            for operator in part.operators
            if any(tensor.type in floats for tensor in operator.outputs)
        ).most_common()
    )
