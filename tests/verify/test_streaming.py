"""A stream held against the whole: what differs, what leaks and what is left out is found."""

import numpy as np
import pytest

from zoo.verify.measures.streaming import stream

LENGTH, CHUNK = 7, 3
STEP = {
    "inputs": {"x": {"shape": [1, CHUNK, 2], "time": True}},
    "outputs": {"sums": {"shape": [1, CHUNK, 2], "time": True}},
    "state": {"sum": {"shape": [1, 2], "dtype": "float32"}},
}


class Sums:
    """An artifact of two parts in NumPy: the sums of all frames so far."""

    def __init__(self, off: float = 0.0, leak: float = 0.0):
        self._off, self._leak, self._runs = off, leak, 0

    def run(self, signature, /, **arrays):
        self._runs += 1
        before = arrays["sum"][:, None] + self._off if signature == "stream" else 0
        sums = before + np.cumsum(arrays["x"], axis=1) + self._leak * self._runs
        return {"sums": sums, "sum": sums[:, -1]} if signature == "stream" else {"sums": sums}


@pytest.fixture
def inputs():
    return {"x": np.random.default_rng(0).integers(0, 9, (5, LENGTH, 2)).astype(np.float32)}


def streamed(artifact, inputs, rows=1):
    return stream(artifact, STEP, inputs, rows, {})


@pytest.mark.parametrize(("rows", "examples"), [(1, 5), (2, 4), (8, 8)])
def test_a_good_stream_is_the_whole(inputs, rows, examples):
    found = streamed(Sums(), inputs, rows)
    assert found.facts == {"chunk": 3, "examples": examples, "frames": 6, "max_abs": 0.0, "agreement": 1.0}
    assert (found.relative, found.repeats) == (0.0, True)


def test_what_differs_is_found(inputs):
    found = streamed(Sums(off=0.5), inputs)
    assert (found.max_abs, found.repeats) == (1.0, True)
    assert streamed(Sums(off=50.0), inputs).agreement == 0


def test_what_leaks_from_one_stream_to_the_next_is_found(inputs):
    assert not streamed(Sums(leak=1e-3), inputs).repeats


def test_long_sequences_are_few(inputs, monkeypatch):
    monkeypatch.setattr("zoo.verify.measures.streaming.RUNS", 4)
    assert streamed(Sums(), inputs).facts["examples"] == 2
