"""The profile of one recurrence in one target: each figure is the difference of two files' times."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import mean

import numpy as np

from zoo.bench.rnn.contestants.litert import CompiledFile
from zoo.bench.rnn.profile.copies import kind, repeated, shapes
from zoo.bench.rnn.profile.differences import Times, apart, take_rounds, unsteady
from zoo.bench.rnn.profile.steps import body, middle_step, over_time, products, shorten, stop_after
from zoo.export.assembly.file import read, write
from zoo.export.assembly.graph import Operator, Piece

COPIES = 256
RUNS = "runs"


def profile_of(unrolled: bytes, blocked: bytes, x: np.ndarray, *, rounds: int, copies: int = COPIES) -> dict:
    """Takes a recurrence apart and times the parts.

    Args:
        unrolled, blocked: files of one recurrence in both forms.
        x: (1, length, features), what both read.
        rounds: how often each group of files has its turn.
        copies: by how many copies of an operator its two files differ.

    Returns:
        In µs, where nothing else is said,

        `operators`: name, shapes, `count` in `steps` steps (all of them where one serves the whole sequence), `us`
            each, and `us_a_step`,
        `sum_us`: of these, a step,
        `step_us`: a step more in the file, and `between_us`, by how much that is more than the sum,
        `weight_bytes`: what the recurrent product reads of constants, and `gb_per_s`, how fast (None where its time
            was lost in noise),
        `block`: steps of one block of the loop; `loop_us`, by how much a loop of one block is more than its steps
            unrolled, and `looped_us`, by how much a step of a further block is more,
        `unsteady`: how many times as long as in its fastest round the unrolled file took in its slowest.
    """
    cut = _Cut(unrolled, blocked, x.shape[1])
    groups = {kind(operator): _pair(operator, copies) for operator in cut.kinds}
    groups |= {kind(operator): _pair(operator, 1) for pair in cut.over_time for operator in pair}
    times = take_rounds({**groups, RUNS: cut.files(x)}, rounds)
    us = {each: apart(times[each], "more", "less") for each in groups}
    us |= {kind(operator): us[kind(operator)] / copies for operator in cut.kinds}
    operators = [*_of_step(cut, us), *_of_sequence(cut, us)]
    return {"operators": operators, **_figures(cut, operators, times[RUNS], us[kind(cut.product)])}


@dataclass(frozen=True)
class _Cut:
    """A recurrence in both forms, whole and cut down to the steps of one block.

    The short files are cut out of the long ones: a file that is converted for fewer steps may compute something else,
    since its int8 recipe is chosen anew.
    """

    unrolled: bytes
    blocked: bytes
    length: int

    @cached_property
    def block(self) -> int:
        """Steps of a block."""
        return len(products(body(_piece(self.blocked).graph)))

    @cached_property
    def step(self) -> list[Operator]:
        return middle_step(_piece(self.unrolled).graph)

    @property
    def product(self) -> Operator:
        """The recurrent one."""
        return self.step[0]

    @property
    def kinds(self) -> list[Operator]:
        """One operator of each kind in a step."""
        return list({kind(operator): operator for operator in self.step}.values())

    @cached_property
    def over_time(self) -> list[tuple[Operator, Operator]]:
        """The operators that serve the whole sequence, and the same for the steps of a block alone."""
        long, short = _piece(self.unrolled), _piece(self.unrolled)
        shorten(short, self.length, self.block)
        return list(zip(over_time(long.graph, self.length), over_time(short.graph, self.block), strict=True))

    def files(self, x: np.ndarray) -> dict[str, CompiledFile]:
        short, one_block = _piece(self.unrolled), _piece(self.blocked)
        shorten(short, self.length, self.block)
        stop_after(one_block.graph, self.block)
        return {
            "unrolled": CompiledFile(self.unrolled, x),
            "unrolled block": CompiledFile(write({"predict": short}), x[:, : self.block]),
            "blocked": CompiledFile(self.blocked, x),
            "one block": CompiledFile(write({"predict": one_block}), x),
        }


def _piece(data: bytes) -> Piece:
    (piece,) = read(data).values()
    return piece


def _pair(operator: Operator, copies: int) -> dict[str, CompiledFile]:
    more, less, values = repeated(operator, copies)
    x = np.random.default_rng(0).normal(size=(1, values)).astype(np.float32)
    return {"more": CompiledFile(more, x), "less": CompiledFile(less, x)}


def _of_step(cut: _Cut, us: Mapping[Hashable, float]) -> Iterator[dict]:
    """A row for all that look alike; in int8 they may be of several kinds, which differ in their grids."""
    alike: dict[tuple[str, str], list[float]] = {}
    for operator in cut.step:
        alike.setdefault((operator.name, shapes(operator)), []).append(us[kind(operator)])
    for (name, text), each in alike.items():
        yield _row(name, text, len(each), 1, mean(each), sum(each))


def _of_sequence(cut: _Cut, us: Mapping[Hashable, float]) -> Iterator[dict]:
    """A row each; to a step is charged what a step more costs, as in the time of a step as it runs."""
    for long, short in cut.over_time:
        a_step = (us[kind(long)] - us[kind(short)]) / (cut.length - cut.block)
        yield _row(long.name, shapes(long), 1, cut.length, us[kind(long)], a_step)


def _row(name: str, text: str, count: int, steps: int, us: float, us_a_step: float) -> dict:
    return {"operator": name, "shapes": text, "count": count, "steps": steps, "us": us, "us_a_step": us_a_step}


def _figures(cut: _Cut, operators: Sequence[Mapping], runs: Times, product_us: float) -> dict:
    further = cut.length - cut.block
    sum_us = sum(row["us_a_step"] for row in operators)
    step_us = apart(runs, "unrolled", "unrolled block") / further
    weight_bytes = sum(len(tensor.data) for tensor in cut.product.inputs if tensor is not None and tensor.constant)
    return {
        "sum_us": sum_us,
        "step_us": step_us,
        "between_us": step_us - sum_us,
        "weight_bytes": weight_bytes,
        "gb_per_s": weight_bytes / product_us / 1000 if product_us > 0 else None,
        "block": cut.block,
        "loop_us": apart(runs, "one block", "unrolled block"),
        "looped_us": apart(runs, "blocked", "one block") / further - step_us,
        "unsteady": unsteady(runs, "unrolled"),
    }
