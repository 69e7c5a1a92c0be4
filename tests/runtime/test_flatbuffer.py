"""The look into a file agrees with the interpreter that runs it."""

import pytest

from zoo.errors import BundleError
from zoo.runtime.engine.flatbuffer import inspect
from zoo.runtime.engine.litert import LiteRTRunner


@pytest.mark.parametrize("name", ["image", "beat", "own"])
@pytest.mark.parametrize("target", ["float32", "int8"])
def test_signatures_are_those_that_run(bundles, name, target):
    path = bundles / f"{name}.test" / f"{target}.tflite"
    graph, runner = inspect(path), LiteRTRunner(path)
    assert graph.signatures.keys() == runner.signatures.keys()
    for kind in ("inputs", "outputs"):
        found, expected = getattr(graph.signatures["predict"], kind), getattr(runner.signatures["predict"], kind)
        assert {name: (tensor.shape, tensor.dtype) for name, tensor in found.items()} == {
            name: (tensor.shape, tensor.dtype.name) for name, tensor in expected.items()
        }
        assert {name: (*tensor.scales, *tensor.zero_points) for name, tensor in found.items()} == {
            name: (tensor.scale, tensor.zero_point) if tensor.scale else () for name, tensor in expected.items()
        }


def test_operators_are_counted_and_wired(bundles):
    graph = inspect(bundles / "image.test" / "int8.tflite")
    assert graph.counts() == {"QUANTIZE": 1, "CONV_2D": 1, "RESHAPE": 1, "FULLY_CONNECTED": 1}
    convolution = next(operator for operator in graph.operators if operator.name == "CONV_2D")
    image, weights, bias = convolution.inputs
    assert (image.constant, weights.constant, bias.constant) == (False, True, True)
    assert (weights.shape, weights.dtype, weights.elements) == ((4, 3, 3, 3), "int8", 108)
    assert len(weights.scales) == 4  # one a filter
    assert not any(operator.custom for operator in graph.operators)


def test_bytes_are_as_good_as_a_path(bundles):
    path = bundles / "own.test" / "float32.tflite"
    assert inspect(path.read_bytes()) == inspect(path)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is not a TFLite file"),
        (b"a" * 99, "is not a TFLite file: found b'aaaa' at byte 4"),
        (None, "not a whole"),
    ],
)
def test_what_is_no_model_is_refused(bundles, data, message):
    whole = (bundles / "own.test" / "float32.tflite").read_bytes()
    with pytest.raises(BundleError, match=message):
        inspect(whole[:200] if data is None else data)
