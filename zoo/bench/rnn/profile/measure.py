"""What is profiled, and a run of all of it."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from zoo._system.progress import ignore
from zoo.bench.rnn.cases import CALIBRATION_EXAMPLES, Case
from zoo.bench.rnn.models import INPUT, build
from zoo.bench.rnn.profile.row import COPIES, profile_of
from zoo.bench.rnn.protocol.machine import machine
from zoo.bench.rnn.protocol.timing import PROTOCOL
from zoo.export.convert import Converter
from zoo.export.lower import lower
from zoo.export.lowering.job import Lowered

ROUNDS = 6


def profile(
    cases: Sequence[Case], targets: Sequence[str], *, rounds: int = ROUNDS, copies: int = COPIES, report=ignore
) -> dict:
    """Profiles a step of each case in each target.

    Args:
        cases, targets: see `asked.cases_to_profile`.
        rounds: how often each group of files has its turn.
        copies: by how many copies of an operator its two files differ.
        report: called with the stage, the profiles done and those in all.

    Returns:
        `schema`, `machine`, `protocol`, and `rows`, see `row.profile_of`.
    """
    rows, total = [], len(cases) * len(targets)
    with Converter() as converter:
        for case in cases:
            for target in targets:
                report("profiles", len(rows), total)
                unrolled, blocked = (_lowered(case, target, form, converter) for form in ("unrolled", "blocked"))
                found = profile_of(unrolled.data, blocked.data, case.sequences(), rounds=rounds, copies=copies)
                size = {"cell": case.cell, "units": case.units, "target": target}
                rows.append({**size, "int8_recipe": unrolled.int8_recipe, **found})
            keras.backend.clear_session()
    report("profiles", total, total)
    protocol = {key: PROTOCOL[key] for key in ("clock", "burst_ms", "fewest_runs", "thrown_away")}
    protocol |= {
        "figure": "difference between two files that take turns, by the fastest round of each, µs",
        "rounds": rounds,
        "copies": copies,
    }
    return {"schema": 1, "machine": machine(peers=False), "protocol": protocol, "rows": rows}


def _lowered(case: Case, target: str, form: str, converter: Converter) -> Lowered:
    calibration = {INPUT: case.sequences(CALIBRATION_EXAMPLES, seed=1)} if target == "int8" else None
    inputs = {INPUT: ((1, *case.shape), "float32")}
    return lower(build(case), inputs, target, calibration=calibration, form=form, converter=converter)
