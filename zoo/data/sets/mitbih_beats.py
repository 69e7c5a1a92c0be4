"""MIT-BIH Arrhythmia Database cut into single beats, five AAMI classes, split by patient (`zoo.data.mitbih` has the specification)."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from zoo.data.dataset import DataSet, Examples
from zoo.data.mitbih.beats import CLASSES, RATE, RR_SHAPE, WINDOW_SHAPE
from zoo.data.tfds_store import TfdsStore

VERSION = "1.0.0"


def arrange(features: Mapping[str, np.ndarray]) -> Examples:
    """Examples in the order of record and time; a record is a patient's, but for 201 and 202."""
    order = np.lexsort((features["sample"], features["record"]))
    inputs = {name: features[name][order] for name in ("ecg", "rr")}
    return Examples(inputs, features["label"][order].astype(np.int32), features["record"][order])


def find_builder(data_folder: Path):
    from zoo.data.mitbih.builder import MitbihBeats

    return MitbihBeats(data_dir=data_folder)


DATA_SET = DataSet(
    name="mitbih_beats",
    version=VERSION,
    summary="heart beats of 44 people, five kinds, split by patient",
    licence="Open Data Commons Attribution 1.0",
    source="G. B. Moody, R. G. Mark (2001), IEEE Eng. in Med. and Biol. 20(3), 45-50; https://physionet.org/content/mitdb/1.0.0/",
    labels=tuple(CLASSES),
    counts={"train": 51_021, "test": 49_712},
    inputs={
        "ecg": {"kind": "signal", "shape": WINDOW_SHAPE, "dtype": "float32", "unit": "mV", "rate": RATE},
        "rr": {"kind": "features", "shape": RR_SHAPE, "dtype": "float32", "unit": "s"},
    },
    store=TfdsStore("mitbih_beats", VERSION, arrange, find_builder),
    group_name="record",
    scored_labels=("N", "S", "V", "F"),
    caveats=(
        "Records 201 (train) and 202 (test) are of the same man: a flaw of the published split, kept for comparability.",
        "Q has 8 beats in train and 7 in test, too few to learn or to judge: it is left out of macro_f1, and a Q that is answered "
        "counts as an error.",
    ),
)
