"""A graph of TensorFlow as one layer of Keras, which a `.keras` file can hold: its numbers are weights like others."""

import base64
from collections.abc import Mapping, Sequence

import keras
import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

from zoo.errors import InputError
from zoo.sources.graphs.operators import LOOPS, check_operators, nodes_of

_COPIES = ("Identity", "StopGradient")


@keras.saving.register_keras_serializable("zoo")
class GraphFunction(keras.Layer):
    """A graph without variables: dict of named tensors -> dict of named tensors, all batch first.

    Args:
        graph: TensorFlow's GraphDef, serialised, in base64.
        inputs: by the name of each input, its node and its dtype.
        outputs: by the name of each output, its tensor, `node:0`.
        parameters, macs: of the function, counted before it became a graph; None where nobody knows.
        constants: by the node of each constant that is a weight of the layer, its shape; all are float32.  The graph
            has neither these nodes nor those of inputs.

    Raises:
        InputError: the graph cannot be read, or holds an operator that does more than to compute.
    """

    def __init__(
        self,
        graph: str,
        inputs: Mapping[str, Sequence[str]],
        outputs: Mapping[str, str],
        parameters: int,
        macs: int | None,
        constants: Mapping[str, Sequence[int]],
        **options,
    ):
        super().__init__(**options)
        self.graph, self.inputs_of, self.outputs_of = graph, dict(inputs), dict(outputs)
        self.parameters, self.macs = parameters, macs
        self.constants = {node: tuple(shape) for node, shape in constants.items()}
        self._graph = _read(graph, self.name)

    def build(self, input_shape) -> None:
        """Adds a weight for each constant, in the order of the graph."""
        self._held = {
            node: self.add_weight(shape=shape, name=f"constant_{number}", initializer="zeros", trainable=False)
            for number, (node, shape) in enumerate(self.constants.items())
        }

    def call(self, inputs: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Computes the graph, also where nothing is traced."""
        return self._imported(inputs) if tf.inside_function() else tf.function(self._imported, autograph=False)(inputs)

    def get_config(self) -> dict:
        """The arguments of the layer."""
        return super().get_config() | {
            "graph": self.graph,
            "inputs": self.inputs_of,
            "outputs": self.outputs_of,
            "parameters": self.parameters,
            "macs": self.macs,
            "constants": {node: list(shape) for node, shape in self.constants.items()},
        }

    def last_operator(self, output: str) -> str | None:
        """The operator that gives an output, copies of it looked through; None of an input or a constant."""
        nodes = {node.name: node for node in self._graph.node}
        node = nodes.get(self.outputs_of[output].partition(":")[0])
        while node is not None and node.op in _COPIES:
            node = nodes.get(node.input[0].partition(":")[0])
        return None if node is None else node.op

    @property
    def loop(self) -> NodeDef | None:
        """The first operator that goes on until something is true; None where there is none."""
        return next((node for node in nodes_of(self._graph) if node.op in LOOPS), None)

    def _imported(self, inputs: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        given = {f"{node}:0": tf.cast(inputs[name], dtype) for name, (node, dtype) in self.inputs_of.items()}
        given |= {f"{node}:0": tf.convert_to_tensor(weight) for node, weight in self._held.items()}
        found = tf.graph_util.import_graph_def(self._graph, given, list(self.outputs_of.values()), name="graph")
        return dict(zip(self.outputs_of, found, strict=True))


def encoded(graph: GraphDef) -> str:
    """A graph as the layer takes it."""
    return base64.b64encode(graph.SerializeToString(deterministic=True)).decode("ascii")


def _read(graph: str, name: str) -> GraphDef:
    try:
        found = GraphDef.FromString(base64.b64decode(graph, validate=True))
    except (ValueError, DecodeError) as error:
        raise InputError(f"the graph of layer `{name}` cannot be read: {error}") from error
    check_operators(found, name)
    return found
