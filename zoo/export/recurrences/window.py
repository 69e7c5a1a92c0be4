"""The window of a causal convolution in a step: the past frames are a state, as a recurrence has."""

from __future__ import annotations

from zoo.export.assembly.graph import Graph, Tensor
from zoo.export.assembly.operators import concatenate, constant, convert, take


def emit(graph: Graph, frames: Tensor, past: Tensor) -> list[Tensor]:
    """Appends a window to a graph.

    Args:
        graph: the one to append to.
        frames: (batch, chunk, channels).
        past: (batch, rows, channels), the frames before these.

    Returns:
        Both joined, (batch, rows + chunk, channels), and the last `rows` of them; all as `past` is stored.
    """
    joined = concatenate(graph, [past, convert(graph, frames, past)], axis=1)
    chunk = frames.shape[1]
    return [joined, take(graph, joined, constant([0, chunk, 0]), past.shape)]
