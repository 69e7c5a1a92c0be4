"""What the outputs of a Keras model are, by what it computes last on the way to each: see `measures.answers`."""

from collections.abc import Mapping

import keras
from keras import layers

from zoo.sources.graphs.layer import GraphFunction
from zoo.verify.measures.answers import LOGITS, PROBABILITIES, VALUE, WHOLE, YES_NO

_MEANS = {"softmax": PROBABILITIES, "log_softmax": LOGITS, "sigmoid": YES_NO}
"""What numbers are behind an activation; the softmax of a log-softmax is the softmax."""
_OPERATORS = {"Softmax": "softmax", "LogSoftmax": "log_softmax", "Sigmoid": "sigmoid"}
_MOVES = (
    *(layers.Reshape, layers.Flatten, layers.Permute, layers.RepeatVector, layers.Cropping1D, layers.Cropping2D),
    *(layers.Identity, layers.Dropout, layers.SpatialDropout1D, layers.GaussianNoise, layers.GaussianDropout),
    layers.ActivityRegularization,
)
_MOVING_OPERATORS = ("Reshape", "Squeeze", "ExpandDims", "Transpose", "GetItem", "Cast", "Identity", "Flip")
"""Layers and operators that hand on the numbers as they are."""


def kinds_of(model: keras.Model) -> dict[str, str]:
    """By output name, one of `answers.KINDS`.

    Args:
        model: functional, with a dict of named outputs.
    """
    return {name: _kind(tensor) for name, tensor in model.output.items()}


def kinds_in(manifest: Mapping, part: str) -> dict[str, str]:
    """What the manifest says that each output of a part is, where it does; see `answers.judge`."""
    decode = manifest["decode"]
    if decode["loop"] != "single":
        return {decode["logits"]: LOGITS} if part == decode.get("part", decode.get("step")) else {}
    return {name: answer["of"] for name, answer in manifest["answers"].items() if answer["kind"] == "classes"}


def _kind(tensor: keras.KerasTensor) -> str:
    if "float" not in tensor.dtype:
        return WHOLE
    kind = _MEANS.get(_last(tensor), VALUE)
    return VALUE if kind != YES_NO and (len(tensor.shape) < 2 or tensor.shape[-1] == 1) else kind


def _last(tensor: keras.KerasTensor) -> str | None:
    """The activation that gave these numbers, as far as they were only moved since; over the last axis, if any."""
    operation, node, index = tensor._keras_history
    if not operation._inbound_nodes:
        return None  # an input
    given = operation._inbound_nodes[node].input_tensors
    return _of_operation(operation, given, tensor, index)


def _of_operation(operation, given: list, tensor: keras.KerasTensor, index: int) -> str | None:
    if isinstance(operation, keras.Model):
        return _last(operation.outputs[index])
    if isinstance(operation, layers.TimeDistributed):
        return _of_operation(operation.layer, [], tensor, index) if not _moves(operation.layer) else None
    if isinstance(operation, layers.RNN | layers.Bidirectional):
        return None
    if isinstance(operation, GraphFunction):
        return _OPERATORS.get(operation.last_operator(list(operation.outputs_of)[index]))
    name = _activation(operation, len(tensor.shape))
    if name in _MEANS:
        return name
    if isinstance(operation, layers.Average):
        found = {_last(each) for each in given}
        return found.pop() if len(found) == 1 else None
    if given and ((name == "linear" and isinstance(operation, layers.Activation)) or _moves(operation)):
        return _moved(_last(given[0]), given[0], tensor)
    return None


def _activation(operation, axes: int) -> str | None:
    """The name of the activation with which a layer or operator ends."""
    kind = type(operation).__name__
    if isinstance(operation, layers.Softmax) or kind in _OPERATORS:
        over_last = getattr(operation, "axis", -1) in (-1, axes - 1)
        return _OPERATORS[kind] if kind in _OPERATORS and over_last else None
    return getattr(getattr(operation, "activation", None), "__name__", None)


def _moves(operation) -> bool:
    if isinstance(operation, keras.Layer):
        return isinstance(operation, _MOVES)
    return type(operation).__name__ in _MOVING_OPERATORS


def _moved(activation: str | None, before: keras.KerasTensor, after: keras.KerasTensor) -> str | None:
    """What is left of an activation: classes must still be the last axis."""
    keeps_classes = activation == "sigmoid" or before.shape[-1] == after.shape[-1]
    return activation if keeps_classes else None
