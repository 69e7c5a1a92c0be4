"""The protocol on contestants that are known: what is in a row, whose figures are refused, when it waits.

No time is asserted.
"""

import os
import threading
from types import SimpleNamespace

import numpy as np
import pytest

from zoo._system.processor import vector_extensions
from zoo.bench.rnn.contestants import Absent, Contestant
from zoo.bench.rnn.timing import LOOKS, PAUSE, Quiet, measure, pinned, refusal, relative_error
from zoo.bench.storage import machine
from zoo.errors import ConversionError
from zoo.verify.measures.latency import Burst, take_turns_by

X = np.ones((1, 2, 3), np.float32)


def contestant(name: str, run=lambda: sum(range(1000)), add: float = 0.0, **facts) -> Contestant:
    return Contestant(name, lambda x: SimpleNamespace(run=run, infer=lambda x: x + np.float32(add)), facts)


def unloadable(x):
    raise ConversionError("not a file")


def test_what_a_row_holds():
    entrants = [
        contestant("unrolled", bytes=7),
        contestant("auto", bytes=7, same_as="unrolled"),
        Absent("stock_loop", "it crashed"),
        contestant("int8", add=0.25),
        Contestant("stock_unroll", unloadable),
    ]
    found = measure(entrants, X, X, rounds=2)
    assert list(found) == ["unrolled", "auto", "stock_loop", "int8", "stock_unroll"]
    first = found["unrolled"]
    assert {"us", "p10", "p90", "numpy_us", "cold_us", "process_ratio", "error", "bytes"} == set(first)
    assert 0 < first["p10"] <= first["us"] <= first["p90"]
    assert found["auto"] == {**first, "same_as": "unrolled"}
    assert found["stock_loop"] == {"refused": "it crashed"}
    assert found["stock_unroll"] == {"refused": "not a file"}
    assert found["int8"]["error"] == 0.25
    assert "us" in found["int8"]


def test_one_that_has_others_work_for_it():
    def run():
        helper = threading.Thread(target=lambda: sum(range(200_000)))
        helper.start()
        helper.join()

    found = measure([contestant("pytorch", run)], X, X, rounds=2)["pytorch"]
    assert found["process_ratio"] > 1.03
    assert "other threads worked too" in found["refused"]
    assert "us" not in found


def test_one_that_computes_something_else():
    found = measure([contestant("onnxruntime", add=0.5)], X, X, rounds=1)["onnxruntime"]
    assert found["refused"] == "it computes something else: off by 0.5 of the output's scale"
    assert found["error"] == 0.5


@pytest.mark.parametrize(
    ("name", "process_ratio", "error", "refused"),
    [
        ("pytorch", 1.03, 1e-4, False),
        ("pytorch", 1.031, 0.0, True),
        ("int8", 1.0, 0.3, False),
        ("blocked", 1.0, 1.1e-4, True),
        ("blocked", 1.0, float("nan"), True),
    ],
)
def test_refusals(name, process_ratio, error, refused):
    assert bool(refusal(name, process_ratio, error)) == refused


def test_error_is_a_share_of_the_scale():
    assert relative_error(np.array([0.1]), np.array([0.2])) == pytest.approx(0.1)
    assert relative_error(np.array([18.0]), np.array([20.0])) == pytest.approx(0.1)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system cannot pin a thread")
def test_the_thread_is_pinned_for_a_while():
    before = os.sched_getaffinity(0)
    with pinned():
        assert len(os.sched_getaffinity(0)) == 1
    assert os.sched_getaffinity(0) == before


def test_bursts_by_two_clocks():
    now, log = [0], []

    def run():
        now[0] += 4_000_000
        log.append("run")

    burst = Burst(nanoseconds=15_000_000, fewest=3, warm=2, before=lambda: log.append("before"))
    times = take_turns_by({"a": run}, (lambda: now[0], lambda: 2 * now[0]), rounds=5, burst=burst)
    assert times == {"a": [[4000.0, 8000.0]] * 5}
    assert log[-7:] == ["before", *["run"] * 6]  # two are thrown away, four fill 15 ms


def test_a_slow_one_is_run_three_times():
    assert Burst(fewest=3).runs(lambda: None, iter(range(0, 10**12, 10**9)).__next__) == 3


def test_the_machine(tmp_path):
    facts = machine()
    assert facts["cpu"]
    assert "torch" not in facts["versions"]
    info = tmp_path / "cpuinfo"
    info.write_text("model name : X\nflags : fpu sse2 avx2 avx512f fma\n\nflags : avx\n")
    assert vector_extensions(info) == ["avx2", "avx512f", "fma"]
    assert vector_extensions(tmp_path / "none") == []


def looks(*times: float):
    """What finds these times, one after another, and is an error where nothing was to be looked at any more."""
    return iter(times).__next__


def test_it_waits_until_the_work_takes_what_it_took():
    quiet = Quiet(60.0, looks(*[10.0] * LOOKS, 20.0, 12.0, 11.0, 11.6, 9.0, 11.0, 10.0))
    quiet()  # 20, 12, 11
    assert round((60.0 - quiet.left) / PAUSE) == LOOKS + 2
    quiet()  # 11.6, 9
    quiet()  # 11: by now too slow, 10
    assert round((60.0 - quiet.left) / PAUSE) == LOOKS + 4


def test_its_patience_ends():
    quiet = Quiet((LOOKS + 2.5) * PAUSE, looks(*[10.0] * LOOKS, 20.0, 20.0, 20.0, 20.0))
    quiet()
    assert quiet.left <= 0
    quiet()


def test_without_patience_nothing_is_looked_at():
    Quiet(0.0, looks())()


def test_real_work():
    quiet = Quiet((LOOKS + 10) * PAUSE)
    with pinned():
        quiet()
    assert quiet.left < 10 * PAUSE + PAUSE
