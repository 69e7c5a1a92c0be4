"""Examples that TensorFlow Datasets keeps, in `$TFDS_DATA_DIR` or its own default folder."""

import functools
import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from zoo.data.dataset import Examples, Report
from zoo.errors import DataError, needs

BATCH = 1000
"""Examples that are decoded at a time: large enough that the pipeline's own cost does not show."""


@dataclass(frozen=True)
class TfdsStore:
    """One version of a data set that TensorFlow Datasets has prepared, or can prepare."""

    name: str
    version: str
    arrange: Callable[[Mapping[str, np.ndarray]], Examples]
    """Makes examples, in an order of their own, of the arrays by feature name in whatever order the shards hold them."""
    find_builder: Callable[[Path], object]
    """Given the data folder, the `tfds.core.DatasetBuilder` that downloads and prepares."""
    known_copies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Sentences on copies that differ from the published data set, by the sha256 of the first input of their test split."""

    @property
    def folder(self) -> Path:
        """Where the prepared files are, or would be."""
        return data_folder() / self.name / self.version

    def ready(self) -> bool:
        return (self.folder / "dataset_info.json").is_file()

    def read(self, split: str) -> Examples:
        with needs("train"):
            import tensorflow_datasets as tfds

        builder = tfds.builder_from_directory(self.folder)
        batches = list(tfds.as_numpy(builder.as_dataset(split=split, batch_size=BATCH, shuffle_files=False)))
        return self.arrange({feature: np.concatenate([batch[feature] for batch in batches]) for feature in batches[0]})

    def prepare(self, report: Report) -> None:
        with needs("train"):
            import tensorflow_datasets as tfds

        report(f"preparing {self.name}", 0, 1)
        # A file without a registered checksum is an error: nothing unverified becomes data.
        config = tfds.download.DownloadConfig(force_checksums_validation=True)
        try:
            self.find_builder(data_folder()).download_and_prepare(download_config=config)
        except (OSError, tfds.download.DownloadError) as error:
            raise DataError(f"`{self.name}` could not be prepared: {error}") from error
        report(f"preparing {self.name}", 1, 1)

    def notes(self) -> tuple[str, ...]:
        return self.known_copies.get(self._fingerprint, ()) if self.known_copies else ()

    @functools.cached_property
    def _fingerprint(self) -> str:
        first_input = next(iter(self.read("test").inputs.values()))
        return hashlib.sha256(np.ascontiguousarray(first_input)).hexdigest()


def data_folder() -> Path:
    """The folder of all prepared data sets: where TensorFlow Datasets itself looks, found without importing it."""
    return Path(os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets").expanduser()
