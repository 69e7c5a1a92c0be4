"""How much memory a runtime takes for a recurrence in either form, from what `zoo bench forms` measured.

Each operator of a graph has records of its own in the runtime.  XNNPACK packs the weights of a product anew wherever it
stands, unless it has the weight cache: on the plain Interpreter an unrolled recurrence has a copy of them for every
step.
"""

from __future__ import annotations

from dataclasses import dataclass

from zoo.export.recurrences.blocks import block_of

MOST = 2
"""The unrolled form is worth no more than so many times the memory of the loop."""


@dataclass(frozen=True)
class Memory:
    """What a runtime takes, in bytes.

    Attributes:
        base: for any file at all,
        operator: and for each operator of it.
        packs: whether each product has packed weights of its own.
    """

    base: int
    operator: int
    packs: bool

    def of(self, steps: int, operators: int, weights: int) -> int:
        """Of so many steps in a graph, the base aside.

        Args:
            steps: how many.
            operators: of each.
            weights: bytes of them that each reads.
        """
        return steps * (operators * self.operator + self.packs * weights)

    def allows_unrolled(self, length: int, operators: int, weights: int, recurrences: int = 1) -> bool:
        """Whether the unrolled form takes at most `MOST` times what the loop takes.

        Args:
            length: steps of the sequence.
            operators, weights: see `of`.
            recurrences: how many share the base.
        """
        block = block_of(length, operators)
        base = self.base / recurrences
        looped = base + self.of(block + length % block, operators, weights)
        return base + self.of(length, operators, weights) <= MOST * looped
