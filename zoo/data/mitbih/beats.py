"""From one record to its beats: windows, intervals and classes, in NumPy alone.

Records are split by patient: DS1 and DS2 of de Chazal, O'Dwyer, Reilly (2004), IEEE Trans. Biomed. Eng. 51(7), without
the four records of paced beats (102, 104, 107, 217), as AAMI EC57 recommends.
"""

from dataclasses import dataclass

import numpy as np

from zoo.data.mitbih.records import RATE, Record
from zoo.errors import DataError

BEFORE = 90
"""Samples of a window before the annotated one: 250 ms, which takes in the P wave."""
AFTER = 165
"""Samples of a window after it: 458 ms, past the T wave.  The 256 in all can be halved eight times."""
RECENT = 10
"""Intervals in the mean of the recent past."""
WINDOW_SHAPE = (BEFORE + 1 + AFTER, 1)
INTERVALS_SHAPE = (4,)

SYMBOLS = {"N": "NLRej", "S": "AaJS", "V": "VE", "F": "F", "Q": "/fQ"}
"""AAMI's classes and the annotation symbols of each; no other symbol (rhythm changes, noise, flutter) is a beat."""

# fmt: off
SPLITS = {
    "train": (101, 106, 108, 109, 112, 114, 115, 116, 118, 119, 122,
              124, 201, 203, 205, 207, 208, 209, 215, 220, 223, 230),
    "test": (100, 103, 105, 111, 113, 117, 121, 123, 200, 202, 210,
             212, 213, 214, 219, 221, 222, 228, 231, 232, 233, 234),
}
# fmt: on
"""The records of each split."""

_CLASS_OF = {symbol: number for number, symbols in enumerate(SYMBOLS.values()) for symbol in symbols}


@dataclass(frozen=True, eq=False)
class Beats:
    """All beats of a record, in order of time; none is dropped."""

    samples: np.ndarray
    """(beats,) int: the place of each in the record, as annotated and not aligned again."""
    ecg: np.ndarray
    """(beats, 256, 1) float32, mV: `samples - 90` to `samples + 165`, neither filtered nor normalised.  Where a window
    reaches over an end of the record, the last value there goes on."""
    rr: np.ndarray
    """(beats, 4) float32, s: see `intervals`."""
    labels: np.ndarray
    """(beats,) int32: index into `SYMBOLS`."""


def cut_beats(record: Record) -> Beats:
    """The beats of a record.

    Raises:
        DataError: the record has fewer than two beats, and so no interval.
    """
    is_beat = np.isin(record.symbols, list(_CLASS_OF))
    samples = record.samples[is_beat]
    if len(samples) < 2:
        raise DataError(f"record {record.number} has {len(samples)} annotated beats: an interval needs two")
    padded = np.pad(record.lead, (BEFORE, AFTER), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, BEFORE + 1 + AFTER)  # window s is centred on sample s
    labels = np.array([_CLASS_OF[symbol] for symbol in record.symbols[is_beat]], np.int32)
    return Beats(samples, windows[samples, :, None], intervals(samples), labels)


def intervals(samples: np.ndarray) -> np.ndarray:
    """The intervals round each beat.

    Args:
        samples: (beats,) int, ascending, two or more.

    Returns:
        (beats, 4) float32, seconds: from the beat before; to the beat after; mean of the last ten intervals; mean of
        all since the record's start.  Both means end with the interval from the beat before, so only the second value
        looks ahead.  The first beat takes its interval after as the one before, the last beat the other way round.
    """
    between = np.diff(samples) / RATE
    before = np.concatenate([between[:1], between])
    after = np.concatenate([between, between[-1:]])
    elapsed = np.concatenate([[0.0], np.cumsum(before)])
    last = np.arange(1, len(samples) + 1)
    first = np.maximum(last - RECENT, 0)
    recent = (elapsed[last] - elapsed[first]) / (last - first)
    return np.stack([before, after, recent, elapsed[last] / last], axis=1).astype(np.float32)
