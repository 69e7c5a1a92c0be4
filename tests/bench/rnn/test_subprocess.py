"""A process of its own: what comes back from it, and what is said where it dies."""

import os
import sys

import pytest

from zoo.bench.rnn.subprocess import run_in_subprocess
from zoo.bench.rnn.timing import LOOKS, PAUSE, Quiet
from zoo.errors import ConversionError


def facts(*numbers: int, quiet: Quiet) -> tuple[int, int, bool]:
    quiet()
    return os.getpid(), sum(numbers), "tensorflow" in sys.modules


def dies(quiet: Quiet):
    os._exit(3)


def fails(quiet: Quiet):
    raise ConversionError("what was found")


def test_a_fresh_process_for_each_call():
    (first, three, heavy), (second, *_) = (run_in_subprocess(facts, 1, 2, quiet=Quiet()) for _ in range(2))
    assert three == 3
    assert not heavy
    assert len({first, second, os.getpid()}) == 3


def test_what_was_waited_there_is_known_here():
    quiet = Quiet((LOOKS + 5) * PAUSE)
    run_in_subprocess(facts, quiet=quiet)
    assert quiet.left < 6 * PAUSE


def test_what_is_raised_there_is_raised_here():
    with pytest.raises(ConversionError, match="what was found"):
        run_in_subprocess(fails, quiet=Quiet())


def test_a_process_that_dies():
    with pytest.raises(ConversionError, match="died while it did"):
        run_in_subprocess(dies, quiet=Quiet())
