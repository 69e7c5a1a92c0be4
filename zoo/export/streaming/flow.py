"""When the rows of a sequence come, in a stream: what convolutions and poolings make of it.

A stream gives a row of a value for every `rate` frames.  Its row `late` is the first that the whole has: what it gives
before holds frames that never were, and is thrown away.  Padding with zeros costs no row: a window begins with zeros.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from keras import layers

CONVOLUTIONS = (layers.Conv1D, layers.SeparableConv1D, layers.DepthwiseConv1D)
POOLINGS = (layers.MaxPooling1D, layers.AveragePooling1D)


@dataclass(frozen=True)
class Flow:
    """How a value runs in time.

    Args:
        rows: of the whole.
        rate: frames a row.
        late: rows that a stream gives before the first of the whole.
        front, back: zeros around the rows, which the next convolution is to read.
    """

    rows: int
    rate: int = 1
    late: int = 0
    front: int = 0
    back: int = 0

    @property
    def after(self) -> int:
        """Frames before the first row."""
        return self.late * self.rate

    def missing(self, frames: int) -> int:
        """Rows of the whole that a stream of so many frames does not give: those that need zeros behind the end."""
        return self.rows - (frames // self.rate - self.late)


@dataclass(frozen=True)
class Reach:
    """What a convolution or pooling reads: rows from its first to its last, the step between two, and its padding."""

    rows: int
    stride: int
    padding: str

    @classmethod
    def of(cls, layer) -> Reach:
        """Of a layer of `CONVOLUTIONS` or `POOLINGS`."""
        size, dilation = _one(getattr(layer, "kernel_size", None) or layer.pool_size), 1
        if isinstance(layer, CONVOLUTIONS):
            dilation = _one(layer.dilation_rate)
        return cls((size - 1) * dilation + 1, _one(layer.strides), layer.padding)

    def padded(self, flow: Flow) -> tuple[int, int]:
        """Zeros in front of the rows and behind them, those of the flow too."""
        rows = flow.rows + flow.front + flow.back
        if self.padding == "causal":
            return flow.front + self.rows - 1, flow.back
        if self.padding == "valid":
            return flow.front, flow.back
        both = max((-(-rows // self.stride) - 1) * self.stride + self.rows - rows, 0)
        return flow.front + both // 2, flow.back + both - both // 2

    def window(self, flow: Flow) -> int:
        """Rows before those of a chunk that are read: so many that the rows which come out are rows of the whole."""
        front, _ = self.padded(flow)
        least = max(self.rows - self.stride, 0)
        return least + (front - flow.late - least) % self.stride

    def out(self, flow: Flow) -> Flow:
        """How what is made of a flow runs; its `late` is negative where rows come out that no frame is needed for."""
        front, back = self.padded(flow)
        rows = (flow.rows + front + back - self.rows) // self.stride + 1
        late = (flow.late - front + self.window(flow)) // self.stride
        return Flow(rows, flow.rate * self.stride, late)


def with_zeros(layer: layers.ZeroPadding1D, flow: Flow) -> Flow:
    """How a flow runs that a convolution will read with zeros around it."""
    front, back = layer.padding
    return replace(flow, front=flow.front + front, back=flow.back + back)


def _one(value: int | tuple[int, ...]) -> int:
    return value if isinstance(value, int) else value[0]
