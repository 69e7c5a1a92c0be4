"""Files taken apart and written again, and what may not be in them."""

import flatbuffers
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from zoo.errors import ConversionError
from zoo.export.assembly import operators
from zoo.export.assembly.file import read, write
from zoo.export.assembly.graph import Graph, Piece, Quantization, Tensor


def ran(data: bytes, **inputs) -> dict[str, np.ndarray]:
    return Interpreter(model_content=data).get_signature_runner()(**inputs)


def test_a_file_comes_back_as_it_was(converter):
    """With a loop and a branch, whose subgraphs have to find their operators again."""

    def function(x):
        x = tf.while_loop(lambda i, x: i < 5, lambda i, x: (i + 1, tf.nn.relu(x) * 2), (0, x))[1]
        return {"y": tf.cond(tf.reduce_sum(x) > 10, lambda: x + 1, lambda: x - 1)}

    concrete = tf.function(function).get_concrete_function(tf.TensorSpec((3,), tf.float32, name="x"))
    data = converter.convert({"main": concrete}, "float32")
    again = write({"other": read(data)["main"]})
    for x in ([0.0, 1.0, 2.0], [-1.0, 0.0, 0.1]):
        np.testing.assert_array_equal(ran(data, x=np.float32(x))["y"], ran(again, x=np.float32(x))["y"])
    assert list(read(again)) == ["other"]


def test_equal_constants_share_a_buffer_unless_they_are_copies():
    graph, x = Graph(), Tensor((2,))
    y = x
    for copy in (None, None, 1):
        term = operators.constant(np.float32([3, 4]))
        term.copy = copy
        y = operators.add(graph, y, term)
    data = write({"predict": Piece(graph, {"x": x}, {"y": y})})
    buffers = [
        bytes(buffer.data) for buffer in schema.ModelT.InitFromPackedBuf(data, 0).buffers if buffer.data is not None
    ]
    assert len(buffers) == 2
    assert len(set(buffers)) == 1
    np.testing.assert_array_equal(ran(data, x=np.float32([1, 1]))["y"], [10, 13])


def test_what_nothing_refers_to_is_not_written():
    graph, x = Graph(), Tensor((2,))
    y = operators.add(graph, x, x)
    operators.constant([1, 2, 3])
    model = schema.ModelT.InitFromPackedBuf(write({"predict": Piece(graph, {"x": x}, {"y": y})}), 0)
    assert len(model.subgraphs[0].tensors) == 2


def test_custom_and_tensorflow_operators_are_refused():
    model = schema.ModelT(
        version=3,
        operatorCodes=[schema.OperatorCodeT(builtinCode=schema.BuiltinOperator.CUSTOM, customCode="FlexErfinv")],
        subgraphs=[],
        buffers=[schema.BufferT()],
        signatureDefs=[],
    )
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    with pytest.raises(ConversionError, match="not TFLite built-ins: FlexErfinv"):
        read(bytes(builder.Output()))


def test_zeros_are_zeros_on_any_grid():
    graph, x = Graph(), Tensor((1, 3), schema.TensorType.INT8, Quantization((0.5,), (-7,)))
    y = operators.concatenate(graph, [x, operators.zeros(x, (1, 3)), operators.fill(graph, x, (2, 3))], axis=0)
    data = write({"predict": Piece(graph, {"x": x}, {"y": y})})
    np.testing.assert_array_equal(ran(data, x=np.int8([[1, 2, 3]]))["y"], [[1, 2, 3]] + [[-7] * 3] * 3)
