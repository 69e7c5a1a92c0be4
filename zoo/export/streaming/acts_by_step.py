"""Whether a layer acts a step at a time: what it makes of a frame needs that frame and no other.

Only layers that are known to do so pass; all others are refused, with the reason where it is known.
"""

from __future__ import annotations

from keras import layers

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

_REASONS = {
    layers.Bidirectional: "reads the sequence from its end too",
    layers.Flatten: "puts all frames into one row",
    layers.RepeatVector: "makes a sequence of what is known only after the last frame",
    layers.GroupNormalization: "normalises over all frames",
    layers.ZeroPadding1D: "adds frames, at the end too",
    layers.Cropping1D: "takes frames away, at the end too",
    layers.UpSampling1D: "makes several frames of one",
    **dict.fromkeys(
        (layers.MaxPooling1D, layers.AveragePooling1D, layers.MaxPooling3D, layers.AveragePooling3D),
        "pools over time",
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
        (layers.SeparableConv1D, layers.DepthwiseConv1D, layers.Conv1DTranspose),
        "has no form that reads the past alone; Conv1D with `padding='causal'` has",
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
    if type(operation).__module__.startswith("keras.src.ops") and type(operation).__name__ in _OPERATIONS:
        return None
    for kind, reason in _REASONS.items():
        if isinstance(operation, kind):
            return reason
    return "is not known to act a step at a time"


def mask_obstacle(layer) -> str | None:
    """The same for a layer that makes a mask, whatever reads that."""
    masks = isinstance(layer, layers.Masking) or getattr(layer, "mask_zero", False)
    return "masks frames, and a stream has none to mask: it holds no padding" if masks else None


def conv1d_obstacle(layer: layers.Conv1D) -> str | None:
    """The same for a Conv1D, which may remember the frames before."""
    if layer.data_format != "channels_last":
        return "has its channels before its frames"
    if layer.strides != (1,):
        return f"takes {layer.strides[0]} frames at once: a stride over time"
    if layer.padding != "causal" and layer.kernel_size != (1,):
        return f"reads the frames after one as well: its padding is `{layer.padding}`, expected `causal`"
    return None


def _axes(layer, rank: int) -> list[int]:
    axes = layer.axis if isinstance(layer.axis, list | tuple) else [layer.axis]
    return [axis % rank for axis in axes if axis is not None]


def _has_recurrence(layer) -> bool:
    return any(isinstance(each, layers.RNN) for each in layer._flatten_layers())
