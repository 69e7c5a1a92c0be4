"""The arithmetic of convolutions and recurrences: output sizes, receptive fields, parameters, multiply-accumulates.

A MAC is one multiplication with its addition; a figure in FLOPs is twice that.  Two formulas are often printed wrongly:
the receptive field grows by the strides of the layers *before* a layer (not by its own), and the MACs of a convolution
go with the size of its *output* (not of its input).  Additions, activations and pooling are not counted.
"""

import math
from collections.abc import Iterable


def output_size(size: int, kernel: int, stride: int = 1, dilation: int = 1, padding: str = "valid") -> int:
    """Positions that a convolution or a pooling puts out along one axis; `causal` pads as much as `same` does.

    valid: floor((n - d (k - 1) - 1) / s) + 1; same, causal: ceil(n / s).
    """
    if padding == "valid":
        return (size - dilation * (kernel - 1) - 1) // stride + 1
    return math.ceil(size / stride)


def receptive_field(layers: Iterable[tuple[int, int, int]]) -> int:
    """Input positions that one output sees along an axis, for a chain of (kernel, stride, dilation); pooling counts
    too.

    RF = 1 + sum over layers of (k - 1) d times the product of the strides before.
    """
    field, jump = 1, 1
    for window in layers:
        field, jump = widened(field, jump, *window)
    return field


def widened(field: int, jump: int, kernel: int, stride: int = 1, dilation: int = 1) -> tuple[int, int]:
    """Receptive field, and input positions between neighbouring outputs ("jump"), behind one more layer."""
    return field + (kernel - 1) * dilation * jump, jump * stride


def convolution_parameters(kernel: Iterable[int], inputs: int, filters: int, groups: int = 1, bias: bool = True) -> int:
    """Weights of a convolution of any rank: k_1 .. k_n C_in / g C_out, and C_out biases.  Dilation adds none."""
    return math.prod(kernel) * inputs // groups * filters + bias * filters


def convolution_macs(output: Iterable[int], kernel: Iterable[int], inputs: int, filters: int, groups: int = 1) -> int:
    """MACs of a convolution: one weight a position of the output.  Dilation adds none."""
    return math.prod(output) * convolution_parameters(kernel, inputs, filters, groups, bias=False)


def depthwise_parameters(kernel: Iterable[int], inputs: int, multiplier: int = 1, bias: bool = True) -> int:
    """Weights of a depthwise convolution: k_1 .. k_n C m, and C m biases."""
    return math.prod(kernel) * inputs * multiplier + bias * inputs * multiplier


def depthwise_macs(output: Iterable[int], kernel: Iterable[int], inputs: int, multiplier: int = 1) -> int:
    """MACs of a depthwise convolution."""
    return math.prod(output) * depthwise_parameters(kernel, inputs, multiplier, bias=False)


def dense_parameters(inputs: int, units: int, bias: bool = True) -> int:
    """Weights of a dense layer."""
    return inputs * units + bias * units


def dense_macs(positions: int, inputs: int, units: int) -> int:
    """MACs of a dense layer applied at a number of positions."""
    return positions * inputs * units


def batch_normalization_parameters(channels: int) -> tuple[int, int]:
    """(trainable, statistics): scale and offset, mean and variance."""
    return 2 * channels, 2 * channels


def recurrent_parameters(cell: str, inputs: int, units: int, bias: bool = True, reset_after: bool = True) -> int:
    """Weights of one direction of a recurrent layer: g N (C + N), and g N biases (2 g N for a GRU with `reset_after`).

    Args:
        cell: `simple_rnn` (g = 1), `gru` (g = 3) or `lstm` (g = 4).
    """
    gates = GATES[cell]
    biases = (2 if cell == "gru" and reset_after else 1) * gates * units
    return gates * units * (inputs + units) + bias * biases


def recurrent_macs(cell: str, steps: int, inputs: int, units: int) -> int:
    """MACs of one direction over a sequence: T g N (C + N).  Products of gates are not counted."""
    return steps * GATES[cell] * units * (inputs + units)


GATES = {"simple_rnn": 1, "gru": 3, "lstm": 4}
