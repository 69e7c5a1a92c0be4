"""The loop `single`: one run of its part."""

import numpy as np
import pytest

from zoo.errors import BundleError, InputError
from zoo.runtime.decode import get_loop


class Doubler:
    """Parts that double what they are given."""

    def run(self, signature, /, **arrays):
        return {f"{signature} {name}": 2 * array for name, array in arrays.items()}


def test_outputs_are_those_of_the_part():
    found = get_loop({"loop": "single", "part": "predict"}, {}).run(Doubler(), {"x": np.ones(2), "y": np.zeros(1)})
    assert {name: values.tolist() for name, values in found.items()} == {"predict x": [2, 2], "predict y": [0]}


def test_it_takes_no_options():
    loop = get_loop({"loop": "single", "part": "predict"}, {})
    assert dict(loop.options) == {}
    with pytest.raises(InputError, match="unknown option `beam`: the decode loop `single` takes no options"):
        loop.run(Doubler(), {}, beam=2)


def test_an_unknown_loop_is_refused():
    with pytest.raises(BundleError, match=r"needs the decode loop `diffusion`: .* has single, autoregressive, ctc"):
        get_loop({"loop": "diffusion"}, {})
