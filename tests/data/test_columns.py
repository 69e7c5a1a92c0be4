"""Columns that take the place of arrays: each behaves as the array that it stands for, and reads no earlier."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.data import Examples
from zoo.data.columns import Indexed, Ragged, Read, blocks, subset

ROWS, STEPS = 7, 5
KINDS = ("array", "indexed", "ragged", "read", "indexed ragged", "indexed read")


def column_of(kind: str, seed: int = 0):
    """(a column, the array that it stands for, the numbers of the rows that were read)."""
    random, reads = np.random.default_rng(seed), []
    stored = random.integers(1, 100, (ROWS, STEPS, 2)).astype(np.int32)
    if kind.endswith("ragged"):
        lengths = random.integers(0, STEPS + 1, ROWS)
        stored[np.arange(STEPS) >= lengths[:, None]] = 0
        column = Ragged.of([row[:length] for row, length in zip(stored, lengths, strict=True)], STEPS)
    elif kind.endswith("read"):
        numbers = np.arange(ROWS)[::-1].copy()
        column = Read(lambda number: reads.append(number) or stored[number], numbers, (STEPS, 2), stored.dtype)
        stored_as = stored[::-1]
        return _indexed(kind, column, stored_as, reads)
    else:
        column = stored
    return _indexed(kind, column, stored, reads)


def _indexed(kind, column, array, reads):
    if not kind.startswith("indexed"):
        return column, array, reads
    index = np.array([3, 3, 0, 6, 1, 3, 0, 2])
    return Indexed(column, index), array[index], reads


places = st.lists(st.integers(-ROWS, ROWS - 1), max_size=6).map(lambda each: np.array(each, int))
slices = st.slices(ROWS)


@given(st.sampled_from(KINDS), places | slices, st.integers(0, 3))
def test_a_column_is_the_array_that_it_stands_for(kind, indices, seed):
    column, array, _ = column_of(kind, seed)
    assert (len(column), tuple(column.shape), column.dtype) == (len(array), array.shape, array.dtype)
    found = column[indices]
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array[indices])
    np.testing.assert_array_equal(column[:], array)


@given(st.sampled_from(KINDS), st.data())
def test_a_subset_is_a_column_again(kind, data):
    column, array, reads = column_of(kind)
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=len(array), max_size=len(array))))
    some = data.draw(st.lists(st.integers(0, len(array) - 1), max_size=5).map(lambda each: np.array(each, int)))
    for chosen in (mask, some):
        part = subset(column, chosen)
        assert not reads, "it was read before it was asked for"
        assert (len(part), tuple(part.shape), part.dtype) == (len(array[chosen]), array[chosen].shape, array.dtype)
        np.testing.assert_array_equal(part[:], array[chosen])
        reads.clear()


def test_rows_of_an_index_are_kept_once():
    rows = np.zeros((4, 3))
    twice = Indexed(rows, np.array([0, 0, 1])).subset(np.array([2, 0]))
    assert twice.rows is rows
    assert twice.index.tolist() == [1, 0]


def test_only_what_is_asked_for_is_read():
    column, _, reads = column_of("read")
    examples = Examples({"x": column}, {"logits": np.arange(ROWS)})
    part = examples.take(np.array([4, 1]))
    assert (len(part), part.inputs["x"].shape, reads) == (2, (2, STEPS, 2), [])
    part.inputs["x"][1:]
    assert reads == [ROWS - 1 - 1]


@pytest.mark.parametrize("kind", ["ragged", "indexed ragged"])
def test_lengths_are_those_of_the_examples(kind):
    column, array, _ = column_of(kind)
    ragged = column if kind == "ragged" else column.rows.subset(column.index)
    lengths = (array != 0).any(-1).sum(1)
    assert ragged.lengths.dtype == np.int32
    assert ragged.lengths.tolist() == lengths.tolist()
    assert ragged.subset(np.array([2, 0])).longest == STEPS  # however short those are that are left


def test_blocks_are_the_whole():
    assert [(each.start, each.stop) for each in blocks(7, 3)] == [(0, 3), (3, 6), (6, 7)]
    assert blocks(0, 3) == []
