"""Reads a SavedModel: its inference function, its variables folded in, as a model of one layer.

What has no layers has no recurrence that could be lowered: a loop is refused, by name.
"""

from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from zoo.errors import InputError
from zoo.sources.said import said_by
from zoo.sources.saved_model.layer import GraphFunction, encoded
from zoo.sources.saved_model.operators import LOOPS, check_operators, nodes_of

SERVED = "serving_default"
MIN_WEIGHT = 256
"""Elements of a constant that is kept as a weight of the layer; smaller ones stay in the graph."""
_KERAS = 'save the Keras model itself, `model.save("model.keras")`, and export that file'
_KERAS_2 = 'load it with the Keras 2 that saved it (`pip install tf-keras`), `model.save("model.h5")`, and export that'


def is_saved_model(path: Path) -> bool:
    """Whether a folder holds a SavedModel."""
    return (path / "saved_model.pb").is_file()


def load_saved_model(path: Path) -> keras.Model:
    """The inference function of a SavedModel, as a model from a dict of named inputs to one of named outputs.

    Args:
        path: the folder that `saved_model.pb` stands in.

    Raises:
        InputError: it is damaged, has no such function, holds a loop or an operator that does more than to compute, or
            its first axis is no batch of any size.
    """
    check_operators(_graph_of(path), path.name)
    try:
        loaded = tf.saved_model.load(str(path))  # holds the variables of its signatures, which do not
        signature = _signature(loaded, path)
        names, outputs = sorted(signature.structured_input_signature[1]), sorted(signature.structured_outputs)
        specs = {name: signature.structured_input_signature[1][name] for name in names}
        _check_shapes(specs, path)
        frozen = _frozen(signature, specs, outputs)
    except InputError:
        raise
    except Exception as error:  # TensorFlow raises whatever the files made it stumble over
        raise InputError(f"TensorFlow {tf.__version__} cannot load `{path}`: {said_by(error)}") from error
    return _as_model(frozen, specs, outputs, path)


def _graph_of(path: Path) -> GraphDef:
    try:
        found = SavedModel.FromString((path / "saved_model.pb").read_bytes())
        return found.meta_graphs[0].graph_def
    except (OSError, DecodeError, IndexError) as error:
        raise InputError(f"`{path / 'saved_model.pb'}` is damaged: it holds no graph") from error


def _signature(loaded, path: Path):
    known = list(loaded.signatures)
    if SERVED not in known and len(known) != 1:
        found = ", ".join(f"`{name}`" for name in known) or "none"
        raise InputError(
            f"`{path}` has no signature `{SERVED}`: found {found}",
            '`tf.saved_model.save(model, folder, signatures={"serving_default": function})` names one',
        )
    return loaded.signatures[SERVED if SERVED in known else known[0]]


def _check_shapes(specs: Mapping[str, tf.TensorSpec], path: Path) -> None:
    for name, spec in specs.items():
        if not spec.shape.rank or spec.shape[0] is not None:
            raise InputError(
                f"the input `{name}` of `{path}` has the shape {spec.shape}: expected a first axis that is open, the "
                "batch",
                "save the function with `tf.TensorSpec([None, ...])` for each of its inputs",
            )


def _frozen(signature, specs: Mapping[str, tf.TensorSpec], outputs: list[str]):
    """The function without variables and without calls, its inputs and outputs in the order of their names."""

    def served(*tensors: tf.Tensor) -> list[tf.Tensor]:
        found = signature(**dict(zip(specs, tensors, strict=True)))
        return [found[name] for name in outputs]

    plain = [tf.TensorSpec(spec.shape, spec.dtype) for spec in specs.values()]
    traced = tf.function(served, autograph=False).get_concrete_function(*plain)
    return convert_variables_to_constants_v2(traced, lower_control_flow=False)


def _as_model(frozen, specs: Mapping[str, tf.TensorSpec], outputs: list[str], path: Path) -> keras.Model:
    graph = frozen.graph.as_graph_def()
    if loops := [node for node in nodes_of(graph) if node.op in LOOPS]:
        raise InputError(
            f"`{path}` is a SavedModel with a loop, `{loops[0].op}` in `{loops[0].name}`: a graph of TensorFlow has no "
            "layers, of which no recurrence can be lowered",
            _KERAS_2 if (path / "keras_metadata.pb").is_file() else _KERAS,
        )
    nodes = {name: tensor.op.name for name, tensor in zip(specs, frozen.inputs, strict=True)}
    constants = _large_constants(graph)
    kept = [node for node in graph.node if node.name not in {*constants, *nodes.values()}]
    layer = GraphFunction(
        encoded(GraphDef(node=kept, library=graph.library, versions=graph.versions)),
        {name: (node, specs[name].dtype.name) for name, node in nodes.items()},
        {name: tensor.name for name, tensor in zip(outputs, frozen.outputs, strict=True)},
        {node: array.shape for node, array in constants.items()},
        name="graph",
    )
    inputs = {name: keras.Input(spec.shape[1:], dtype=spec.dtype.name, name=name) for name, spec in specs.items()}
    model = keras.Model(inputs, layer(inputs), name="saved_model")
    layer.set_weights(list(constants.values()))
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
