"""The look of every picture: its size, colours and letters, and a PNG of the same bytes from the same figures.

with picture(path, height=3) as figure:
    figure.subplots().plot(x, y, color=BLUE)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image

from zoo._system.durable import write_atomically
from zoo.errors import needs

with needs("train"):
    import matplotlib as mpl
    from matplotlib.figure import Figure

WIDTH = 7.0
"""Inches.  A page shows them as some 700 pixels, so that 9 points are 12 pixels or more."""
DPI = 150
SHADES = 64
"""Colours of the PNG, those at the edges of letters and marks included."""

BLUE, SKY, GREEN, ORANGE, RED, PURPLE = "#0072B2", "#56B4E9", "#009E73", "#E69F00", "#D55E00", "#CC79A7"
BLACK, GREY, PALE = "#222222", "#8C8C8C", "#D9D9D9"
COLOURS = (BLUE, ORANGE, GREEN, RED, SKY, PURPLE)
"""In the order of series.  Okabe & Ito 2008, `Color Universal Design`: told apart by the colour-blind as well."""

LOOK = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so every machine has it
    "font.size": 9,
    "axes.titlesize": 10,
    "figure.titlesize": 11,
    "axes.prop_cycle": mpl.cycler(color=COLOURS),
    "axes.edgecolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": PALE,
    "text.color": BLACK,
    "axes.labelcolor": BLACK,
    "xtick.color": BLACK,
    "ytick.color": BLACK,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}


@contextmanager
def picture(path: Path, *, height: float, width: float = WIDTH) -> Iterator[Figure]:
    """A figure to draw in, which becomes the PNG `path` when all is drawn; after an error nothing is written.

    Args:
        path: of the PNG.
        height, width: in inches.

    Raises:
        InputError: the file cannot be written; what stood there stays.
    """
    with mpl.rc_context(LOOK):
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure
        drawn = BytesIO()
        figure.savefig(drawn, format="png", dpi=DPI)
        # Few colours, a third of the bytes; without metadata, which would name the version of matplotlib.
        image = Image.open(drawn).convert("RGB").quantize(SHADES, dither=Image.Dither.NONE)
        write_atomically(path.resolve(), lambda new: image.save(new, optimize=True))
