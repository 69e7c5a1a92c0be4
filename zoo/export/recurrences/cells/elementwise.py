"""Whether an activation computes each number by itself: then one operator serves several gates, side by side."""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf

_ELEMENTWISE = {
    *("Abs", "Add", "AddV2", "Cast", "ClipByValue", "Const", "Elu", "Equal", "Erf", "Exp", "Expm1", "Greater"),
    *("GreaterEqual", "Identity", "LeakyRelu", "Less", "LessEqual", "Log", "Log1p", "LogicalAnd", "LogicalNot"),
    *("LogicalOr", "Maximum", "Minimum", "Mul", "Neg", "OnesLike", "Placeholder", "Pow", "RealDiv", "Reciprocal"),
    *("Relu", "Relu6", "Rsqrt", "Select", "SelectV2", "Selu", "Sigmoid", "Sign", "Softplus", "Softsign", "Sqrt"),
    *("Square", "Sub", "Tanh", "ZerosLike"),
}
"""TensorFlow's operators that do, given numbers for their other operands."""

_WIDTH = 7


def is_elementwise(activation: Callable) -> bool:
    """Whether every operator of an activation is known to be elementwise; softmax's sum over its gates is not."""
    if activation in (keras.activations.sigmoid, keras.activations.tanh, keras.activations.relu):
        return True
    try:
        function = tf.function(activation, autograph=False).get_concrete_function(tf.TensorSpec((1, _WIDTH)))
    except Exception:  # whatever a user's code raises, who may want another width: called on its own gate it has it
        return False
    operations = function.graph.get_operations()
    of_numbers = all(operation.type != "Const" or operation.outputs[0].shape.rank == 0 for operation in operations)
    return of_numbers and all(operation.type in _ELEMENTWISE for operation in operations)
