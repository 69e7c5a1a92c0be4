"""Reads a SavedModel: its inference function, its variables folded in, as a model of one layer.

What has no layers has no recurrence that could be lowered: a loop is refused, by name.
"""

from collections.abc import Mapping
from pathlib import Path

import keras
import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from zoo.errors import InputError
from zoo.sources.graphs.frozen import frozen
from zoo.sources.graphs.operators import SAVING, VARIABLES, check_operators
from zoo.sources.said import said_by

SERVED = "serving_default"
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
    check_operators(_graph_of(path), path.name, VARIABLES | SAVING)
    try:
        loaded = tf.saved_model.load(str(path))  # holds the variables of its signatures, which do not
        signature = _signature(loaded, path)
        check_operators(signature.graph.as_graph_def(), path.name, VARIABLES)
        specs = dict(sorted(signature.structured_input_signature[1].items()))
        _check_shapes(specs, path)
        parameters = sum(int(variable.shape.num_elements() or 0) for variable in signature.variables)
        model = frozen(signature, specs, sorted(signature.structured_outputs), "saved_model", parameters=parameters)
    except InputError:
        raise
    except Exception as error:  # TensorFlow raises whatever the files made it stumble over
        raise InputError(f"TensorFlow {tf.__version__} cannot load `{path}`: {said_by(error)}") from error
    if loop := model.get_layer("graph").loop:
        raise InputError(
            f"`{path}` is a SavedModel with a loop, `{loop.op}` in `{loop.name}`: a graph of TensorFlow has no layers, "
            "of which no recurrence can be lowered",
            _KERAS_2 if (path / "keras_metadata.pb").is_file() else _KERAS,
        )
    return model


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
