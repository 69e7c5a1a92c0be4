"""Integer files: the rest is calibrated by the converter, each recurrence by the ranges of its own equations.

Which recipe the recurrences take is measured: a file is made by one after another, from the fastest to the most exact,
and run on calibration examples that no range was taken from, until one answers as Keras does.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from ai_edge_litert.schema_py_generated import TensorType

from zoo.errors import ConversionError
from zoo.export.assembly.ends import as_unsigned, peel
from zoo.export.assembly.file import write
from zoo.export.assembly.graph import TYPES, Graph, Piece, Tensor, quantization_for
from zoo.export.assembly.operators import convert
from zoo.export.assembly.repair import align, reachable, uncollide
from zoo.export.lowering.agreement import agreement, answers_of_file, answers_of_keras, in_batches
from zoo.export.lowering.assemble import assemble
from zoo.export.lowering.fit import fit
from zoo.export.lowering.integer_step import Whole, with_step
from zoo.export.lowering.job import Job, Lowered, culprit
from zoo.export.lowering.observe import Observation, observe
from zoo.export.recurrences.cells import repeats
from zoo.export.recurrences.ranges import RECIPES
from zoo.export.recurrences.recurrence import Order, Recurrence

GOOD_AGREEMENT = 0.985
"""The agreement at which a faster recipe is taken without a look at slower ones."""

_JUDGING = 3
"""Every third calibration example judges the recipes; the others give the ranges."""

Values = Mapping[str, np.ndarray]
Ends = Mapping[str, str | None]
"""What each float input and output becomes: `int8`, `uint8`, or None for float32."""


def lower_int8(job: Job, calibration: Values, ends: Ends) -> Lowered:
    """Lowers to a file that computes in int8.

    Args:
        job: what to lower.
        calibration: (examples, ...) of each input.
        ends: dtypes of the user's inputs and outputs.

    Raises:
        ConversionError: the converter refuses the model, or what it makes ends the process that runs it.
    """
    ranged, judged = _divided(calibration) if job.recurrences else (calibration, {})
    seen = observe(job.model, job.cut, job.recurrences, ranged)
    rest = _calibrated_rest(job, seen, "int8")
    grids = _inputs(job, rest, ranged, ends)
    inputs = {name: as_unsigned(tensor) if ends[name] == "uint8" else tensor for name, tensor in grids.items()}
    judge = _Judge(job, judged, answers_of_keras(job.model, judged) if judged else {})
    trials: dict[tuple, _Trial] = {}
    wholes: dict[bytes, Whole] = {}
    for recipe in RECIPES:
        fitted = fit(job.recurrences, recipe, seen, rest, {job.cut.inputs[name]: grids[name] for name in grids})
        hooks = tuple(recurrence.q for recurrence in fitted)
        if hooks in trials:
            continue  # nothing in this model is what the recipe is about
        made = Whole(rest, _converted(job, fitted), inputs, _Finish(ends, seen.outputs))
        whole = assemble(job.cut, rest, made.recurrences, inputs, made.finish)
        align(whole.graph)
        uncollide(whole.graph)
        trials[hooks] = judge(recipe.name, whole)
        wholes[trials[hooks].data] = made
        if trials[hooks].agreement >= GOOD_AGREEMENT:
            break
    best = max(trials.values(), key=lambda trial: trial.agreement)
    forms = tuple(recurrence.form for recurrence in job.recurrences)
    data = with_step(job, wholes[best.data], ranged, partial(_converted, job)) if job.step else best.data
    return Lowered(data, forms, best.recipe if forms else None, best.floats)


def lower_int16x8(job: Job, calibration: Values) -> Lowered:
    """Lowers a model without recurrences to int16 activations and int8 weights, int16 in and out.

    Raises:
        ConversionError: it has recurrences, or the converter refuses it, or the file cannot be run.
    """
    if job.recurrences:
        name = job.recurrences[0].hole.layer.name
        raise ConversionError(f"layer `{name}` is recurrent, and int16x8 of recurrences is not built yet", "`int8` is")
    rest = _calibrated_rest(job, observe(job.model, job.cut, [], calibration), "int16x8")
    inputs = {name: rest.inputs[wire] for name, wire in job.cut.inputs.items()}
    trial = _Judge(job, {}, {})("", assemble(job.cut, rest, [], inputs))
    return Lowered(trial.data, float_islands=trial.floats)


@dataclass(frozen=True)
class _Trial:
    """A file that was made and run."""

    recipe: str
    data: bytes
    floats: Mapping[str, int]
    agreement: float


@dataclass(frozen=True)
class _Judge:
    """Writes files and runs them, the first time in a process that they may end."""

    job: Job
    examples: Values
    wanted: Values
    """What Keras answers to the examples."""

    def __call__(self, recipe: str, whole: Piece) -> _Trial:
        data, score = write({self.job.signature: whole}), 1.0
        with tempfile.TemporaryDirectory(prefix="zoo-trial-") as folder:
            path = Path(folder, "trial.tflite")
            path.write_bytes(data)
            self.job.converter.first_run(path)
            if self.examples:
                score = agreement(self.wanted, answers_of_file(path, self.job.signature, self.examples))
        return _Trial(recipe, data, _floats(whole.graph), score)


def _divided(calibration: Values) -> tuple[Values, Values]:
    """The examples that give the ranges and those that judge; all are both where there are too few."""
    total = len(next(iter(calibration.values())))
    judging = np.arange(total) % _JUDGING == _JUDGING - 1
    if not judging.any():
        return calibration, calibration
    return (
        {name: array[~judging] for name, array in calibration.items()},
        {name: array[judging] for name, array in calibration.items()},
    )


def _calibrated_rest(job: Job, seen: Observation, target: str) -> Piece | None:
    """The rest in integers, its ends too; calibrated on the inputs and on what the recurrences return."""
    if job.cut.rest is None:
        return None
    batches = {wire: in_batches(seen.values[wire], shape) for wire, shape in job.cut.rest_reads.items()}
    return peel(job.convert({"rest": job.cut.rest}, target, batches)["rest"])


def _inputs(job: Job, rest: Piece | None, ranged: Values, ends: Ends) -> dict[str, Tensor]:
    """The user's inputs: on the rest's grid where it reads them in int8, else on the grid of their own range."""
    tensors = {}
    for name, (shape, dtype) in job.inputs.items():
        plain = Tensor(tuple(shape), TYPES[np.dtype(dtype)])
        if plain.type == TensorType.FLOAT32 and ends[name] is not None:
            read = rest.inputs.get(job.cut.inputs[name]) if rest else None
            on_grid = read is not None and read.type == TensorType.INT8
            grid = read.quantization if on_grid else quantization_for(ranged[name].min(), ranged[name].max())
            plain = Tensor(plain.shape, TensorType.INT8, grid)
        tensors[name] = plain
    return tensors


def _converted(job: Job, recurrences: list[Recurrence]) -> list[Recurrence]:
    """Recurrences with the pieces of their grids."""
    order = Order()
    for recurrence in recurrences:
        recurrence.order(order)
    on_grids = {name: function for name, function in order.functions.items() if name not in order.traced}
    pieces = job.convert(on_grids, "fake_quant")
    for name, recurrence in order.traced.items():
        pieces |= _calibrated_step(job, name, order.functions[name], recurrence)
    pieces = {name: peel(piece) for name, piece in pieces.items()}
    for recurrence in recurrences:
        recurrence.receive(pieces)
    return recurrences


def _calibrated_step(job: Job, name: str, function, recurrence: Recurrence) -> dict[str, Piece]:
    """The step of a traced cell, calibrated on what its steps were given."""
    arrays, (_, arguments) = recurrence.q.arrays(), function.structured_input_signature
    batches = {key: in_batches(arrays[key], tuple(spec.shape)) for key, spec in arguments.items()}
    try:
        return job.convert({name: function}, "int8", batches)
    except ConversionError as error:
        in_int8_alone = ConversionError(
            f"{repeats(recurrence.hole.layer)}, of whose step the converter makes no int8 on these calibration "
            f"examples: {error.message}",
            "`dynamic_int8` and `float16` take it",
        )
        raise culprit(job, {name: recurrence}, {name: function}, in_int8_alone) from error


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


def _floats(graph: Graph) -> dict[str, int]:
    """The operators that give a float tensor, and how many there are."""
    floats = (TensorType.FLOAT32, TensorType.FLOAT16)
    return dict(
        Counter(
            operator.name
            for part in reachable(graph)
            for operator in part.operators
            if any(tensor.type in floats for tensor in operator.outputs)
        ).most_common()
    )
