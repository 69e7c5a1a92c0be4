"""A process of its own for what is timed.

What a process did before decides how fast a long unrolled file is in it: its thousands of operators lie where memory is
free, side by side in a fresh process and scattered in one that has converted and run dozens of models (an LSTM of 64
units over 512 steps: 839 µs and 2683 µs).  The fresh one is also what a device has: LiteRT without TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any

from zoo._system.stderr import held_back, silence_at_exit
from zoo.bench.rnn.timing import Quiet
from zoo.errors import ConversionError


def run_in_subprocess(function: Callable, *arguments, quiet: Quiet, **named) -> Any:
    """Calls a function in a fresh process, which ends with it.

    Args:
        function: of a module that does not import TensorFlow, or the process would.
        arguments, named: what it is given; they, and what it returns, can be pickled.
        quiet: given to it under this name; afterwards it knows what was waited for there.

    Raises:
        ConversionError: the process died.
    """
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        try:
            result, waited = pool.submit(_call, function, arguments, {**named, "quiet": quiet}).result()
        except BrokenProcessPool as error:
            raise ConversionError("the process that runs and times the files died while it did") from error
    quiet.learn(waited)
    return result


def _call(function: Callable, arguments: tuple, named: dict) -> tuple[Any, Quiet]:
    silence_at_exit()
    with held_back(unless_it_fails=True):  # accelerators print lines when they open and close, for every case
        return function(*arguments, **named), named["quiet"]
