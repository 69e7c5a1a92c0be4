"""Convolutions of dynamic_int8 compute in float32, on weights that the file holds in 8 bits."""

import numpy as np
import pytest
from keras import layers
from lowered_models import lowered, model_of, root_mean_square

from zoo.runtime.engine.flatbuffer import inspect
from zoo.verify.measures.graph import read_graph


@pytest.mark.parametrize("form", ["unrolled", "blocked"])
def test_convolutions_compute_in_float(form, converter, tmp_path):
    """By themselves, and in the steps of a loop; products that have a fast kernel for both read 8 bits."""
    model = model_of(
        layers.ConvLSTM2D(16, 3, padding="same", return_sequences=True),
        layers.TimeDistributed(layers.DepthwiseConv2D(3, depth_multiplier=8)),
        layers.TimeDistributed(layers.Conv2D(16, 1)),
        layers.Flatten(),
        layers.Dense(8),
        shape=(9, 6, 6, 4),
    )
    small, large = (lowered(converter, model, target, form=form).data for target in ("dynamic_int8", "float32"))
    convolutions = [op for op in inspect(small).operators if "CONV_2D" in op.name]
    assert {op.inputs[1].dtype for op in convolutions} == {"float32"}
    assert not any(op.inputs[1].constant for op in convolutions)
    (product,) = [op for op in inspect(small).operators if op.name == "FULLY_CONNECTED"]
    assert product.inputs[1].dtype == "int8"
    path = tmp_path / "small.tflite"
    path.write_bytes(small)
    assert set(read_graph(path).large_weights) == {"int8"}
    assert len(small) < 0.6 * len(large)
    assert root_mean_square(model, small) < 0.05
    assert np.isfinite(root_mean_square(model, large))
