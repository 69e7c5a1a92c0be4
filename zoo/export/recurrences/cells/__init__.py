"""The recurrent cells that reach TFLite built-ins, each with its weights as they are now.

`dense` has the equations of LSTM, GRU and SimpleRNN, `convolutional` those of ConvLSTM, `stacked` several cells in one;
`traced` takes any other cell, a user's own, by running its `call`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from keras.layers import RNN, ConvLSTM1D, ConvLSTM2D, ConvLSTM3D, GRUCell, LSTMCell, SimpleRNNCell, StackedRNNCells

from zoo.export.recurrences.cells.cell import Cell, Hook
from zoo.export.recurrences.cells.convolutional import ConvLSTM
from zoo.export.recurrences.cells.dense import (
    GRU,
    LSTM,
    DenseCell,
    GRUResetBefore,
    NearIdentityRNN,
    SimpleRNN,
    is_near_identity,
)
from zoo.export.recurrences.cells.stacked import Stacked
from zoo.export.recurrences.cells.traced import Traced, repeats

__all__ = ["FLOAT_WEIGHTS", "Cell", "Hook", "Kinds", "cell_of", "kinds_for", "repeats"]


def _gru(cell: GRUCell) -> DenseCell:
    return GRU(cell) if cell.reset_after else GRUResetBefore(cell)


def _whole_or_split(cell: SimpleRNNCell) -> DenseCell:
    whole = SimpleRNN(cell)
    return NearIdentityRNN(cell) if is_near_identity(whole.recurrent_kernel) else whole


Kinds = Mapping[type, Callable[..., DenseCell]]
"""The cells of Keras that have equations here -> what makes ours of one."""

FLOAT_WEIGHTS: Kinds = {LSTMCell: LSTM, GRUCell: _gru, SimpleRNNCell: SimpleRNN}
INT8_WEIGHTS: Kinds = {**FLOAT_WEIGHTS, SimpleRNNCell: _whole_or_split}
"""The same where weights are stored in 8 bits, which one of these cells takes another equation for."""


def kinds_for(target: str) -> Kinds:
    """The equations that cells take in the files of a target."""
    return FLOAT_WEIGHTS if target in ("float32", "float16") else INT8_WEIGHTS


def cell_of(layer: RNN, row: tuple[int, ...] | None = None, kinds: Kinds = FLOAT_WEIGHTS) -> Cell:
    """The cell of a recurrent layer.

    Args:
        layer: built.
        row: the shape of what a step reads, without the batch; only a cell that has no equations here needs it.
        kinds: the equations to take, `FLOAT_WEIGHTS` or `INT8_WEIGHTS`.

    Raises:
        ConversionError: it has none, and its `call` cannot be traced.
    """
    cell = layer.cell
    if not type(layer).get_initial_state.__module__.startswith("keras."):
        return Traced(layer, row)  # it may begin with anything
    if type(cell) in kinds:
        return kinds[type(cell)](cell)
    if type(layer) in (ConvLSTM1D, ConvLSTM2D, ConvLSTM3D) and cell.data_format == "channels_last":
        return ConvLSTM(cell)
    if type(cell) is StackedRNNCells and all(type(part) in kinds for part in cell.cells):
        return Stacked([kinds[type(part)](part) for part in cell.cells])
    return Traced(layer, row)
