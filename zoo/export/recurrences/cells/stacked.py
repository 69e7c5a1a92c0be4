"""Several cells that a recurrence repeats as one: each reads, at the same step, what the one before it gives."""

from __future__ import annotations

from itertools import islice

import tensorflow as tf

from zoo.export.recurrences.cells.cell import Cell, Hook


class Stacked(Cell):
    """As `keras.layers.StackedRNNCells`, of cells whose output is one of their states.

    The inputs of the first cell are projected all at once; those of the others exist only step by step.  States and
    quantities bear the number of their cell: `h_0`, `xW_1`.
    """

    def __init__(self, cells: list[Cell]):
        self.cells = cells
        self.states = tuple(f"{state}_{number}" for number, cell in enumerate(cells) for state in cell.states)
        self.initial = tuple(start for cell in cells for start in cell.initial)
        self.output = f"{cells[-1].output}_{len(cells) - 1}"
        self.output_shape = cells[-1].output_shape
        self.operators = sum(cell.operators for cell in cells) + len(cells) - 1
        self.products = sum(cell.products for cell in cells) + len(cells) - 1
        self.weights = sum(cell.weights for cell in cells) + sum(cell.input_kernel.size for cell in cells[1:])
        self.input = f"{cells[0].input}_0"
        self.projected = {f"{name}_0": shape for name, shape in cells[0].projected.items()}
        self.floating = frozenset(f"{name}_{number}" for number, cell in enumerate(cells) for name in cell.floating)
        self.fixed = {
            f"{name}_{number}": wide for number, cell in enumerate(cells) for name, wide in cell.fixed.items()
        }

    def project(self, q: Hook, x: tf.Tensor) -> tuple[tf.Tensor, ...]:
        return self.cells[0].project(self._hook(q, 0), x)

    def step(self, q: Hook, rows: tuple[tf.Tensor, ...], *states: tf.Tensor) -> tuple[tf.Tensor, ...]:
        remaining, results = iter(states), []
        for number, cell in enumerate(self.cells):
            own = self._hook(q, number)
            new = cell.step(own, rows, *islice(remaining, len(cell.states)))
            results += new
            if number + 1 < len(self.cells):
                output = new[cell.states.index(cell.output)]
                rows = self.cells[number + 1].project(self._hook(q, number + 1), output)
        return tuple(results)

    def _hook(self, q: Hook, number: int) -> Hook:
        """The hook of one cell: what it reads of the cell before it lies on the grid on which that one wrote it.

        Where that one writes float, it gets a grid of its own.
        """
        before = self.cells[number - 1]
        shared = number > 0 and before.output not in before.floating

        def hook(name: str, value: tf.Tensor) -> tf.Tensor:
            if shared and name == self.cells[number].input:
                return q(f"{before.output}_{number - 1}", value)
            return q(f"{name}_{number}", value)

        return hook
