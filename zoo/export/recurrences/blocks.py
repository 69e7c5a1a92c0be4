"""How many steps stand in one block of a loop."""

from __future__ import annotations

BLOCKS, OPERATORS = (32, 16, 8), 320
"""The steps of a block: the most of these with which it has so many operators at most.

A WHILE takes about 1 µs to go round once, and 0.07 µs an operator to prepare its body, anew at every run.
"""


def block_of(length: int, operators: int) -> int:
    """The steps of a block of so many operators a step, with as few left over after the last one as can be."""
    most = next((steps for steps in BLOCKS if steps * operators <= OPERATORS), BLOCKS[-1])
    most = min(most, max(1, length // 4))
    return min(range(most, (most + 1) // 2 - 1, -1), key=lambda steps: length % steps)
