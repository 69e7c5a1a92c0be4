"""One record of the database, out of a folder of WFDB files."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zoo.errors import DataError, needs

RATE = 360
"""Samples a second."""
LEAD = "MLII"
"""The lead that every record we take has; in 114 it is the second signal."""
SUFFIXES = ("hea", "dat", "atr")
"""The files of a record: header, samples, annotations."""


@dataclass(frozen=True, eq=False)
class Record:
    """One lead of a record and all its annotations, those that are no beats included."""

    number: int
    lead: np.ndarray
    """(samples,) float32, mV."""
    samples: np.ndarray
    """(annotations,) int, ascending."""
    symbols: np.ndarray
    """(annotations,) str of one character."""


def read_record(folder: Path, number: int) -> Record:
    """Reads the three files of a record.

    Raises:
        DataError: a file is missing or is not WFDB, the lead is missing, or the rate is another one.
    """
    with needs("train"):
        import wfdb

    try:
        signals = wfdb.rdrecord(str(folder / str(number)), channel_names=[LEAD], physical=False)
        annotation = wfdb.rdann(str(folder / str(number)), "atr")
    except (OSError, ValueError) as error:
        raise DataError(f"record {number} of {folder} cannot be read: {error}") from error
    if signals.fs != RATE or signals.sig_name != [LEAD]:
        raise DataError(f"record {number} of {folder} has no lead {LEAD} at {RATE} Hz")
    units = signals.d_signal[:, 0].astype(np.float32)
    lead = (units - np.float32(signals.baseline[0])) / np.float32(signals.adc_gain[0])
    return Record(number, lead, annotation.sample, np.array(annotation.symbol))
