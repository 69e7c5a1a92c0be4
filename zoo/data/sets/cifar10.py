"""CIFAR-10: 60,000 colour images of 32 x 32 pixels in ten classes (Krizhevsky 2009)."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from zoo.data.dataset import DataSet, Examples, Target
from zoo.data.tfds_store import TfdsStore

VERSION = "3.0.2"
COPY_WITH_JPEGS = "25a508aee148b4ccf689df271258bb61c79db1edd6c7bdc2d32e0f748c0bf68c"
"""SHA-256 of the test pixels of a copy in circulation that was put together from several sources."""


def arrange(features: Mapping[str, np.ndarray]) -> Examples:
    """Examples in the order of the authors' batches, which the ids number."""
    order = np.argsort(features["id"])
    return Examples({"image": features["image"][order]}, {"logits": features["label"][order].astype(np.int32)})


def find_builder(data_folder: Path):
    """TFDS's own builder, which downloads from the authors' site."""
    import tensorflow_datasets as tfds

    return tfds.builder(f"cifar10:{VERSION}", data_dir=data_folder)


DATA_SET = DataSet(
    name="cifar10",
    version=VERSION,
    summary="pictures of animals and vehicles",
    licence="none stated; the authors ask to cite Krizhevsky (2009)",
    source="A. Krizhevsky (2009), Learning Multiple Layers of Features from Tiny Images; "
    "https://www.cs.toronto.edu/~kriz/cifar.html",
    targets={
        "logits": Target(
            "class", ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
        )
    },
    counts={"train": 50_000, "test": 10_000},
    inputs={"image": {"kind": "image", "shape": (32, 32, 3), "dtype": "uint8"}},
    store=TfdsStore(
        "cifar10",
        VERSION,
        arrange,
        find_builder,
        known_copies={
            COPY_WITH_JPEGS: (
                "In the copy that was measured, 21 test and 77 train images are decoded JPEGs; "
                "the other 59,902 are the originals.",
            )
        },
    ),
)
