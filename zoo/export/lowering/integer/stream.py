"""The part `stream` of an int8 model, beside the whole in one file: the same integers, so the same bits.

A recurrence takes the ranges that it has in the whole.  The rest is converted for a chunk as it was for the whole, and
then given the whole's grids (`graft`): calibrated by itself it would have others, by a rounding or by much.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from zoo.export.assembly.ends import strip_io_quantization
from zoo.export.assembly.graph import Graph, Piece, Tensor
from zoo.export.assembly.islands import shrink
from zoo.export.assembly.one_hot import align_codes
from zoo.export.assembly.repair import align, make_cache_safe
from zoo.export.lowering.assemble import Finish, assemble
from zoo.export.lowering.integer.agreement import in_batches
from zoo.export.lowering.integer.graft import graft
from zoo.export.lowering.integer.observe import observe
from zoo.export.lowering.job import Job
from zoo.export.recurrences.recurrence import Recurrence

_EXAMPLES, _CHUNKS = 8, 64
"""How much the rest of the part is calibrated on: its grids are replaced, its operators alone must be the whole's."""

Values = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Whole:
    """A model in integers: the parts that it is assembled of."""

    rest: Piece | None
    recurrences: list[Recurrence]
    inputs: Mapping[str, Tensor]
    finish: Finish


def with_stream(
    job: Job, whole: Whole, examples: Values, convert: Callable[[list[Recurrence]], object]
) -> dict[str, Piece]:
    """A model and its streaming part, by signature.

    Args:
        job: of the model, which has a streaming part.
        whole: of which the model is assembled.
        examples: (n, ...) of each input of the model.
        convert: gives recurrences their pieces.

    Raises:
        ConversionError: the converter makes other operators of the streaming part than of the whole.
    """
    stream = job.stream
    rest = _grafted_rest(job, whole, examples)
    recurrences = [
        replace(recurrence, q=whole.recurrences[number].q)
        for recurrence, number in zip(stream.recurrences, stream.of_whole, strict=True)
    ]
    convert(recurrences)
    states = _states(stream, recurrences, rest)
    inputs = {name: _like(whole.inputs[name], stream.inputs[name][0]) for name in job.inputs} | states

    def finish(graph: Graph, name: str, tensor: Tensor) -> Tensor:
        return tensor if name in states else whole.finish(graph, name, tensor)

    pieces = {
        job.signature: assemble(job.cut, whole.rest, whole.recurrences, whole.inputs, whole.finish),
        stream.signature: assemble(stream.cut, rest, recurrences, inputs, finish),
    }
    graphs = [piece.graph for piece in pieces.values()]
    for piece in pieces.values():
        align(piece.graph)
        align_codes(piece.graph)
    make_cache_safe(*graphs)
    return pieces


def _grafted_rest(job: Job, whole: Whole, examples: Values) -> Piece | None:
    """The rest of the streaming part, on the grids of that of the whole."""
    stream = job.stream
    if stream.cut.rest is None:
        return None
    if not _is_quantised(whole.rest):
        return stream.convert({"rest": stream.cut.rest}, "float32")["rest"]
    values = _values(job, examples)
    calibration = {wire: in_batches(values[wire], shape) for wire, shape in stream.cut.rest_reads.items()}
    rest = stream.convert({"rest": stream.cut.rest}, "int8", calibration)["rest"]
    shrink(rest)
    strip_io_quantization(rest)
    graft(rest, stream.cut, whole.rest, job.cut, stream.of_whole)
    return rest


def _is_quantised(rest: Piece) -> bool:
    """A scheme may leave the rest of a model in float."""
    return any(tensor.quantization for operator in rest.graph.operators for tensor in operator.outputs)


def _values(job: Job, examples: Values) -> dict[str, np.ndarray]:
    """What is on each wire that the rest of a stream reads, over the first chunks of some examples: (rows, ...)."""
    stream = job.stream
    some = {name: array[:_EXAMPLES] for name, array in examples.items()}
    count = len(next(iter(some.values())))
    states = {
        name: np.zeros((count, *shape[1:]), dtype) for name, (shape, dtype) in stream.inputs.items() if name not in some
    }
    seen = []
    for number in range(_CHUNKS):
        given = {
            name: _chunk(array, number, job.inputs[name][0], stream.inputs[name][0]) for name, array in some.items()
        }
        if any(array is None for array in given.values()):
            break
        found = observe(stream.model, stream.cut, stream.recurrences, given | states)
        seen.append(found.values)
        states = {name: found.outputs[name] for name in states}
    return {wire: np.concatenate([values[wire] for values in seen]) for wire in stream.cut.rest_reads}


def _chunk(array: np.ndarray, number: int, whole: tuple[int, ...], chunk: tuple[int, ...]) -> np.ndarray | None:
    """The frames of one chunk, (n, chunk, ...); the array itself where it has no frames, None where none are left."""
    if len(whole) < 2 or whole[1] == chunk[1]:
        return array if number == 0 or len(whole) < 3 else None
    frames = array[:, number * chunk[1] : (number + 1) * chunk[1]]
    return frames if frames.shape[1] == chunk[1] else None


def _states(stream: Job, recurrences: list[Recurrence], rest: Piece | None) -> dict[str, Tensor]:
    """The tensor that the user fills for each state: as the streaming part stores what it hands on."""
    stored = {}
    for recurrence in recurrences:
        ends = recurrence.step_piece.inputs
        given = zip(recurrence.hole.initial_state, recurrence.cell.states, strict=True)
        stored |= {wire: ends[name] for wire, name in given}
    stored |= {window.past: rest.inputs[window.outputs[0]] for window in stream.cut.windows}
    wires = stream.cut.inputs
    return {
        name: _like(stored[wires[name]], shape) for name, (shape, _) in stream.inputs.items() if wires[name] in stored
    }


def _like(tensor: Tensor, shape: tuple[int, ...]) -> Tensor:
    return Tensor(tuple(shape), tensor.type, tensor.quantization)
