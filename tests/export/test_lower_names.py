"""Names of tensors: what is left of the converter's, that each is there once, and what they cost."""

from collections import Counter

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from keras import layers
from lowered_models import lowered, model_of

from zoo.export.assembly import operators
from zoo.export.assembly.file import write
from zoo.export.assembly.graph import Graph, Piece, Tensor
from zoo.export.assembly.names import layers_in
from zoo.runtime.engine.flatbuffer import inspect, read_signatures


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("functional_1/encoder_1/dense_2/Relu;functional_1/encoder_1/dense_2/MatMul", "encoder/dense_2"),
        ("functional_1/re_lu_1/Relu;functional_1/c1_1/convolution", "c1"),
        ("functional_1/c1/convolution1", "c1"),
        ("unheard_of/inner/Softmax:0", ""),
        ("StatefulPartitionedCall/functional/c1/BiasAdd", "c1"),
        ("StatefulPartitionedCall:0", ""),
        ("", ""),
    ],
)
def test_the_layers_in_a_name(name, expected):
    assert layers_in(name, {"encoder", "dense", "dense_2", "c1"}) == expected


def names_of(data: bytes) -> list[str]:
    return [tensor.name for tensor in inspect(data).tensors]


def test_each_name_is_there_once_though_ends_are_called_alike():
    """A second signature has the same ends; what these are called is never given to another tensor."""
    pieces = {}
    for signature in ("predict", "stream"):
        graph, x = Graph(), Tensor((2,))
        y = operators.add(graph, operators.add(graph, x, operators.constant(np.float32([1, 2]))), x)
        pieces[signature] = Piece(graph, {"add": x}, {"add_2": operators.add(graph, y, y)})
    data = write(pieces)
    counts = Counter(names_of(data))
    assert set(counts.values()) == {1}
    assert {"add", "add_2", "stream/add", "stream/add_2"} < set(counts)
    assert len(counts) == 10
    assert {name for view in read_signatures(data).values() for name in (*view.inputs, *view.outputs)} == {
        "add",
        "add_2",
    }


@pytest.mark.parametrize("form", ["unrolled", "blocked"])
@pytest.mark.parametrize("target", ["float32", "int8"])
def test_a_tensor_is_named_after_layer_step_and_what_it_is(target, form, converter):
    stack = layers.Dense(5, name="widen"), layers.LSTM(4, name="encoder"), layers.Dense(2, name="head")
    model = model_of(*stack, shape=(8, 3))
    names = names_of(lowered(converter, model, target, form=form).data)
    assert len(set(names)) == len(names)
    assert not [name for name in names if not name or len(name) > 40 or ";" in name or "Call" in name]
    for number in range(7 if form == "unrolled" else 2):
        assert {f"encoder/t{number}/{what}" for what in ("xW", "c", "h")} <= {*names}
    assert {"x", *model.output, "encoder/weight", "encoder/x/weight"} <= {*names}


@pytest.mark.parametrize(
    ("stack", "most"), [([layers.Conv1D(32, 5), layers.Dense(64)], 1.03), ([layers.GRU(16)], 1.06)], ids=["CNN", "GRU"]
)
def test_names_cost_little(stack, most, converter):
    """Beside a file without, and with each shape, grid and option where it is used: nothing in it is shared."""
    data = lowered(converter, model_of(*stack, shape=(32, 16)), form="unrolled").data
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    for tensor in (tensor for subgraph in model.subgraphs for tensor in subgraph.tensors):
        tensor.name = ""
    plain = flatbuffers.Builder(1024)
    plain.Finish(model.Pack(plain), b"TFL3")
    assert len(data) <= most * len(plain.Output())
