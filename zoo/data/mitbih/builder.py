"""The TFDS builder of `mitbih_beats`: downloads the records from PhysioNet, or takes a folder of them, and cuts beats.

`checksums.tsv` beside this file has the size and SHA-256 of every file, as PhysioNet publishes them; TFDS finds it by
its name, downloads to a temporary one, and keeps no file whose checksum differs.
"""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import tensorflow_datasets as tfds

from zoo.data.mitbih.beats import INTERVALS_SHAPE, SPLITS, SYMBOLS, WINDOW_SHAPE, cut_beats
from zoo.data.mitbih.records import SUFFIXES, Record, read_record

URL = "https://physionet.org/files/mitdb/1.0.0"


class MitbihBeats(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """MIT-BIH Arrhythmia Database cut into single beats, five AAMI classes, split by patient.

    44 half-hour records (the four with paced beats are left out), lead MLII, 360 Hz, no filter.  train = DS1, test =
    DS2 of de Chazal 2004; for validation hold out whole records of train.
    """

    name = "mitbih_beats"
    VERSION = tfds.core.Version("1.0.0")
    MAX_SIMULTANEOUS_DOWNLOADS = 4  # a public server that is paid for by others

    def __init__(
        self, *, records: Path | None = None, splits: Mapping[str, Sequence[int]] = SPLITS, **options: object
    ) -> None:
        """
        Args:
            records: a folder of WFDB files to read; they are downloaded unless given.
            splits: the records of each split.
            options: as for every TFDS builder, `data_dir` above all.
        """
        super().__init__(**options)
        self._records = records
        self._splits = splits

    def _info(self) -> tfds.core.DatasetInfo:
        return tfds.core.DatasetInfo(
            builder=self,
            description=type(self).__doc__,
            homepage="https://physionet.org/content/mitdb/1.0.0/",
            citation="G. B. Moody, R. G. Mark (2001). The impact of the MIT-BIH Arrhythmia Database. "
            "IEEE Eng. in Med. and Biol. 20(3), 45-50.",
            features=tfds.features.FeaturesDict(
                {
                    "ecg": tfds.features.Tensor(shape=WINDOW_SHAPE, dtype=np.float32),
                    "rr": tfds.features.Tensor(shape=INTERVALS_SHAPE, dtype=np.float32),
                    "label": tfds.features.ClassLabel(names=list(SYMBOLS)),
                    "record": np.int32,
                    "sample": np.int32,
                }
            ),
            supervised_keys=("ecg", "label"),
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Iterator]:
        files = [f"{number}.{suffix}" for numbers in self._splits.values() for number in numbers for suffix in SUFFIXES]
        downloads = {} if self._records else dl_manager.download({file: f"{URL}/{file}" for file in files})
        return {split: self._generate_examples(numbers, downloads) for split, numbers in self._splits.items()}

    def _generate_examples(self, numbers: Sequence[int], downloads: Mapping[str, Path]) -> Iterator[tuple[str, dict]]:
        """All beats of the records, keyed `record_sample`."""
        for number in numbers:
            record = read_record(self._records, number) if self._records else _read_downloaded(number, downloads)
            beats = cut_beats(record)
            for sample, ecg, rr, label in zip(beats.samples, beats.ecg, beats.rr, beats.labels, strict=True):
                yield (
                    f"{number}_{sample}",
                    {"ecg": ecg, "rr": rr, "label": int(label), "record": number, "sample": int(sample)},
                )


def _read_downloaded(number: int, downloads: Mapping[str, Path]) -> Record:
    """Reads a record whose files TFDS has stored under names of its own: WFDB finds them by theirs."""
    with tempfile.TemporaryDirectory() as folder:
        for suffix in SUFFIXES:
            shutil.copyfile(downloads[f"{number}.{suffix}"], Path(folder, f"{number}.{suffix}"))
        return read_record(Path(folder), number)
