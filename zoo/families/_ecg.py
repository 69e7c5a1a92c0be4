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
    """Logits from what a trunk made of the beat, (batch, features), and the intervals; both meet in one Dense layer."""
    timing = read_rhythm(rr, rhythm_units)
    features = layers.Concatenate(name="features")([layers.Dropout(dropout, name="dropout")(beat), timing])
    return layers.Dense(num_classes, name="logits")(features)


def read_rhythm(rr, rhythm_units: list[int]):
    """(batch, 4) seconds -> (batch, units of the last layer).

    The intervals pass layers of their own before they meet the trunk's features: both then share a scale, and what is
    early can be told from what is irregular.
    """
    timing = rhythm(rr)
    for number, units in enumerate(rhythm_units, start=1):
        timing = layers.Dense(units, activation="relu", name=f"rhythm{number}")(timing)
    return timing


def classify_apart(beat, rr, *, alike: list[int], rhythm_units: list[int], dropout: float, num_classes: int):
    """Logits as a sum: what the shape says of each class, and what the rhythm says.

    Classes that are `alike` get one and the same score from the shape.  Normal and supraventricular beats are: both
    reach the ventricles by the way that the heart's own wiring goes, wide in a patient with bundle branch block, narrow
    in others, and only when they come differs.  Whoever lets shape choose between them learns patients by heart.
    """
    shared = [index for index in alike if index < num_classes]
    scores = np.eye(num_classes, dtype="float32")
    scores[shared[:1], shared] = 1
    scores = np.delete(scores, shared[1:], axis=0)  # a row a shape, a column a class
    shape = layers.Dense(len(scores), name="logits")(layers.Dropout(dropout, name="dropout")(beat))
    timing = layers.Dense(num_classes, use_bias=False, name="rhythm_logits")(read_rhythm(rr, rhythm_units))
    return ops.add(ops.matmul(shape, scores), timing)
