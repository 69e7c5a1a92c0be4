"""The recurrent models that are timed: every cell at every length, width and depth, with weights drawn from a seed.

x: (1, length, 16) -> `layers` times the cell, all outputs returned -> (1, length, units)

Beside this grid a few models of other kinds, at one size each.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from zoo.errors import InputError, nearest

CELLS = ("LSTM", "GRU", "SimpleRNN", "IRNN")
LENGTHS = (50, 128, 512)
UNITS = (64, 128)
LAYERS = (1, 2)
FEATURES = 16

OTHERS = ("Bidirectional", "ConvLSTM", "Video", "CRNN", "IndRNN", "Dilated")
"""Models beside the grid, which are timed beside the stock loop alone; see `models`."""

INSTEAD_OF_LSTM = ("IndRNN", "Dilated")
"""Those of them that are timed beside an LSTM of their size too, which they take the place of."""

SHAPES = {"ConvLSTM": (10, 16, 16, 3), "Video": (16, 16, 16, 3), "CRNN": (32, 128, 1)}
"""What these take: steps of pictures, frames, a picture of a line of text that is read column by column."""

GATES = {"LSTM": 4, "GRU": 3, "SimpleRNN": 1, "IRNN": 1}
CALIBRATION_EXAMPLES = 24

TARGETS = ("float32", "dynamic_int8", "int8")
"""What a recurrence is measured in where it is measured alone."""
PROFILED_STEPS = 64
"""Of a profiled sequence: several blocks of a loop, and few enough for all operators to stay in the CPU's caches."""

LONGEST_BESIDE_PEERS, LONGEST_UNROLLED = 1024, 2048

_OTHER_SIZES = {
    "Bidirectional": [(50, 64, 1), (512, 64, 1)],
    "ConvLSTM": [(10, 8, 1)],
    "Video": [(16, 32, 1)],
    "CRNN": [(32, 64, 2)],
    "IndRNN": [(512, 64, 1)],
    "Dilated": [(512, 64, 4)],
}


@dataclass(frozen=True)
class Case:
    """One row: IRNN is a SimpleRNN of relu whose recurrent kernel begins as the identity (Le et al. 2015)."""

    cell: str
    length: int
    units: int
    layers: int

    @property
    def name(self) -> str:
        """`LSTM T=50 2x64`."""
        return f"{self.cell} T={self.length} {self.layers}x{self.units}"

    @property
    def alone(self) -> bool:
        """Whether it is too long to be timed beside peers and in int8: then only our float32 files are."""
        return self.length > LONGEST_BESIDE_PEERS

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one input."""
        return SHAPES.get(self.cell, (self.length, FEATURES))

    def facts(self) -> dict:
        """The case as JSON has it."""
        return {"name": self.name, **asdict(self)}

    def weights(self) -> list[list[np.ndarray]]:
        """Of a case of the grid, for each layer: kernel (features, gates), recurrent kernel (units, gates), bias."""
        random = np.random.default_rng([self.units, self.layers, CELLS.index(self.cell)])
        widths = [FEATURES, *[self.units] * (self.layers - 1)]
        return [[array.astype(np.float32) for array in self._layer(random, width)] for width in widths]

    def gates_first(self, order: Sequence[int]) -> list[list[np.ndarray]]:
        """`weights` as other libraries have them, gates first and in `order`, an index among Keras's gates each.

        For each layer: kernel (gates, features), recurrent kernel (gates, units), bias of the input, of the state.
        """
        layers = []
        for kernel, recurrent, bias in self.weights():
            biases = bias if self.cell == "GRU" else (bias, np.zeros_like(bias))
            gates = [np.split(array, len(order)) for array in (kernel.T, recurrent.T, *biases)]
            layers.append([np.concatenate([parts[gate] for gate in order]) for parts in gates])
        return layers

    def sequences(self, count: int = 1, seed: int = 0) -> np.ndarray:
        """Inputs, (count, *shape)."""
        return np.random.default_rng(seed).normal(size=(count, *self.shape)).astype(np.float32)

    def _layer(self, random: np.random.Generator, width: int) -> tuple[np.ndarray, ...]:
        gated = self.units * GATES[self.cell]
        kernel = random.normal(size=(width, gated)) / np.sqrt(width)
        if self.cell == "IRNN":  # small steps and no drift: all of the past is summed up
            return 0.1 * kernel, np.eye(self.units), np.zeros(gated)
        recurrent = random.normal(size=(self.units, gated)) / np.sqrt(self.units)
        return kernel, recurrent, 0.1 * random.normal(size=(2, gated) if self.cell == "GRU" else gated)


LONG = tuple(Case("LSTM", length, 64, 1) for length in (2000, 2048, 8192))
"""An LSTM on long sequences, timed alone: how the time of a step grows, and how long it takes to convert them."""


def grid(
    cells: Iterable[str] = (*CELLS, *OTHERS),
    lengths: Iterable[int] = LENGTHS,
    units: Iterable[int] = UNITS,
    layers: Iterable[int] = LAYERS,
) -> list[Case]:
    """All combinations, the shortest first; cells by name, in any spelling of capitals, `OTHERS` at their own sizes.

    Raises:
        InputError: a cell is unknown, a size is none, or something is given twice.
    """
    names = [_known(cell) for cell in cells]
    axes = [list(lengths), list(units), list(layers)]
    for what, sizes in zip(("lengths", "units", "layers"), axes, strict=True):
        if min(sizes, default=0) < 1:
            raise InputError(f"{what} begin at 1: found {', '.join(map(str, sizes)) or 'none'}")
    sized = list(itertools.product(*axes))
    cases = [Case(cell, *size) for cell in names for size in (_OTHER_SIZES[cell] if cell in OTHERS else sized)]
    if len(set(cases)) < len(cases) or not cases:
        raise InputError("each cell, length, width and depth is given once at most, and one of each at least")
    return sorted(cases, key=lambda case: case.length)


def cases_to_profile(cells: Iterable[str], units: Iterable[int], targets: Sequence[str]) -> list[Case]:
    """Models of one layer and `PROFILED_STEPS` steps.

    Raises:
        InputError: a cell is none of the bench's grid, a target none of `TARGETS`, a size none, or one given twice.
    """
    cases = grid(cells, [PROFILED_STEPS], units, [1])
    whole = sorted({case.cell for case in cases} - {*CELLS})
    if whole:
        raise InputError(f"{', '.join(whole)} cannot be profiled: expected some of {', '.join(CELLS)}")
    unknown = [target for target in targets if target not in TARGETS]
    if unknown or len(set(targets)) < len(targets):
        names = ", ".join(f"`{target}`" for target in unknown or targets)
        raise InputError(f"the targets {names} cannot be profiled: expected some of {', '.join(TARGETS)}, each once")
    return cases


def _known(cell: str) -> str:
    known = {name.lower(): name for name in (*CELLS, *OTHERS)}
    if cell.lower() not in known:
        hint = f"did you mean `{known[nearest(cell.lower(), known, 1)[0]]}`?"
        raise InputError(f"the cell `{cell}` is unknown: expected {', '.join(known.values())}", hint)
    return known[cell.lower()]
