"""Waiting for busy neighbours, on pieces of work whose times are given."""

from zoo.bench.rnn.protocol.quiet import LOOKS, PAUSE, Quiet
from zoo.bench.rnn.protocol.timing import pinned


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
