"""Examples that TensorFlow Datasets keeps, in `$TFDS_DATA_DIR` or its own default folder."""

import contextlib
import functools
import hashlib
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from zoo.data.dataset import Examples
from zoo.errors import DataError, needs


@dataclass(frozen=True, eq=False)
class TfdsStore:
    """One version of a data set that TensorFlow Datasets has prepared, or can prepare."""

    name: str
    version: str
    arrange: Callable[[Mapping[str, np.ndarray]], Examples]
    """Given arrays by feature name, in whatever order the shards hold them, the examples in an order of their own."""
    find_builder: Callable[[Path], object]
    """Given the data folder, the `tfds.core.DatasetBuilder` that downloads and prepares."""
    known_copies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Notes on copies that differ from what was published, by the SHA-256 of the first input of their test split."""

    @property
    def folder(self) -> Path:
        """Where the prepared files are, or would be."""
        return data_folder() / self.name / self.version

    def ready(self) -> bool:
        return (self.folder / "dataset_info.json").is_file()

    def read(self, split: str) -> Examples:
        with needs("train"):
            import tensorflow as tf

            from zoo.data.shards import read_features
        try:
            return self.arrange(read_features(self.folder, split))
        except tf.errors.OpError as error:
            raise DataError(
                f"the prepared copy of `{self.name}` cannot be read: {error.message}",
                f"remove {self.folder}, then `zoo data prepare {self.name}`",
            ) from error

    def prepare(self) -> None:
        with needs("train"):
            import tensorflow_datasets as tfds
            from tensorflow_datasets.core.download.download_manager import NonMatchingChecksumError

        if not sys.stderr.isatty():
            tfds.disable_progress_bar()
        builder = self.find_builder(data_folder())
        self._check_reachable(builder)
        # A download without a registered checksum is an error, and so are prepared files from elsewhere: nothing
        # unverified becomes data.
        config = tfds.download.DownloadConfig(force_checksums_validation=True, try_download_gcs=False)
        try:
            with contextlib.redirect_stdout(sys.stderr):  # TFDS says there what it does
                builder.download_and_prepare(download_config=config)
        except (OSError, tfds.download.DownloadError, NonMatchingChecksumError) as error:
            raise DataError(
                f"data set cannot be prepared: `{self.name}`; {error}", f"try again: `zoo data prepare {self.name}`"
            ) from error

    def _check_reachable(self, builder) -> None:
        """Says at once that there is no network; TFDS tries each file for minutes."""
        import requests

        url = next(iter(builder.url_infos))
        try:
            requests.head(url, timeout=10)
        except requests.RequestException as error:
            raise DataError(
                f"data set cannot be downloaded: `{self.name}`; no answer from {url}",
                f"without a network, copy the folder from a machine where it is prepared to {self.folder}",
            ) from error

    def notes(self) -> tuple[str, ...]:
        return self.known_copies.get(self._fingerprint, ()) if self.known_copies else ()

    @functools.cached_property
    def _fingerprint(self) -> str:
        first_input = next(iter(self.read("test").inputs.values()))
        return hashlib.sha256(np.ascontiguousarray(first_input)).hexdigest()


def data_folder() -> Path:
    """The folder of all prepared data sets: where TensorFlow Datasets itself looks, found without importing it."""
    return Path(os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets").expanduser()
