"""All examples of a prepared TFDS split at once, as arrays.

TFDS's own pipeline takes examples apart one by one.  Parsed a batch at a time they cost a tenth of it, which every
training, verification and test begins with.
"""

from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

BATCH = 1000


def read_features(folder: Path, split: str) -> dict[str, np.ndarray]:
    """The features of a split by name, each (examples, ...), in the order of the shards; images are decoded.

    Args:
        folder: where TFDS has prepared one version of a data set whose features have fixed shapes.
        split: the name of a split.

    Raises:
        tf.errors.OpError: a file is torn, missing or of another format.
    """
    info = tfds.builder_from_directory(folder).info
    serialized = info.features.get_serialized_info()
    form = {name: tf.io.FixedLenFeature(stored.shape, _stored_type(stored)) for name, stored in serialized.items()}
    records = tf.data.TFRecordDataset([str(path) for path in info.splits[split].filepaths]).batch(BATCH)
    parsed = list(records.map(lambda batch: tf.io.parse_example(batch, form)).as_numpy_iterator())
    features = {name: np.concatenate([batch[name] for batch in parsed]) for name in form}
    for name, feature in info.features.items():
        if isinstance(feature, tfds.features.Image):
            features[name] = _decode(features[name], feature.shape)
        elif form[name].dtype is not tf.string:
            features[name] = features[name].astype(serialized[name].np_dtype)
    return features


def _stored_type(info: tfds.features.TensorInfo) -> tf.DType:
    """A record knows three types: all floats are float32 in it, all integers int64, the rest bytes."""
    if info.tf_dtype.is_floating:
        return tf.float32
    return tf.int64 if info.tf_dtype.is_integer else tf.string


def _decode(files: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """(n,) bytes of image files -> (n, height, width, channels) uint8, on all cores."""
    images = tf.data.Dataset.from_tensor_slices(files).map(
        lambda file: tf.ensure_shape(tf.io.decode_image(file, channels=shape[-1], expand_animations=False), shape),
        num_parallel_calls=tf.data.AUTOTUNE,
    )
    return np.concatenate(list(images.batch(BATCH).as_numpy_iterator()))
