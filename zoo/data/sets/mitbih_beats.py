"""MIT-BIH Arrhythmia Database as single beats, five AAMI classes, split by patient; `zoo/data/mitbih` cuts them."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from zoo.data.dataset import DataSet, Examples, Target
from zoo.data.mitbih.beats import INTERVALS_SHAPE, SYMBOLS, WINDOW_SHAPE
from zoo.data.mitbih.records import RATE
from zoo.data.tfds_store import TfdsStore

VERSION = "1.0.0"


def arrange(features: Mapping[str, np.ndarray]) -> Examples:
    """Examples in the order of record and time, grouped by record: one a patient."""
    order = np.lexsort((features["sample"], features["record"]))
    inputs = {name: features[name][order] for name in ("ecg", "rr")}
    return Examples(inputs, {"logits": features["label"][order].astype(np.int32)}, features["record"][order])


def find_builder(data_folder: Path):
    """Our builder, which downloads from PhysioNet."""
    from zoo.data.mitbih.builder import MitbihBeats

    return MitbihBeats(data_dir=data_folder)


DATA_SET = DataSet(
    name="mitbih_beats",
    version=VERSION,
    summary="heart beats of 44 ECG records",
    licence="Open Data Commons Attribution 1.0",
    source="G. B. Moody, R. G. Mark (2001), IEEE Eng. in Med. and Biol. 20(3), 45-50; "
    "https://physionet.org/content/mitdb/1.0.0",
    targets={"logits": Target("class", tuple(SYMBOLS), scored=("N", "S", "V", "F"))},
    counts={"train": 51_021, "test": 49_712},
    inputs={
        "ecg": {"kind": "signal", "shape": WINDOW_SHAPE, "dtype": "float32", "unit": "mV", "rate": RATE},
        "rr": {"kind": "features", "shape": INTERVALS_SHAPE, "dtype": "float32", "unit": "s"},
    },
    store=TfdsStore("mitbih_beats", VERSION, arrange, find_builder),
    group_name="record",
    caveats=(
        "Records 201 (train) and 202 (test) are of the same man, as in the published split.",
        "Q has 8 beats in train and 7 in test, too few to learn or to judge: `macro_f1` leaves it out, and an answer Q "
        "counts as an error.",
    ),
)
