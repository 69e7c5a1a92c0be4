"""The converter's process: what it refuses and what kills it are sentences, and the next conversion goes on."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.schema_py_generated import TensorType
from keras import layers

from zoo.errors import ConversionError
from zoo.export.assembly import operators
from zoo.export.assembly.file import write
from zoo.export.assembly.graph import Graph, Piece, Quantization, Tensor
from zoo.export.convert import Converter
from zoo.runtime.engine.flatbuffer import inspect


def function_of(function, *shape: int):
    """A concrete function of one argument, `x`, to a dictionary of one result, `y`."""
    spec = tf.TensorSpec(shape, tf.float32, name="x")
    return tf.function(lambda x: {"y": function(x)}, autograph=False).get_concrete_function(spec)


def test_functions_share_a_file(converter):
    functions = {"double": function_of(lambda x: 2 * x, 3), "sum": function_of(tf.reduce_sum, 5)}
    signatures = inspect(converter.convert(functions, "float32")).signatures
    shapes = {name: signature.inputs["x"].shape for name, signature in signatures.items()}
    assert shapes == {"double": (3,), "sum": (5,)}


def test_a_crash_is_a_sentence_and_the_next_conversion_goes_on(converter):
    """A stock LSTM, not lowered, under calibration: its WHILE carries the input unchanged, which is deadly."""
    lstm = layers.LSTM(8)
    lstm.build((1, 16, 4))
    examples = np.zeros((2, 1, 16, 4), np.float32)
    with pytest.raises(ConversionError, match="the TFLite converter died of SIGSEGV; its last lines") as crash:
        converter.convert({"predict": function_of(lstm, 1, 16, 4)}, "int8", {"x": examples})
    assert "convert" in crash.value.message.split("its last lines")[1]
    assert inspect(converter.convert({"predict": function_of(tf.nn.relu, 3)}, "float32")).counts() == {"RELU": 1}


def test_a_file_that_ends_its_process_is_a_sentence(converter, tmp_path):
    """An int8 ADD whose output is too fine for its inputs fails a check of the kernel's, which aborts."""
    graph, x = Graph(), Tensor((4,), TensorType.INT8, Quantization((1.0,), (0,)))
    y = operators.add(graph, x, x)
    path = tmp_path / "file.tflite"
    path.write_bytes(write({"predict": Piece(graph, {"x": x}, {"y": y})}))
    converter.first_run(path)
    y.quantization = Quantization((1e-9,), (0,))
    path.write_bytes(write({"predict": Piece(graph, {"x": x}, {"y": y})}))
    with pytest.raises(ConversionError, match="LiteRT died of SIGABRT"):
        converter.first_run(path)
    path.write_bytes(b"no file at all")
    with pytest.raises(ConversionError, match="LiteRT could not run the file"):
        converter.first_run(path)


def test_a_refusal_names_the_operator(converter):
    with pytest.raises(ConversionError, match=r"the TFLite converter refused the model: .*Erfinv"):
        converter.convert({"predict": function_of(tf.math.erfinv, 3)}, "float32")


def test_a_time_limit_ends_the_process():
    with Converter(time_limit=0.0) as converter, pytest.raises(ConversionError, match="did not end within 0 s"):
        converter.convert({"predict": function_of(keras.activations.relu, 3)}, "float32")
