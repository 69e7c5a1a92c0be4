"""The recurrent cells that reach TFLite built-ins, each with its weights as they are now.

`dense` has the equations of LSTM, GRU and SimpleRNN, `convolutional` those of ConvLSTM, `stacked` several cells in one;
`traced` takes any other cell, a user's own, by running its `call`.
"""

from __future__ import annotations

from keras.layers import RNN, ConvLSTM1D, ConvLSTM2D, ConvLSTM3D, GRUCell, LSTMCell, SimpleRNNCell, StackedRNNCells

from zoo.export.recurrences.cells.cell import Cell, Hook
from zoo.export.recurrences.cells.convolutional import ConvLSTM
from zoo.export.recurrences.cells.dense import GRU, LSTM, DenseCell, GRUResetBefore, SimpleRNN
from zoo.export.recurrences.cells.stacked import Stacked
from zoo.export.recurrences.cells.traced import Traced, repeats

__all__ = ["Cell", "Hook", "cell_of", "repeats"]


def cell_of(layer: RNN, row: tuple[int, ...] | None = None) -> Cell:
    """The cell of a recurrent layer.

    Args:
        layer: built.
        row: the shape of what a step reads, without the batch; only a cell that has no equations here needs it.

    Raises:
        ConversionError: it has none, and its `call` cannot be traced.
    """
    cell = layer.cell
    if not type(layer).get_initial_state.__module__.startswith("keras."):
        return Traced(layer, row)  # it may begin with anything
    if type(cell) in _KINDS:
        return _dense(cell)
    if type(layer) in (ConvLSTM1D, ConvLSTM2D, ConvLSTM3D) and cell.data_format == "channels_last":
        return ConvLSTM(cell)
    if type(cell) is StackedRNNCells and all(type(part) in _KINDS for part in cell.cells):
        return Stacked([_dense(part) for part in cell.cells])
    return Traced(layer, row)


def _gru(cell: GRUCell) -> DenseCell:
    return GRU(cell) if cell.reset_after else GRUResetBefore(cell)


_KINDS = {LSTMCell: LSTM, GRUCell: _gru, SimpleRNNCell: SimpleRNN}


def _dense(cell) -> DenseCell:
    return _KINDS[type(cell)](cell)
