"""From a record to beats: windows, intervals and classes, in NumPy alone.

Split by patient: DS1 and DS2 of de Chazal, O'Dwyer, Reilly (2004), IEEE Trans. Biomed. Eng. 51(7), without the four records of
paced beats (102, 104, 107, 217), as AAMI EC57 recommends.
"""

RATE = 360
"""Samples a second."""
BEFORE, AFTER = 90, 166
"""A window has 90 samples (250 ms, the P wave) before the annotated one, that one, and 165 (458 ms, past the T wave) after it."""
WINDOW_SHAPE = (BEFORE + AFTER, 1)
RR_SHAPE = (4,)
RECENT = 10
"""Intervals in the mean over the recent past."""
CLASSES = {"N": "NLRej", "S": "AaJS", "V": "VE", "F": "F", "Q": "/fQ"}
"""AAMI's classes and the annotation symbols of each.  Other symbols (rhythm changes, noise, flutter waves) are no beats."""
RECORDS = {
    "train": (101, 106, 108, 109, 112, 114, 115, 116, 118, 119, 122, 124, 201, 203, 205, 207, 208, 209, 215, 220, 223, 230),
    "test": (100, 103, 105, 111, 113, 117, 121, 123, 200, 202, 210, 212, 213, 214, 219, 221, 222, 228, 231, 232, 233, 234),
}
