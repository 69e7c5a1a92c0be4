"""What answers share in printing: bars, numbers cut short, numbers for JSON."""

import sys

import numpy as np

SHOWN = 8
"""Of many numbers or pieces, so many are printed."""
_BAR = 24


def bar(share: float) -> str:
    """A bar of a share from 0 to 1, of what standard output can show: a pipe of Windows cannot show blocks."""
    try:
        "█".encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except UnicodeEncodeError:
        return "#" * round(_BAR * share)
    return "█" * round(_BAR * share)


def plain(values: np.ndarray) -> list:
    """Lists of numbers; one that JSON cannot hold (NaN, infinity) is None."""
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        values = np.where(np.isfinite(values), values.astype(object), None)
    return values.tolist()


def figure(value: float) -> str:
    """A number: a whole one in full, another to four digits."""
    return f"{value:d}" if isinstance(value, int) else f"{value:.4g}"


def few(values: np.ndarray, comma: str = " ") -> str:
    """The first numbers."""
    numbers = comma.join(map(figure, values.ravel()[:SHOWN].tolist()))
    return f"{numbers} ..." if values.size > SHOWN else numbers


def shorten(name: str, values: np.ndarray) -> str:
    """An array of which nobody said what it means: its name, its shape, its first numbers."""
    return f"{name} {values.shape}: {few(values)}"
