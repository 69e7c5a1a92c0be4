"""Ranges that are noted, cut, widened and fitted, and the grids that they become."""

import numpy as np
import pytest
import tensorflow as tf

from zoo.export.assembly.graph import quantization_for
from zoo.export.recurrences.ranges import SCHEMES, WEIGHTS_ALONE, FakeQuant, Int8Scheme, Observer

EVERYTHING = Int8Scheme("everything")


def observer_of(**values) -> Observer:
    observer = Observer(values=1000)
    for name, parts in values.items():
        for part in parts:
            observer(name, tf.constant(part, tf.float32))
    return observer


def test_ranges_span_all_steps_and_hold_zero():
    observer = observer_of(h=[[0.5, -0.25], [0.75, 0.5]], sum=[[3.0, 2.0]])
    assert observer.ranges(EVERYTHING) == {"h": (-0.25, 0.75), "sum": (0.0, 3.0)}


def test_a_quantity_that_is_always_zero_gets_a_range():
    low, high = observer_of(h=[np.zeros(4)]).ranges(EVERYTHING)["h"]
    assert high > low


def test_percentiles_cut_the_tails():
    values = np.concatenate([np.linspace(-1, 1, 10_000), [50.0]])
    low, high = observer_of(c=[values]).ranges(Int8Scheme("cut", percentiles={"c": 99.9}))["c"]
    assert -1 <= low < -0.99
    assert 0.99 < high <= 1.01


def test_recipes_go_from_all_int8_to_hardly_any():
    names = ["x", "xW", "h", "hU", "sum", "gates", "candidate", "squashed", "kept", "added", "c"]
    observer = observer_of(**{name: [[-1.0, 1.0]] for name in names})
    *on_grids, (weights_alone,) = SCHEMES
    counts = [{len(observer.ranges(scheme)) for scheme in alternatives} for alternatives in on_grids]
    assert counts == [{11}, {11}, {8}, {4}], "those side by side leave as much float"
    (last,) = on_grids[-1]
    assert set(observer.ranges(last)) == {"x", "xW", "h", "hU"}
    assert weights_alone is WEIGHTS_ALONE


def test_a_hook_of_some_quantities_knows_no_others():
    hook = FakeQuant((("c", (-9.0, 9.0)), ("x", (-1.0, 1.0))))
    assert (
        hook.of("x", "xW")
        == FakeQuant((("x", (-1.0, 1.0)),))
        == FakeQuant((("x", (-1.0, 1.0)), ("c", (-1.0, 1.0)))).of("x")
    )


def test_fake_quantities_lie_on_the_grid_of_their_range():
    hook = FakeQuant((("h", (-0.5, 0.9)),))
    values = tf.constant(np.linspace(-1, 1, 101), tf.float32)
    grid = quantization_for(-0.5, 0.9)
    steps = np.asarray(hook("h", values)) / grid.scale[0]
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-4)
    assert hook("c", values) is values


@pytest.mark.parametrize(("low", "high"), [(-1, 1), (0, 255), (-3, 0), (0.5, 2), (0, 0)])
def test_a_grid_holds_its_range_and_zero(low, high):
    grid = quantization_for(low, high)
    bounds = grid.bounds(np.int8)
    assert bounds[0] <= min(low, 0) + grid.scale[0]
    assert bounds[1] >= max(high, 0) - grid.scale[0]
    assert isinstance(grid.zero_point[0], int)
