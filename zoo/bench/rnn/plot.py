"""The picture of a run: each peer's time over ours, row by row."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from matplotlib.figure import Figure

from zoo.bench.rnn.bars import ratio
from zoo.bench.rnn.contestants import PEERS
from zoo.bench.rnn.report import LABELS


def draw(results: Mapping, path: Path) -> None:
    """Writes a PNG: a row that has peers a line, a mark a peer, right of 1 where ours is faster."""
    series = {LABELS[peer]: ratio(peer) for peer in PEERS}
    series["ONNX Runtime over our best int8"] = ratio("onnxruntime", "dynamic_int8", "int8")
    beside_peers = [row for row in results["rows"] if any(value(row) is not None for value in series.values())]
    rows = beside_peers or results["rows"]
    figure = Figure(figsize=(8, 1.2 + 0.2 * len(rows)), layout="constrained")
    axes = figure.subplots()
    axes.axvline(1, color="black", linewidth=1)
    for (label, value), marker in zip(series.items(), "osD^xv", strict=True):
        points = [(known, place) for place, row in enumerate(rows) if (known := value(row)) is not None]
        if points:
            axes.plot(*zip(*points, strict=True), marker, label=label, alpha=0.8, markersize=5)
    axes.set_xscale("log")
    ticks = [0.5, 1, 2, 5, 10, 20, 50]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_yticks(range(len(rows)), [row["name"] for row in rows], fontsize=7)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.grid(axis="x", alpha=0.3)
    axes.set(xlabel="a peer's time over ours (float32, the form that `auto` picks)", title=results["machine"]["cpu"])
    if axes.get_legend_handles_labels()[0]:
        figure.legend(loc="outside lower center", ncols=3, fontsize=8)
    figure.savefig(path, dpi=120)
