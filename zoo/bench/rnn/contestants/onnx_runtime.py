"""A case in ONNX Runtime: the standard's own LSTM, GRU and RNN nodes, time first, bound to buffers in place."""

from __future__ import annotations

from functools import partial

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from zoo.bench.rnn.cases import FEATURES, Case
from zoo.bench.rnn.contestants import Contestant

INPUT, OUTPUT = "sequence", "output"

ORDERS = {"LSTM": (0, 3, 1, 2), "GRU": (0, 1, 2), "SimpleRNN": (0,), "IRNN": (0,)}
"""ONNX's gates among Keras's: i, o, f, g of Keras's i, f, g, o; GRU has z, r, n in both."""

NODES = {
    "LSTM": ("LSTM", {}),
    "GRU": ("GRU", {"linear_before_reset": 1}),  # Keras's `reset_after`
    "SimpleRNN": ("RNN", {"activations": ["Tanh"]}),
    "IRNN": ("RNN", {"activations": ["Relu"]}),
}


class Session:
    """A session of one thread, all optimisations on.

    Args:
        data: the ONNX model.
        units: width of its output.
        x: (1, length, features), what is in place for `run`.
    """

    def __init__(self, data: bytes, units: int, x: np.ndarray):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        self._session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        placed = onnxruntime.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(x.swapaxes(0, 1)))
        result = onnxruntime.OrtValue.ortvalue_from_numpy(np.zeros((x.shape[1], 1, units), np.float32))
        self._binding = self._session.io_binding()
        self._binding.bind_ortvalue_input(INPUT, placed)
        self._binding.bind_ortvalue_output(OUTPUT, result)

    def run(self) -> None:
        """Computes what is in place."""
        self._session.run_with_iobinding(self._binding)

    def infer(self, x: np.ndarray) -> np.ndarray:
        """From NumPy to NumPy."""
        return self._session.run([OUTPUT], {INPUT: np.ascontiguousarray(x.swapaxes(0, 1))})[0].swapaxes(0, 1)


def onnx_contestant(case: Case, name: str = "onnxruntime") -> Contestant:
    """A case with its weights."""
    data = graph(case).SerializeToString()
    return Contestant(name, partial(Session, data, case.units), {"bytes": len(data)})


def graph(case: Case) -> onnx.ModelProto:
    """A case as an ONNX model: (length, 1, features) -> (length, 1, units)."""
    kind, attributes = NODES[case.cell]
    axis = numpy_helper.from_array(np.array([1], np.int64), "directions")
    nodes, constants, value = [], [axis], INPUT
    for layer, (kernel, recurrent, *biases) in enumerate(case.gates_first(ORDERS[case.cell])):
        names = [f"{letter}{layer}" for letter in "WRB"]
        arrays = (kernel, recurrent, np.concatenate(biases))  # of one direction each
        constants += [numpy_helper.from_array(array[None], name) for array, name in zip(arrays, names, strict=True)]
        nodes.append(helper.make_node(kind, [value, *names], [f"Y{layer}"], hidden_size=case.units, **attributes))
        value = OUTPUT if layer == case.layers - 1 else f"h{layer}"
        nodes.append(helper.make_node("Squeeze", [f"Y{layer}", "directions"], [value]))
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [case.length, 1, width])
        for name, width in ((INPUT, FEATURES), (OUTPUT, case.units))
    ]
    model = helper.make_model(
        helper.make_graph(nodes, "case", ends[:1], ends[1:], constants),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    onnx.checker.check_model(model)
    return model
