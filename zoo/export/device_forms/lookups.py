"""Tables of whole numbers, as IntegerLookup has them: TFLite has none, so a key is compared with all of a table's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf


def _compared(original: Callable) -> Callable:
    """What stands in a table of whole numbers beside a key: the sum over the table of what is beside equal keys."""

    def lookup(self, keys, name=None):
        if not (self.key_dtype.is_integer and self.value_dtype.is_integer):
            return original(self, keys, name)
        with tf.init_scope():
            known, values = (tensor.numpy() for tensor in self.export())
            otherwise = int(self.default_value)
        equal = tf.equal(tf.convert_to_tensor(keys)[..., None], known)
        beside = tf.where(equal, (values - otherwise).astype(np.int32), np.int32(0))
        return tf.cast(tf.reduce_sum(beside, axis=-1) + otherwise, self.value_dtype)

    return lookup


FORMS = ((tf.lookup.StaticHashTable, "lookup", _compared),)
