"""Integer files: the rest is calibrated by the converter, each recurrence by the ranges of its own equations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from ai_edge_litert.schema_py_generated import TensorType

from zoo.errors import ConversionError
from zoo.export.assembly.ends import as_unsigned, strip_io_quantization
from zoo.export.assembly.file import write
from zoo.export.assembly.graph import TYPES, Graph, Piece, Tensor, quantization_for
from zoo.export.assembly.one_hot import align_codes
from zoo.export.assembly.operators import convert
from zoo.export.assembly.repair import align, make_cache_safe
from zoo.export.lowering.assemble import assemble
from zoo.export.lowering.integer.agreement import answers_of_keras
from zoo.export.lowering.integer.fit import fit
from zoo.export.lowering.integer.observe import Observation, observe
from zoo.export.lowering.integer.pieces import Pieces
from zoo.export.lowering.integer.rests import Rests, rests_of
from zoo.export.lowering.integer.stream import Whole, with_stream
from zoo.export.lowering.integer.trials import Judge, Trial, Values, choose, divided
from zoo.export.lowering.job import Job, Lowered
from zoo.export.recurrences.ranges import SCHEMES, WEIGHTS_ALONE, Int8Scheme
from zoo.verify.float_operators import NEAR_IDENTITY

Ends = Mapping[str, str | None]
"""What each float input and output becomes: `int8`, `uint8`, or None for float32."""


def lower_int8(job: Job, calibration: Values, ends: Ends) -> Lowered:
    """Lowers to a file that computes in int8, by the scheme that `trials.choose` finds for its recurrences.

    Args:
        job: what to lower.
        calibration: (examples, ...) of each input.
        ends: dtypes of the user's inputs and outputs.

    Raises:
        ConversionError: the converter refuses the model, or what it makes ends the process that runs it.
    """
    ranged, judged = _divided(job, calibration)
    seen = observe(job.model, job.cut, job.recurrences, ranged)
    judge = Judge(job, judged, answers_of_keras(job.model, judged) if judged else {})
    pieces, given = Pieces(job), _Given(seen, ranged, ends)
    schemes = SCHEMES if job.islands else [those for those in SCHEMES if WEIGHTS_ALONE not in those]
    best = choose(rests_of(Rests(job, seen), partial(_Maker, judge, pieces, given)), schemes)
    forms = tuple(recurrence.form for recurrence in job.recurrences)
    made = {job.signature: best.whole}
    if job.stream:
        made = with_stream(job, given.wholes[best.data], ranged, pieces.give)
    return Lowered(write(made) if job.stream else best.data, forms, best.scheme, best.floats, pieces=made)


def lower_int16x8(job: Job, calibration: Values) -> Lowered:
    """Lowers a model without recurrences to int16 activations and int8 weights, int16 in and out.

    Raises:
        ConversionError: it has recurrences, or the converter refuses it, or the file cannot be run.
    """
    if job.recurrences:
        name = job.recurrences[0].hole.layer.name
        raise ConversionError(f"layer `{name}` is recurrent, and int16x8 of recurrences is not built yet", "`int8` is")
    _check_floats(job)
    rest = strip_io_quantization(Rests(job, observe(job.model, job.cut, [], calibration)).calibrated("int16x8"))
    inputs = {
        name: rest.inputs[job.cut.inputs[name]]
        if not _is_kept(job, name)
        else Tensor(tuple(shape), TYPES[np.dtype(dtype)])
        for name, (shape, dtype) in job.inputs.items()
    }
    trial = Judge(job, {}, {})(None, assemble(job.cut, rest, [], inputs))
    return Lowered(trial.data, float_islands=trial.floats, pieces={job.signature: trial.whole})


@dataclass(frozen=True)
class _Given:
    """What all trials have in common: what calibration showed, and what the ends of the file are to be."""

    seen: Observation
    ranged: Values
    ends: Ends
    wholes: dict[bytes, Whole] = field(default_factory=dict)
    """What each file that was tried is assembled of."""


class _Maker:
    """Makes the trials of schemes around one rest; one that changes nothing in this model gives the trial before it."""

    def __init__(self, judge: Judge, pieces: Pieces, given: _Given, rest: Piece | None, *in_float: str):
        self._job, self._judge, self._pieces = judge.job, judge, pieces
        self._seen, self._rest, self._wholes = given.seen, rest, given.wholes
        self._grids = _inputs(judge.job, rest, given.ranged, given.ends)
        self._inputs = {
            name: as_unsigned(tensor) if given.ends[name] == "uint8" and tensor.quantization else tensor
            for name, tensor in self._grids.items()
        }
        self._finish = _Finish(given.ends, given.seen.outputs)
        split = any(recurrence.cell.floating for recurrence in judge.job.recurrences)
        self._in_float = [NEAR_IDENTITY] * split + [*in_float]
        self._trials: dict[tuple, Trial] = {}

    def __call__(self, scheme: Int8Scheme) -> Trial:
        try:
            return self._trial(scheme)
        except ConversionError as failure:
            return Trial(scheme.name, failure=failure)

    def _trial(self, scheme: Int8Scheme) -> Trial:
        wires = {self._job.cut.inputs[name]: grid for name, grid in self._grids.items()}
        fitted = fit(self._job.recurrences, scheme, self._seen, self._rest, wires)
        hooks = tuple(recurrence.q for recurrence in fitted)
        if hooks not in self._trials:
            self._pieces.give(fitted)
            whole = assemble(self._job.cut, self._rest, fitted, self._inputs, self._finish)
            align(whole.graph)
            align_codes(whole.graph)
            make_cache_safe(whole.graph)
            names = [scheme.name] * bool(fitted) + self._in_float
            trial = self._judge(", ".join(names) or None, whole)
            self._wholes[trial.data] = Whole(self._rest, fitted, self._inputs, self._finish)
            self._trials[hooks] = trial
        return self._trials[hooks]


def _divided(job: Job, calibration: Values) -> tuple[Values, Values]:
    """The examples that give the ranges, and those that judge.

    The converter alone ranges a model without recurrences, on all of them: what is tried there differs by much.
    """
    if job.recurrences:
        return divided(calibration)
    return calibration, divided(calibration)[1] if job.islands else {}


def _is_kept(job: Job, name: str) -> bool:
    """Whether an input holds the numbers that it is given."""
    return job.cut.front is not None and name in job.cut.front.names


def _check_floats(job: Job) -> None:
    """The converter gives int16 activations to what has float inputs alone."""
    front = job.cut.front
    whole = [] if front is None else [wire for wire, tensor in front.tensors.items() if not tensor.dtype.is_floating]
    if set(whole) & job.cut.rest_reads.keys():
        name, why = next(iter(front.names.items()))
        raise ConversionError(
            f"input `{name}` stays as it is ({why}), with which the converter fails for int16x8",
            "`int8` and `dynamic_int8` take it",
        )


def _inputs(job: Job, rest: Piece | None, ranged: Values, ends: Ends) -> dict[str, Tensor]:
    """The user's inputs: on the rest's grid where it reads them in int8, else on the grid of their own range."""
    tensors = {}
    for name, (shape, dtype) in job.inputs.items():
        plain = Tensor(tuple(shape), TYPES[np.dtype(dtype)])
        if plain.type == TensorType.FLOAT32 and ends[name] is not None and not _is_kept(job, name):
            read = rest.inputs.get(job.cut.inputs[name]) if rest else None
            on_grid = read is not None and read.type == TensorType.INT8
            grid = read.quantization if on_grid else quantization_for(ranged[name].min(), ranged[name].max())
            plain = Tensor(plain.shape, TensorType.INT8, grid)
        tensors[name] = plain
    return tensors


@dataclass(frozen=True)
class _Finish:
    """Gives each output the dtype that the user wants; see `assemble.Finish`."""

    ends: Ends
    seen: Values

    def __call__(self, graph: Graph, name: str, tensor: Tensor) -> Tensor:
        if tensor.type not in (TensorType.FLOAT32, TensorType.INT8):
            return tensor  # token ids, masks
        wanted = self.ends[name]
        if wanted is None:
            return convert(graph, tensor, Tensor(tensor.shape))
        if tensor.type == TensorType.FLOAT32:
            grid = quantization_for(self.seen[name].min(), self.seen[name].max())
            tensor = convert(graph, tensor, Tensor(tensor.shape, TensorType.INT8, grid))
        return convert(graph, tensor, as_unsigned(tensor)) if wanted == "uint8" else tensor
