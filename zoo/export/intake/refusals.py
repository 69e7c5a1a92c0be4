"""What cannot be lowered is refused before conversion: by layer or input, with the reason and a way out.

The converter would fail minutes later, deep inside, with words about tensor lists; or would not fail and be wrong.
"""

from collections.abc import Iterator

import keras
from keras import layers

from zoo.errors import ConversionError
from zoo.export.intake.request import Request
from zoo.export.intake.shapes import fixed_shapes
from zoo.sources.graphs.layer import GraphFunction
from zoo.sources.names import input_names
from zoo.targets import WHOLE_WEIGHTS


def refuse(model: keras.Model, request: Request) -> None:
    """Returns if nothing that is known to fail is in the way.

    Args:
        model: as it was loaded, before it is given its deployed form.
        request: what is to be made of it.

    Raises:
        ConversionError: a layer, or an input together with a target, cannot be exported.
        InputError: an option is missing that the model needs, or one is given that it has no use for.
    """
    check_inputs(model)
    fixed_shapes(model, request)
    for layer in all_layers(model):
        check_weights(layer)
    if request.targets == ("saved_model",):
        return  # TensorFlow runs every recurrence as it is
    for layer in all_layers(model):
        check_no_table(layer)
        check_no_loop(layer)
    recurrent = [layer for layer in all_layers(model) if isinstance(layer, layers.RNN)]
    for layer in recurrent:
        check_recurrence(layer, request)
    if "int16x8" in request.targets:
        check_int16x8(model, recurrent)


def all_layers(model: keras.Model) -> Iterator[keras.Layer]:
    """Every layer at any depth: in models inside the model, inside wrappers, and cells."""
    return iter(model._flatten_layers(include_self=False))


def check_inputs(model: keras.Model) -> None:
    """A model must know its inputs, and they must be numbers."""
    if not getattr(model, "inputs", None):
        raise ConversionError(
            f"model `{model.name}` does not know its inputs: it is a subclass of `keras.Model` or was not built",
            "`inputs = keras.Input(shape)`, then export `keras.Model(inputs, model(inputs))`",
        )
    for name, tensor in zip(input_names(model), model.inputs, strict=True):
        if tensor.dtype == "string":
            raise ConversionError(
                f"input `{name}` takes text: an artifact takes numbers",
                "export the model behind the text's vectorisation, with token ids as input",
            )


def check_weights(layer: keras.Layer) -> None:
    """Weights must be float32: what they are stored as is the target's choice."""
    for variable in layer.variables:
        if "float" in variable.dtype and variable.dtype != "float32":
            raise ConversionError(
                f"layer `{layer.name}` has weights in {variable.dtype}, expected float32",
                "build the model with the dtype policy `float32` (or `mixed_float16`) and `set_weights` of this one",
            )
    if layer.dtype_policy.quantization_mode is not None:
        raise ConversionError(
            f"layer `{layer.name}` was quantised by Keras ({layer.dtype_policy.name}), expected float32",
            "export the model as it was before `model.quantize`: the targets quantise it themselves",
        )


def check_no_table(layer: keras.Layer) -> None:
    """What looks words up in a table needs text and a resource, which a file has not; whole numbers are compared."""
    if isinstance(layer, layers.StringLookup | layers.TextVectorization):
        raise ConversionError(
            f"layer `{layer.name}` ({type(layer).__name__}) looks its input up in a table, which no TFLite file has",
            "export the model behind it, with what it gives, as int32, for input",
        )


def check_no_loop(layer: keras.Layer) -> None:
    """A graph that came without layers must have no recurrence."""
    if isinstance(layer, GraphFunction) and (loop := layer.loop):
        raise ConversionError(
            f"layer `{layer.name}` is a traced graph with a loop, `{loop.op}` in `{loop.name}`: without its layers no "
            "recurrence can be lowered",
            "export the model that it was traced from once more; the target `saved_model` takes it as is",
        )


def check_recurrence(layer: layers.RNN, request: Request) -> None:
    """A recurrence must repeat its cell as Keras does, and its convolutions must exist in what a target computes in."""
    if not type(layer).inner_loop.__module__.startswith("keras."):
        raise ConversionError(
            f"layer `{layer.name}` repeats its cell in its own way: `{type(layer).__name__}` overrides `inner_loop`",
            "put what a step does into a cell, `keras.layers.RNN(MyCell(8))`; the target `saved_model` takes it as is",
        )
    small = [target for target in request.targets if target not in WHOLE_WEIGHTS]
    if isinstance(layer, layers.ConvLSTM3D) and small:
        raise ConversionError(
            f"layer `{layer.name}` is a ConvLSTM3D, and CONV_3D computes in float alone: found the target `{small[0]}`",
            "the targets `float32` and `float16` take it",
        )


def check_int16x8(model: keras.Model, recurrent: list[keras.Layer]) -> None:
    """The converter gives int16 activations to feed-forward models with float inputs alone."""
    if recurrent:
        raise ConversionError(
            f"layer `{recurrent[0].name}` is recurrent, and int16x8 of recurrences is not built yet",
            "`int8` and `dynamic_int8` are",
        )
    for name, tensor in zip(input_names(model), model.inputs, strict=True):
        if "int" in tensor.dtype:
            raise ConversionError(
                f"input `{name}` is {tensor.dtype}, with which the converter fails for int16x8: expected float32",
                "`int8` and `dynamic_int8` take it",
            )
