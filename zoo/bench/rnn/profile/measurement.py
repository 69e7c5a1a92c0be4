"""Profiles: each recurrence in each target is taken apart, and each figure is the difference of two files' times."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import mean

import keras
import numpy as np

from zoo._system.progress import ignore
from zoo.bench.rnn.cases import Case
from zoo.bench.rnn.contestants.litert import CompiledFile
from zoo.bench.rnn.models import build, lower_case
from zoo.bench.rnn.profile.copies import kind, repeated, shapes
from zoo.bench.rnn.profile.steps import body, middle_step, over_time, products, shorten, stop_after
from zoo.bench.rnn.timing import PROTOCOL, WARM, pinned
from zoo.bench.storage import machine
from zoo.export.assembly.file import read, write
from zoo.export.assembly.graph import Operator, Piece
from zoo.export.convert import Converter
from zoo.verify.measures.latency import take_turns

ROUNDS = 6
COPIES = 256
RUNS = "runs"

Times = Mapping[str, list[float]]
"""µs of each file of a group, one figure a round."""


def profile(
    cases: Sequence[Case], targets: Sequence[str], *, rounds: int = ROUNDS, copies: int = COPIES, report=ignore
) -> dict:
    """Profiles a step of each case in each target.

    Args:
        cases, targets: see `cases.cases_to_profile`.
        rounds: how often each group of files has its turn.
        copies: by how many copies of an operator its two files differ.
        report: called with the stage, the profiles done and those in all.

    Returns:
        `schema`, `machine`, `protocol`, and `rows`, see `profile_of`.
    """
    rows, total = [], len(cases) * len(targets)
    with Converter() as converter:
        for case in cases:
            model = build(case)
            for target in targets:
                report("profiles", len(rows), total)
                unrolled, blocked = (
                    lower_case(case, model, target, form, converter) for form in ("unrolled", "blocked")
                )
                parts = profile_of(unrolled.data, blocked.data, case.sequences(), rounds=rounds, copies=copies)
                size = {"cell": case.cell, "units": case.units, "target": target}
                rows.append({**size, "int8_scheme": unrolled.int8_scheme, **parts})
            keras.backend.clear_session()
    report("profiles", total, total)
    protocol = {key: PROTOCOL[key] for key in ("clock", "burst_ms", "fewest_runs", "thrown_away")}
    protocol |= {
        "figure": "difference between two files that take turns, by the fastest round of each, µs",
        "rounds": rounds,
        "copies": copies,
    }
    return {"schema": 1, "machine": machine(), "protocol": protocol, "rows": rows}


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
    us = {each: difference(times[each], "more", "less") for each in groups}
    us |= {kind(operator): us[kind(operator)] / copies for operator in cut.kinds}
    operators = [*_of_step(cut, us), *_of_sequence(cut, us)]
    return {"operators": operators, **_figures(cut, operators, times[RUNS], us[kind(cut.product)])}


def take_rounds(groups: Mapping[Hashable, Mapping[str, CompiledFile]], rounds: int) -> dict[Hashable, Times]:
    """Times groups of files, each group once a round.

    Files that are to be compared are a group, so that the machine serves them alike.  That the groups come round again
    and again, with one burst of each file, lets their figures be added up.
    """
    times = {name: {file: [] for file in group} for name, group in groups.items()}
    with pinned():
        for number in range(rounds):
            for name, group in groups.items():
                runs = {file: each.run for file, each in group.items()}
                for file, bursts in take_turns(runs, rounds=1, burst=WARM, seed=number).items():
                    times[name][file] += bursts
    return times


def unsteady(times: Times, file: str) -> float:
    """How many times as long as in its fastest round a file took in its slowest: what other work did to the figures."""
    return max(times[file]) / min(times[file])


def difference(times: Times, more: str, less: str) -> float:
    """By how many µs one file takes longer than the other, by the fastest round of each.

    Other work on the machine only ever lengthens a burst.  Medians, which serve where whole files are compared, vary on
    a shared machine by more than one small operator takes.
    """
    return min(times[more]) - min(times[less])


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
    step_us = difference(runs, "unrolled", "unrolled block") / further
    weight_bytes = sum(len(tensor.data) for tensor in cut.product.inputs if tensor is not None and tensor.constant)
    return {
        "sum_us": sum_us,
        "step_us": step_us,
        "between_us": step_us - sum_us,
        "weight_bytes": weight_bytes,
        "gb_per_s": weight_bytes / product_us / 1000 if product_us > 0 else None,
        "block": cut.block,
        "loop_us": difference(runs, "one block", "unrolled block"),
        "looped_us": difference(runs, "blocked", "one block") / further - step_us,
        "unsteady": unsteady(runs, "unrolled"),
    }
