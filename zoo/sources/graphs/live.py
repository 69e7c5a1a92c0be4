"""A model that is an object of this process and that no file can hold: traced, so that its bundle has a reference.

Lambdas, and layers whose `get_config` does not say how they were built, are code that the process has and a file lacks.
What they compute can be traced all the same: recurrences are lowered from the object itself, and the bundle keeps the
graph of the whole.
"""

import keras
import tensorflow as tf

from zoo.families._counting import facts
from zoo.sources.classes import check_classes
from zoo.sources.graphs.frozen import frozen
from zoo.sources.names import input_names, unique_name


def is_traced(layer: keras.Layer) -> bool:
    """Whether a layer holds code of this process: a lambda, or an `__init__` that its configuration does not repeat."""
    try:
        check_classes(keras.saving.serialize_keras_object(layer), layer.name, only_code=True)
    except Exception:  # a lambda is refused; a layer's own `get_config` raises whatever it likes
        return True
    return False


def why_not_as_it_is(model: keras.Model) -> str | None:
    """What of a model's layers would have to be changed before it is exported; None where nothing would."""
    for layer in model._flatten_layers(include_self=False):
        if layer.dtype_policy.name.startswith("mixed_"):
            return f"layer `{layer.name}` computes in {layer.dtype_policy.compute_dtype}"
        if getattr(layer, "stateful", False):
            return f"layer `{layer.name}` is stateful"
        if getattr(layer, "data_format", None) == "channels_first":
            return f"layer `{layer.name}` has its channels first"
    for each in (model, *model.layers):
        if unique_name(each.name, (), "layer") != each.name:
            return f"`{each.name}` is a name that TensorFlow does not take"
    return None


def traced(model: keras.Model) -> keras.Model:
    """The graph of a deployed model, loops and all, as a model of one layer; any batch."""
    specs = {
        name: tf.TensorSpec((None, *model.input[name].shape[1:]), model.input[name].dtype, name)
        for name in sorted(input_names(model))
    }
    counted = facts(model)
    return frozen(
        lambda **given: model(given, training=False),
        specs,
        sorted(model.output),
        model.name,
        parameters=counted["parameters"],
        macs=counted["macs"],
    )
