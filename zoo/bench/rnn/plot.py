"""The pictures of a run: each peer's time over ours, row by row, and a few telling rows for a first look."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from zoo.bench.rnn.bars import Row, figure, ratio
from zoo.bench.rnn.contestants import OURS, PEERS
from zoo.bench.rnn.report import LABELS
from zoo.plots.style import BLACK, BLUE, GREEN, GREY, ORANGE, SKY, picture

SHOWN = {
    "LSTM T=50 1x64": "LSTM, 64 units\n50 steps",
    "LSTM T=512 1x128": "LSTM, 128 units\n512 steps",
    "GRU T=128 2x64": "2 GRU layers, 64 units\n128 steps",
    "ConvLSTM T=10 1x8": "ConvLSTM, 8 filters\n10 frames, 16×16",
    "CRNN T=32 2x64": "CRNN: CNN + 2 BiLSTM\n32 columns of a line",
    "Video T=16 1x32": "Video: CNN + GRU\n16 frames, 16×16",
}
"""Rows of the picture for a first look: short and long, narrow and wide, and those of a CNN too."""

BARS = {
    "int8": ("hybrid-zoo, int8", SKY),
    "auto": ("hybrid-zoo, float32", BLUE),
    "onnxruntime": ("ONNX Runtime, float32", GREEN),
    "pytorch": ("PyTorch, float32", ORANGE),
    "stock_loop": ("stock conversion, float32", GREY),
}
"""Contestants of that picture, from the top."""


def draw(results: Mapping, path: Path) -> None:
    """Writes a PNG: a row that has peers a line, a mark a peer, right of 1 where ours is faster."""
    series = {LABELS[peer]: ratio(peer) for peer in PEERS}
    series["ONNX Runtime over our best int8"] = ratio("onnxruntime", "dynamic_int8", "int8")
    beside_peers = [row for row in results["rows"] if any(value(row) is not None for value in series.values())]
    rows = beside_peers or results["rows"]
    with picture(path, height=1.4 + 0.2 * len(rows)) as canvas:
        axes = canvas.subplots()
        axes.axvline(1, color=BLACK, linewidth=1)
        for (label, value), marker in zip(series.items(), "osD^xv", strict=True):
            points = [(known, place) for place, row in enumerate(rows) if (known := value(row)) is not None]
            if points:
                axes.plot(*zip(*points, strict=True), marker, label=label, alpha=0.8, markersize=5)
        axes.set_xscale("log")
        ticks = [0.5, 1, 2, 5, 10, 20, 50]
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
        axes.set_yticks(range(len(rows)), [row["name"] for row in rows])
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.grid(axis="x")
        axes.set(
            xlabel="a peer's time over ours (float32, the form that `auto` picks)", title=results["machine"]["cpu"]
        )
        if axes.get_legend_handles_labels()[0]:
            canvas.legend(loc="outside lower center", ncols=3)


def shown(results: Mapping) -> list[Row]:
    """The rows of `SHOWN` that were timed, in its order."""
    by_name = {row["name"]: row for row in results["rows"]}
    return [by_name[name] for name in SHOWN if figure(by_name.get(name, {"contestants": {}}), "auto") is not None]


def draw_speed(results: Mapping, path: Path) -> None:
    """Writes a PNG for a first look: of the rows `shown`, a bar a contestant, as long as its time over ours in float32.

    Each bar says its time; those of others, how many times ours that is.
    """
    bars, names, place = {name: [] for name in BARS}, [], 0.0
    for row in shown(results):
        first, ours = place, figure(row, "auto")
        for name in BARS:
            if (time := figure(row, name)) is not None:
                text = _time(time) if name in OURS else f"{_time(time)} ({time / ours:.1f}×)"
                bars[name].append((place, time / ours, text))
                place += 1
        names.append(((first + place - 1) / 2, SHOWN[row["name"]]))
        place += 0.7
    with picture(path, height=1.3 + 0.165 * place) as canvas:
        axes = canvas.subplots()
        for name, (label, colour) in BARS.items():
            if bars[name]:
                places, lengths, texts = zip(*bars[name], strict=True)
                drawn = axes.barh(places, lengths, height=0.86, color=colour, label=label)
                axes.bar_label(drawn, texts, padding=3)
        axes.set_yticks(*zip(*names, strict=True))
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(place - 1, -0.9)
        axes.margins(x=0.16)
        axes.set_xlabel("time as a multiple of hybrid-zoo's in float32: shorter is faster")
        canvas.suptitle(f"RNNs and hybrids: time of one inference on {results['machine']['cpu']}, one thread")
        canvas.legend(loc="outside lower center", ncols=3)


def _time(us: float) -> str:
    return f"{us:.0f} µs" if us < 1000 else f"{us / 1000:.2f} ms"
