"""A predictor and its streams are safe to share: threads get the bits that one thread alone gets."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hand_made import sums

from zoo import runtime
from zoo.bundle import load_bundle
from zoo.paths import shipped

THREADS, TIMES, WIDTH = 8, 100, 96
MATRIX = np.random.default_rng(1).normal(size=(WIDTH, WIDTH)).astype(np.float32)
SHIPPED = [("resnet_tiny.digits", "int8"), ("stacked_rnn_tiny.digits", "float32"), ("resnet8.cifar10", "float32")]


@pytest.fixture
def hurry():
    """Threads take turns a hundred thousand times a second."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def together(work):
    """`work(number)` in as many threads at once: what each returned."""
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(work, range(THREADS)))


def bits(prediction):
    return b"".join(values.tobytes() for values in prediction.outputs.values())


@pytest.mark.parametrize(("name", "target"), SHIPPED)
def test_threads_get_the_answers_to_their_own_inputs(name, target, hurry):
    predictor = runtime.load(load_bundle(shipped("saved_models") / name), target)
    [spec] = predictor.inputs.values()
    examples = np.random.default_rng(0).uniform(*spec.range or (0, 255), (THREADS, *spec.example)).astype(np.float32)
    alone = [bits(predictor(example)) for example in examples]
    assert len(set(alone)) == THREADS
    found = together(lambda number: {bits(predictor(examples[number])) for _ in range(TIMES)})
    assert found == [{each} for each in alone]


@pytest.fixture(scope="module")
def sums_bundle(tmp_path_factory):
    return sums(tmp_path_factory.mktemp("sums"), MATRIX)


def test_streams_of_threads_keep_their_own_states(sums_bundle, hurry):
    predictor = runtime.load(sums_bundle)
    frames = np.random.default_rng(2).normal(size=(THREADS, TIMES, WIDTH)).astype(np.float32)

    def work(number):
        stream = predictor.stream()
        return b"".join(bits(stream.feed(frame[None])) for frame in frames[number])

    alone = [work(number) for number in range(THREADS)]
    found = np.frombuffer(alone[0], np.float32).reshape(TIMES, WIDTH)
    np.testing.assert_allclose(found, np.cumsum(frames[0] @ MATRIX.T.astype(np.float64), axis=0), atol=1e-3)
    for _ in range(3):
        assert together(work) == alone


def test_one_stream_takes_each_feed_whole(sums_bundle, hurry):
    """Ones and whole numbers add up to the same sum in any order."""
    stream = runtime.load(sums_bundle).stream()
    first = stream.feed(np.ones((1, WIDTH))).outputs["y"]
    stream.begin()
    together(lambda number: [stream.feed(np.ones((2, WIDTH))) for _ in range(TIMES)])
    count = 2 * THREADS * TIMES + 1
    np.testing.assert_allclose(stream.feed(np.ones((1, WIDTH))).outputs["y"], count * first, rtol=1e-4, atol=1e-3)


def test_predictors_may_be_loaded_at_once_and_leave_standard_error_in_peace():
    code = (
        "import os, threading; from zoo import runtime\n"
        "work = lambda: [runtime.load('resnet_tiny.digits', 'float32') for _ in range(3)]\n"
        "threads = [threading.Thread(target=work) for _ in range(4)]\n"
        "[thread.start() for thread in threads]; [thread.join() for thread in threads]\n"
        "import atexit; atexit.register(os.write, 2, b'and to the end')\n"
        "os.write(2, b'heard ')"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stderr == "heard and to the end"
