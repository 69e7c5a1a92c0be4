"""What the heartbeat models share, so that a comparison of them compares their trunks alone.

A beat is 256 samples of one ECG lead in mV, `ecg` (batch, 256, 1) float32, and four intervals between beats in seconds,
`rr` (batch, 4) float32: from the beat before, to the beat after, the mean of the last ten, the mean since the record
began.  Shape tells ventricular beats; whether a beat comes early, which is what tells a supraventricular one, stands in
the intervals alone.
"""

import numpy as np
from keras import Input, layers, ops

SAMPLES = 256
SHORTEST, LONGEST = 0.2, 2.0  # seconds: 300 beats a minute, and a pause beyond which its length says nothing more

# Rows: log(rr) of before, after, last ten, whole record.  Columns: one logarithm of a ratio each.
_RATIOS = np.array(
    [
        # before/ten  after/ten  before/record  after/record  before/after  ten/record
        [1, 0, 1, 0, 1, 0],
        [0, 1, 0, 1, -1, 0],
        [-1, -1, 0, 0, 0, 1],
        [0, 0, -1, -1, 0, -1],
    ],
    dtype="float32",
)


def beat_inputs() -> dict:
    """The two inputs by name."""
    return {"ecg": Input((SAMPLES, 1), name="ecg"), "rr": Input((4,), name="rr")}


def centred(ecg):
    """(batch, 256, 1) mV less each window's own mean: electrodes drift by millivolts, the heart does not."""
    return ops.subtract(ecg, ops.mean(ecg, axis=1, keepdims=True))


def rhythm(rr):
    """(batch, 4) seconds -> (batch, 6): logarithms of ratios of intervals, the same at every heart rate.

    Without the intervals themselves, which say more of the patient than of the beat.  Logarithms turn quotients into
    differences, which int8 kernels have; these six mostly lie within +-1 and so lose little to one common scale.
    """
    return ops.matmul(ops.log(ops.clip(rr, SHORTEST, LONGEST)), _RATIOS)


def classify(beat, rr, *, rhythm_units: list[int], dropout: float, num_classes: int):
    """Logits from what a trunk made of the beat, (batch, features), and the intervals.

    The intervals pass layers of their own first: the trunk's features and the ratios then share a scale, and what is
    early can be told from what is irregular.  Both meet in the layer that classifies.
    """
    timing = rhythm(rr)
    for number, units in enumerate(rhythm_units, start=1):
        timing = layers.Dense(units, activation="relu", name=f"rhythm{number}")(timing)
    features = layers.Concatenate(name="features")([layers.Dropout(dropout, name="dropout")(beat), timing])
    return layers.Dense(num_classes, name="logits")(features)
