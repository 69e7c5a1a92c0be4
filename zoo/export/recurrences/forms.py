"""Which form `auto` picks: looked up in `forms.json`, which `zoo bench forms --write` measures.

An unrolled file holds every step's operators, each with a record of its own: the longer the sequence, the more of them
fall out of the CPU's caches, until a loop over a block that stays in them is faster.  How many steps that takes depends
on the operators of a step and the products among them, on the width, on how many recurrences the model has, on what it
computes in, and on whether the runtime packs equal weights once.  The table has a row for each of some such kinds; a
recurrence goes by the row that is nearest to it.

Nobody is asked what a file will run on.  So `any` takes the form whose worse loss, on CompiledModel and on the plain
Interpreter, is the smaller one; and, as both hold more for an unrolled file, the loop where that would more than double
the memory on either (see `memory`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from functools import cache
from pathlib import Path

from zoo.errors import InputError
from zoo.export.recurrences.memory import Memory

TABLE = Path(__file__).with_name("forms.json")
FORMS = ("auto", "unrolled", "blocked")
ANY, RUNTIMES = "any", ("any", "compiled", "interpreter", "gpu")
"""Either of the next two; LiteRT's `CompiledModel` with XNNPACK's weight cache; its `Interpreter`, which has none; a
GPU delegate."""

GPU_OPERATORS = 10_000
"""For a GPU a recurrence is unrolled up to so many operators in all its steps: a delegate takes no WHILE at all, but
what it takes it compiles when the file is loaded."""

_MEASURED_AS = {"float16": "float32", "int16x8": "int8"}
"""float16 weights are unpacked when the file is loaded, and computed with in float32; int16x8 has no recurrences yet,
and refuses one by name once it has a form."""

_BYTES = {"float32": 4}
"""Of a weight that was packed; of any other target one."""


@dataclass(frozen=True)
class Kind:
    """What decides between the forms, the length aside.

    Attributes:
        operators: TFLite operators of one float step,
        products: and how many of them are matrix products or convolutions.
        units: numbers in its output.
        recurrences: how many recurrences the whole model has.
    """

    operators: int
    products: int
    units: int
    recurrences: int

    def distance(self, other: Kind) -> float:
        """In doublings, from one on: a step may have no product."""
        pairs = zip(astuple(self), astuple(other), strict=True)
        return sum(abs(math.log2((1 + one) / (1 + another))) for one, another in pairs)


KIND = tuple(part.name for part in fields(Kind))


@dataclass(frozen=True)
class Row:
    """Of one kind: the longest sequence, in steps, of which the unrolled form is clearly faster than a loop."""

    target: str
    runtime: str
    kind: Kind
    unrolled_to: int


@dataclass(frozen=True)
class Chooser:
    """Picks the form of each recurrence of a model.

    Args:
        form: `unrolled` or `blocked` for all of them, or `auto`.
        target: what the file computes in.
        runtime: what is to run it, one of `RUNTIMES`.

    Raises:
        InputError: no such form or runtime.
    """

    form: str = "auto"
    target: str = "float32"
    runtime: str = ANY

    def __post_init__(self):
        for what, found, known in (("form", self.form, FORMS), ("runtime", self.runtime, RUNTIMES)):
            if found not in known:
                raise InputError(
                    f"unknown {what}: `{found}`; expected one of {', '.join(f'`{name}`' for name in known)}"
                )

    def __call__(self, kind: Kind, length: int, weights: int = 0) -> str:
        """`unrolled` or `blocked`.

        Args:
            kind: of the recurrence.
            length: its steps.
            weights: numbers in the weights that a step reads.
        """
        if self.form != "auto":
            return self.form
        operators = kind.operators * length
        if self.runtime == "gpu":
            return "unrolled" if operators <= GPU_OPERATORS else "blocked"
        target = _MEASURED_AS.get(self.target, self.target)
        rows = [row for row in table() if (row.target, row.runtime) == (target, self.runtime)]
        nearest = min(rows, key=lambda row: row.kind.distance(kind))
        if operators > nearest.kind.operators * nearest.unrolled_to:
            return "blocked"
        return "unrolled" if self.runtime != ANY or _fits(kind, length, weights * _BYTES.get(target, 1)) else "blocked"


def _fits(kind: Kind, length: int, weights: int) -> bool:
    """Whether the unrolled form may be had on every runtime, its weights so many bytes when packed."""
    return all(
        memory.allows_unrolled(length, kind.operators, weights, kind.recurrences) for memory in memories().values()
    )


@cache
def table() -> Sequence[Row]:
    """The rows that were measured."""
    return [
        Row(row["target"], row["runtime"], Kind(*(row[name] for name in KIND)), row["unrolled_to"])
        for row in _read()["rows"]
    ]


@cache
def memories() -> Mapping[str, Memory]:
    """What each runtime takes, by its name."""
    return {runtime: Memory(**found) for runtime, found in _read()["memory"].items()}


@cache
def _read() -> dict:
    return json.loads(TABLE.read_text("utf-8"))
