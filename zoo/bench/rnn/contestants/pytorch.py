"""A case in PyTorch: `torch.nn`'s own recurrent module, time first as it likes it, in inference mode."""

from __future__ import annotations

import numpy as np
import torch

from zoo.bench.rnn.cases import FEATURES, Case
from zoo.bench.rnn.contestants.contestant import Contestant


def pytorch_contestant(case: Case, x: np.ndarray) -> Contestant:
    """The module with a case's weights, on one thread."""
    torch.set_num_threads(1)
    module = _module(case)
    placed = torch.from_numpy(x.swapaxes(0, 1).copy())

    def run() -> None:
        with torch.inference_mode():
            module(placed)

    def infer(x: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return module(torch.from_numpy(x.swapaxes(0, 1)))[0].numpy().swapaxes(0, 1)

    return Contestant("pytorch", run, infer)


def _module(case: Case) -> torch.nn.RNNBase:
    sizes = {"input_size": FEATURES, "hidden_size": case.units, "num_layers": case.layers}
    if case.cell == "LSTM":
        module = torch.nn.LSTM(**sizes)
    elif case.cell == "GRU":
        module = torch.nn.GRU(**sizes)
    else:
        module = torch.nn.RNN(**sizes, nonlinearity="relu" if case.cell == "IRNN" else "tanh")
    with torch.no_grad():
        for layer, weights in enumerate(case.weights()):
            arrays = zip(("weight_ih", "weight_hh", "bias_ih", "bias_hh"), _ordered(case, *weights), strict=True)
            for name, array in arrays:
                getattr(module, f"{name}_l{layer}").copy_(torch.from_numpy(np.ascontiguousarray(array)))
    return module.eval()


def _ordered(case: Case, kernel: np.ndarray, recurrent: np.ndarray, bias: np.ndarray) -> list[np.ndarray]:
    """A layer's weights, gates first and in PyTorch's order.

    LSTM: i, f, g, o in both.  GRU: Keras has z, r, n, PyTorch r, z, n, with a recurrent bias of its own in both.
    """
    ours, recurrent_bias = bias if case.cell == "GRU" else (bias, np.zeros_like(bias))
    arrays = [kernel.T, recurrent.T, ours, recurrent_bias]
    if case.cell != "GRU":
        return arrays
    gates = [np.split(array, 3) for array in arrays]
    return [np.concatenate([r, z, n]) for z, r, n in gates]
