"""A TensorFlow function as a Keras model of one layer."""

from collections.abc import Callable, Mapping, Sequence

import keras
import numpy as np
import tensorflow as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from zoo.sources.graphs.layer import GraphFunction, encoded

MIN_WEIGHT = 256
"""Elements of a constant that is kept as a weight of the layer; smaller ones stay in the graph."""


def frozen(
    function: Callable[..., Mapping[str, tf.Tensor]],
    specs: Mapping[str, tf.TensorSpec],
    outputs: Sequence[str],
    name: str,
    *,
    parameters: int,
    macs: int | None = None,
) -> keras.Model:
    """A model from a dict of named inputs to a dict of named outputs, its variables as they are now.

    Args:
        function: takes the inputs by name, gives the outputs by name.
        specs: what the inputs are, batch first.
        outputs: the names.
        name: of the model.
        parameters, macs: of the function, as far as they are known.
    """

    def in_order(*tensors: tf.Tensor) -> list[tf.Tensor]:
        found = function(**dict(zip(specs, tensors, strict=True)))
        return [found[output] for output in outputs]

    plain = [tf.TensorSpec(spec.shape, spec.dtype) for spec in specs.values()]
    traced = tf.function(in_order, autograph=False).get_concrete_function(*plain)
    constant = convert_variables_to_constants_v2(traced, lower_control_flow=False)
    graph = constant.graph.as_graph_def()
    nodes = {name: tensor.op.name for name, tensor in zip(specs, constant.inputs, strict=True)}
    weights = _large_constants(graph)
    kept = [node for node in graph.node if node.name not in {*weights, *nodes.values()}]
    layer = GraphFunction(
        encoded(GraphDef(node=kept, library=graph.library, versions=graph.versions)),
        {name: (node, specs[name].dtype.name) for name, node in nodes.items()},
        {output: tensor.name for output, tensor in zip(outputs, constant.outputs, strict=True)},
        parameters,
        macs,
        {node: array.shape for node, array in weights.items()},
        name="graph",
    )
    inputs = {name: keras.Input(spec.shape[1:], dtype=spec.dtype.name, name=name) for name, spec in specs.items()}
    model = keras.Model(inputs, layer(inputs), name=name)
    layer.set_weights(list(weights.values()))
    return model


def _large_constants(graph: GraphDef) -> dict[str, np.ndarray]:
    """The float32 constants that are weights rather than settings, by their node."""
    found = {}
    for node in graph.node:
        if node.op == "Const" and node.attr["dtype"].type == tf.float32.as_datatype_enum:
            array = tf.make_ndarray(node.attr["value"].tensor)
            if array.size >= MIN_WEIGHT:
                found[node.name] = array
    return found
