"""Features are of unlike magnitude where one grid of 8 bits over all of them loses the smallest."""

import numpy as np
import pytest

from zoo.export.inputs.unlike import unlike

NORMAL = np.random.default_rng(0).normal(size=(200, 10, 3))


@pytest.mark.parametrize(
    ("scales", "expected"), [((1, 1, 1), False), ((1, 2, 5), False), ((1, 1000, 1), True), ((1, 0, 1), False)]
)
def test_features_of_many_scales(scales, expected):
    assert unlike(NORMAL * scales) is expected


def test_what_has_one_feature_is_alike():
    assert not unlike(1e3 * NORMAL[..., :1])
    assert not unlike(NORMAL[:, 0, 0])
    assert not unlike(None)


def test_an_offset_takes_room_too():
    assert unlike(NORMAL * (1, 100, 1) + (0, 1e5, 0))
