"""Whether a layer acts a step at a time: what it makes of a frame needs that frame and no other.

Only layers that are known to do so pass; all others are refused, with the reason where it is known.
"""

from __future__ import annotations

import re

from keras import layers

from zoo.export.streaming.flow import POOLINGS, Flow, Reach

_ALWAYS = (
    layers.Activation,
    layers.ActivityRegularization,
    layers.AlphaDropout,
    layers.Dense,
    layers.Dropout,
    layers.ELU,
    layers.Embedding,
    layers.GaussianDropout,
    layers.GaussianNoise,
    layers.Identity,
    layers.LeakyReLU,
    layers.ReLU,
    layers.Rescaling,
    layers.SpatialDropout1D,
    layers.SpatialDropout2D,
    layers.TimeDistributed,
    # Merges of ways that run side by side.
    layers.Add,
    layers.Average,
    layers.Maximum,
    layers.Minimum,
    layers.Multiply,
    layers.Subtract,
)
_BY_AXIS = (
    layers.BatchNormalization,
    layers.Concatenate,
    layers.LayerNormalization,
    layers.Normalization,
    layers.RMSNormalization,
    layers.Softmax,
    layers.UnitNormalization,
)
"""Layers that act on the axis, or axes, `axis`: they pass where that is not time."""

_OPERATIONS = {
    "Absolute",
    "Add",
    "Clip",
    "Divide",
    "Elu",
    "Exp",
    "Gelu",
    "HardSigmoid",
    "HardSilu",
    "HardTanh",
    "Identity",
    "LeakyRelu",
    "Log",
    "Log1p",
    "Maximum",
    "Minimum",
    "Multiply",
    "Negative",
    "Power",
    "Relu",
    "Relu6",
    "Rsqrt",
    "Selu",
    "Sigmoid",
    "Silu",
    "Softplus",
    "Softsign",
    "Sqrt",
    "Square",
    "Subtract",
    "Tanh",
    "TrueDivide",
}
"""Operations of `keras.ops` that act on every number by itself, by their classes' names."""
_OPERATIONS_BY_AXIS = {
    "Concatenate",
    "LogSoftmax",
    "Max",
    "Mean",
    "Min",
    "Normalize",
    "Softmax",
    "Split",
    "Std",
    "Sum",
    "Var",
}
"""Those that act along `axis`: they pass where that is not time."""

_REASONS = {
    layers.Bidirectional: "reads the sequence from its end too",
    layers.Flatten: "puts all frames into one row",
    layers.RepeatVector: "makes a sequence of what is known only after the last frame",
    layers.GroupNormalization: "normalises over all frames; `TimeDistributed` of it over each",
    layers.Cropping1D: "takes frames away, at the end too",
    layers.UpSampling1D: "makes several frames of one",
    **dict.fromkeys(
        (layers.MaxPooling3D, layers.AveragePooling3D),
        "pools over time; `TimeDistributed(MaxPooling2D())` over each frame",
    ),
    **dict.fromkeys(
        (
            layers.GlobalAveragePooling1D,
            layers.GlobalMaxPooling1D,
            layers.GlobalAveragePooling2D,
            layers.GlobalMaxPooling2D,
            layers.GlobalAveragePooling3D,
            layers.GlobalMaxPooling3D,
        ),
        "pools over all frames",
    ),
    **dict.fromkeys(
        (layers.Attention, layers.AdditiveAttention, layers.MultiHeadAttention, layers.GroupQueryAttention),
        "attends to frames that have not come yet",
    ),
    **dict.fromkeys(
        (layers.Conv1DTranspose,),
        "makes several frames of one",
    ),
    **dict.fromkeys(
        (layers.Conv2D, layers.Conv3D, layers.SeparableConv2D, layers.DepthwiseConv2D), "convolves over time"
    ),
}


def obstacle(operation, rank: int) -> str | None:
    """Why what an operation makes of a frame needs other frames; None where it does not.

    Args:
        operation: a layer, or an operation of `keras.ops`.
        rank: axes of what it reads: (batch, time, ...).
    """
    if isinstance(operation, layers.TimeDistributed) and _has_recurrence(operation.layer):
        return "holds a recurrence that begins anew in every frame"
    if type(operation) in _ALWAYS:
        return None
    if type(operation) in _BY_AXIS:
        return None if 1 not in _axes(operation, rank) else "acts along the time axis"
    if isinstance(operation, layers.Permute):
        return None if operation.dims[0] == 1 else "puts another axis in the place of time"
    if isinstance(operation, layers.PReLU):
        return None if 1 in (operation.shared_axes or ()) else "has weights of its own for every frame"
    if isinstance(operation, layers.EinsumDense):
        return einsum_obstacle(operation)
    if type(operation).__module__.startswith("keras.src.ops"):
        if type(operation).__name__ in _OPERATIONS:
            return None
        if type(operation).__name__ in _OPERATIONS_BY_AXIS and operation.axis is not None:
            return None if 1 not in _axes(operation, rank) else "acts along the time axis"
    for kind, reason in _REASONS.items():
        if isinstance(operation, kind):
            return reason
    return "is not known to act a step at a time"


def mask_obstacle(layer) -> str | None:
    """The same for a layer that makes a mask, whatever reads that."""
    masks = isinstance(layer, layers.Masking) or getattr(layer, "mask_zero", False)
    return "masks frames, and a stream has none to mask: it holds no padding" if masks else None


def window_obstacle(layer, flow: Flow, rows: int) -> str | None:
    """The same for a convolution or a pooling over time, which may remember the frames before.

    Args:
        layer: of `flow.CONVOLUTIONS` or `flow.POOLINGS`.
        flow: of what it reads.
        rows: of that in a chunk.
    """
    reach = Reach.of(layer)
    if layer.data_format != "channels_last":
        return "has its channels before its frames"
    if rows % reach.stride:
        return f"takes {reach.stride} rows for one: `--chunk` must be a multiple of {reach.stride * flow.rate} frames"
    padded = reach.padded(flow) != (flow.front, flow.back)
    if isinstance(layer, POOLINGS) and (padded or flow.front or flow.back):
        return "pools over time with padding: `padding='valid'` has none"
    if reach.out(flow).late < 0:
        return "gives frames that are made of padding alone, before the first frame has come"
    return None


def einsum_obstacle(layer: layers.EinsumDense) -> str | None:
    """The same for a product by its letters: that of time must come and go alone."""
    reads, weights, gives = re.split(",|->", layer.equation.replace(" ", "").replace("...", "012"))
    time = reads[1]
    if gives[1:2] != time or time in weights:
        return f"mixes frames: its equation is `{layer.equation}`"
    if time in (layer.bias_axes or ""):
        return "has a bias of its own for every frame"
    shape = layer.partial_output_shape
    if "..." not in layer.equation and shape[0] is not None:
        return f"is written for {shape[0]} frames: `None` in its `output_shape` takes any number"
    return None


def slice_obstacle(key: object, rank: int) -> str | None:
    """The same for `x[key]`, where `key` may come as a list from a file: frames may not be picked, nor the batch."""
    parts = list(key) if isinstance(key, tuple | list) else [key]
    for place, part in enumerate(parts):
        if part is Ellipsis:
            parts[place : place + 1] = [slice(None)] * (rank - len(parts) + 1)
            break
    kept = all(isinstance(part, slice) and part == slice(None) for part in parts[:2])
    return None if kept and not any(part is None for part in parts) else "picks frames"


def _axes(layer, rank: int) -> list[int]:
    axes = layer.axis if isinstance(layer.axis, list | tuple) else [layer.axis]
    return [axis % rank for axis in axes if axis is not None]


def _has_recurrence(layer) -> bool:
    return any(isinstance(each, layers.RNN) for each in layer._flatten_layers())
