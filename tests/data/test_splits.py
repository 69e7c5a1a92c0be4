"""Validation is cut out of train: nothing is lost, nothing is on both sides, no source is torn apart."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.data import Examples, get_data, hold_out
from zoo.errors import DataError


def examples(groups: list[int] | None, count: int = 6) -> Examples:
    numbers = np.arange(count, dtype=np.int32)
    return Examples({"x": numbers[:, None] * 10.0}, {"logits": numbers}, None if groups is None else np.array(groups))


def test_digits_keep_their_last_200_for_validation():
    whole = get_data("digits").load("train")
    train, validation = hold_out(whole, 200)
    np.testing.assert_array_equal(train.inputs["image"], whole.inputs["image"][:1200])
    np.testing.assert_array_equal(validation.targets["logits"], whole.targets["logits"][1200:])


@given(st.lists(st.integers(0, 4), min_size=2, max_size=40), st.data())
def test_groups_stay_whole(groups, data):
    there = sorted(set(groups))
    chosen = data.draw(st.lists(st.sampled_from(there), unique=True))
    whole = examples(groups, len(groups))
    if not 0 < len(chosen) < len(there):
        with pytest.raises(DataError, match="both sides need some"):
            hold_out(whole, chosen)
        return
    train, validation = hold_out(whole, chosen)
    assert set(validation.groups) == set(chosen)
    assert not set(train.groups) & set(chosen)
    assert sorted([*train.targets["logits"], *validation.targets["logits"]]) == whole.targets["logits"].tolist()
    for part in (train, validation):
        np.testing.assert_array_equal(part.inputs["x"][:, 0], part.targets["logits"] * 10.0)
        assert (np.diff(part.targets["logits"]) > 0).all()


@pytest.mark.parametrize(
    ("groups", "validation", "message"),
    [
        (None, 0, "0 of 6 examples"),
        (None, 6, "6 of 6 examples"),
        (None, [1], "by source where examples have none"),
        ([1, 1, 2, 2, 3, 3], 2, "would part those of one source: 2"),
        ([1, 1, 2, 2, 3, 3], [2, 7, 9], "do not exist: 7, 9; there are 1, 2, 3"),
    ],
)
def test_what_cannot_be_held_out_is_refused(groups, validation, message):
    with pytest.raises(DataError, match=message):
        hold_out(examples(groups), validation)
