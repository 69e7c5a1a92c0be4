"""The part `stream` on its way into a file: cut open as the whole is, its recurrences beside those of the whole."""

from __future__ import annotations

from dataclasses import replace

from zoo.export.inputs.front import Keep
from zoo.export.lowering.job import Job
from zoo.export.recurrences.forms import Chooser
from zoo.export.recurrences.holes import Inputs, cut_open
from zoo.export.recurrences.recurrence import recurrences_of
from zoo.export.streaming.part import StreamPart

SIGNATURE = "stream"


def stream_job(whole: Job, stream: StreamPart, mask_dtype: str, choose: Chooser) -> Job:
    """What lowers the streaming part of a model.

    Its recurrences repeat the cell objects of the whole: a piece that both ask for is converted once.

    Args:
        whole: what lowers the model.
        stream: its streaming part.
        mask_dtype: see `cut_open`.
        choose: picks the forms of its recurrences.
    """
    inputs = _inputs(whole, stream)
    cut = cut_open(stream.model, inputs, mask_dtype, keep=_keep(whole))
    states = [cut.inputs[name] for name in stream.state]
    as_in_whole = sorted(cut.holes, key=lambda hole: states.index(hole.initial_state[0]))
    of_whole = tuple(as_in_whole.index(hole) for hole in cut.holes)
    cells = [whole.recurrences[number].cell for number in of_whole]
    holes = tuple(replace(hole, cell=cell) for hole, cell in zip(cut.holes, cells, strict=True))
    recurrences = recurrences_of(holes, choose)
    cut = replace(cut, holes=holes)
    return Job(stream.model, inputs, cut, recurrences, whole.converter, SIGNATURE, of_whole=of_whole)


def _keep(whole: Job) -> Keep | None:
    """What keeps its numbers in the streaming part: what does in the whole."""
    if whole.cut.front is None:
        return None
    names = whole.cut.front.names
    return Keep(
        lambda floats, limits=None: [name for name in floats if name in names], frozenset(whole.inputs) - names.keys()
    )


def _inputs(whole: Job, stream: StreamPart) -> Inputs:
    """The inputs of the whole, in its order, then the states."""
    tensors = stream.model.input
    batch = next(iter(whole.inputs.values()))[0][0]
    return {name: ((batch, *tensors[name].shape[1:]), tensors[name].dtype) for name in (*whole.inputs, *stream.state)}
