"""The decode loop of a stream: chunks go in, states go round, and nothing is run that is not whole."""

import numpy as np
import pytest
from hand_made import sums

from zoo import runtime
from zoo.errors import InputError
from zoo.runtime.decode import Stream

CHUNK = 2
PART = {
    "inputs": {"x": {"shape": [1, CHUNK, 3], "time": True}, "gain": {"shape": [1, 1]}},
    "outputs": {"sums": {"shape": [1, CHUNK, 3], "time": True}, "last": {"shape": [1, 3]}},
    "state": {"sum": {"shape": [1, 3], "dtype": "float32"}},
}


class RunningSum:
    """A part `stream` in NumPy: the sums of all frames so far, times a gain."""

    def run(self, signature, /, **arrays):
        assert signature == "stream"
        assert arrays["x"].shape == (1, CHUNK, 3)
        sums = arrays["sum"][:, None] + np.cumsum(arrays["x"], axis=1)
        return {"sums": arrays["gain"] * sums, "last": arrays["gain"] * sums[:, -1], "sum": sums[:, -1]}


@pytest.fixture
def stream():
    return Stream(RunningSum(), PART)


@pytest.fixture
def x():
    return np.arange(24, dtype=np.float32).reshape(1, 8, 3)


@pytest.mark.parametrize("cuts", [[8], [2, 2, 2, 2], [4, 2, 2]])
def test_frames_may_come_in_any_whole_chunks(stream, x, cuts):
    gain = np.full((1, 1), 2, np.float32)
    ends = np.cumsum(cuts)
    found = [stream.feed(x=x[:, end - cut : end], gain=gain) for end, cut in zip(ends, cuts, strict=True)]
    wanted = 2 * np.cumsum(x, axis=1)
    np.testing.assert_array_equal(np.concatenate([each["sums"] for each in found], axis=1), wanted)
    for each, end in zip(found, ends, strict=True):
        np.testing.assert_array_equal(each["last"], wanted[:, end - 1])


def test_begin_forgets_all_frames(stream, x):
    gain = np.ones((1, 1), np.float32)
    first = stream.feed(x=x, gain=gain)["last"]
    assert not np.array_equal(stream.feed(x=x, gain=gain)["last"], first)
    stream.begin()
    np.testing.assert_array_equal(stream.feed(x=x, gain=gain)["last"], first)


@pytest.mark.parametrize("frames", [0, 1, 3])
def test_what_is_no_whole_chunk_is_refused_and_nothing_is_run(stream, x, frames):
    with pytest.raises(InputError, match=rf"found {frames} of `x`; .* chunks of 2") as found:
        stream.feed(x=x[:, :frames], gain=np.ones((1, 1), np.float32))
    assert "keep what is left over" in found.value.hint
    assert not stream.states["sum"].any()


def test_frames_are_needed(stream):
    with pytest.raises(InputError, match="found none"):
        stream.feed(gain=np.ones((1, 1), np.float32))


def test_a_bundle_without_a_step_cannot_stream(load):
    with pytest.raises(InputError, match=r"`image.test` cannot stream: it has no part `stream`"):
        runtime.load(load("image.test")).stream()


def test_the_part_is_called_what_the_manifest_says(tmp_path):
    """As in bundles of schema 1, whose artifacts call it `step`."""
    stream = runtime.load(sums(tmp_path, np.eye(3, dtype=np.float32), "step")).stream()
    assert stream.feed(np.ones((4, 3))).outputs["y"].tolist() == [[[1] * 3, [2] * 3, [3] * 3, [4] * 3]]
