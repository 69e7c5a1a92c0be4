"""What a user asks to be profiled, checked before TensorFlow is imported."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from zoo.bench.rnn.cases import CELLS, Case, grid
from zoo.errors import InputError

TARGETS = ("float32", "dynamic_int8", "int8")
STEPS = 64
"""Of the sequences: several blocks of a loop, and few enough for all operators to stay in the CPU's caches."""


def cases_to_profile(cells: Iterable[str], units: Iterable[int], targets: Sequence[str]) -> list[Case]:
    """Models of one layer and `STEPS` steps.

    Raises:
        InputError: a cell is none of the bench's grid, a target none of `TARGETS`, a size none, or one given twice.
    """
    cases = grid(cells, [STEPS], units, [1])
    whole = sorted({case.cell for case in cases} - {*CELLS})
    if whole:
        raise InputError(f"{', '.join(whole)} cannot be profiled: expected some of {', '.join(CELLS)}")
    unknown = [target for target in targets if target not in TARGETS]
    if unknown or len(set(targets)) < len(targets):
        found = ", ".join(f"`{target}`" for target in unknown or targets)
        raise InputError(f"the targets {found} cannot be profiled: expected some of {', '.join(TARGETS)}, each once")
    return cases
