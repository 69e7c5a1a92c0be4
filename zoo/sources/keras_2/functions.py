"""Functions that Keras 3 has no more, registered, so that a model that uses them is saved and read again."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("zoo")
def hard_sigmoid_of_keras_2(x):
    """clip(0.2 x + 0.5, 0, 1), elementwise; Keras 3 means clip(x / 6 + 0.5, 0, 1) by `hard_sigmoid`.

    Written with relu6, clip(y, 0, 6), which devices join to the addition before it.
    """
    return ops.relu6(1.2 * x + 3.0) * (1 / 6)


HARD_SIGMOID = {
    "module": None,
    "class_name": "function",
    "config": "zoo>hard_sigmoid_of_keras_2",
    "registered_name": "zoo>hard_sigmoid_of_keras_2",
}
"""How a configuration names it."""
