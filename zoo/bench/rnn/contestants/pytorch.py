"""A case in PyTorch: `torch.nn`'s own recurrent module, time first as it likes it, in inference mode."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch

from zoo.bench.rnn.cases import FEATURES, Case
from zoo.bench.rnn.contestants import Contestant

ORDERS = {"LSTM": (0, 1, 2, 3), "GRU": (1, 0, 2), "SimpleRNN": (0,), "IRNN": (0,)}
"""PyTorch's gates among Keras's: i, f, g, o in both; r, z, n of Keras's z, r, n."""


class Module:
    """The module with a case's weights, on one thread.

    Args:
        case: whose weights.
        x: (1, length, features), what is in place for `run`.
    """

    def __init__(self, case: Case, x: np.ndarray):
        torch.set_num_threads(1)
        self._module = _module(case)
        self._placed = torch.from_numpy(x.swapaxes(0, 1).copy())

    def run(self) -> None:
        """Computes what is in place."""
        with torch.inference_mode():
            self._module(self._placed)

    def infer(self, x: np.ndarray) -> np.ndarray:
        """From NumPy to NumPy."""
        with torch.inference_mode():
            return self._module(torch.from_numpy(x.swapaxes(0, 1)))[0].numpy().swapaxes(0, 1)


def pytorch_contestant(case: Case) -> Contestant:
    """A case with its weights."""
    return Contestant("pytorch", partial(Module, case))


def _module(case: Case) -> torch.nn.RNNBase:
    sizes = {"input_size": FEATURES, "hidden_size": case.units, "num_layers": case.layers}
    if case.cell == "LSTM":
        module = torch.nn.LSTM(**sizes)
    elif case.cell == "GRU":
        module = torch.nn.GRU(**sizes)
    else:
        module = torch.nn.RNN(**sizes, nonlinearity="relu" if case.cell == "IRNN" else "tanh")
    with torch.no_grad():
        for layer, arrays in enumerate(case.gates_first(ORDERS[case.cell])):
            for name, array in zip(("weight_ih", "weight_hh", "bias_ih", "bias_hh"), arrays, strict=True):
                getattr(module, f"{name}_l{layer}").copy_(torch.from_numpy(array))
    return module.eval()
