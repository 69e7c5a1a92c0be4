"""The form `auto`: what the measured table says, for a kind that it holds and for one that lies between its rows."""

import pytest

from zoo.errors import InputError
from zoo.export.recurrences.forms import GPU_OPERATORS, RUNTIMES, Chooser, Kind, table

LSTM = Kind(operators=13, products=1, units=64, recurrences=1)


MEASURED = [row for row in table() if row.runtime != "any"]


@pytest.mark.parametrize("row", MEASURED, ids=lambda row: f"{row.target} {row.runtime} {row.kind}")
def test_each_row_holds_to_its_length(row):
    choose = Chooser("auto", row.target, row.runtime)
    if row.unrolled_to:
        assert choose(row.kind, row.unrolled_to) == "unrolled"
    assert choose(row.kind, row.unrolled_to + 1) == "blocked"


@pytest.mark.parametrize("target", ["float32", "dynamic_int8", "int8"])
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_every_target_and_runtime_was_measured(target, runtime):
    choose = Chooser("auto", target, runtime)
    assert choose(LSTM, 4) == "unrolled"
    assert choose(LSTM, 100_000) == "blocked"


@pytest.mark.parametrize("row", [row for row in table() if row.runtime == "any"], ids=lambda row: str(row))
def test_any_is_unrolled_where_either_is_and_the_memory_allows_it(row):
    """Weights of 8 MB, packed for each step, are too much wherever a loop saves three of four steps."""
    ends = [one.unrolled_to for one in MEASURED if (one.target, one.kind) == (row.target, row.kind)]
    assert len(ends) == 2
    assert 0.95 * min(ends) <= row.unrolled_to <= 1.05 * max(ends)  # each lies on a line through logarithms
    choose = Chooser("auto", row.target)
    assert choose(row.kind, 8) == "unrolled"
    assert choose(row.kind, row.unrolled_to + 1) == "blocked"
    assert choose(row.kind, 8, weights=8_000_000) == "blocked"
    assert Chooser("auto", row.target, "compiled")(row.kind, 8, weights=8_000_000) == "unrolled"


def test_float16_goes_by_float32():
    lengths = range(1, 2000, 7)
    assert [Chooser(target="float16")(LSTM, n) for n in lengths] == [Chooser()(LSTM, n) for n in lengths]


def test_larger_steps_are_blocked_earlier():
    """A step with one operator more has no row of its own: it goes by the LSTM's, in operators."""
    larger = Kind(operators=14, products=1, units=64, recurrences=1)
    choose = Chooser(runtime="compiled")
    longest = max(length for length in range(4000) if choose(LSTM, length) == "unrolled")
    assert choose(larger, longest * 13 // 14) == "unrolled"
    assert choose(larger, longest * 13 // 14 + 1) == "blocked"


def test_a_gpu_takes_no_loop():
    choose = Chooser(runtime="gpu")
    assert choose(LSTM, GPU_OPERATORS // 13) == "unrolled"
    assert choose(LSTM, GPU_OPERATORS // 13 + 1) == "blocked"


@pytest.mark.parametrize("form", ["unrolled", "blocked"])
def test_a_form_that_is_asked_for(form):
    assert {Chooser(form)(LSTM, length) for length in (1, 100_000)} == {form}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"form": "rolled"}, "unknown form: `rolled`; expected one of `auto`, `unrolled`, `blocked`"),
        ({"runtime": "tpu"}, "unknown runtime: `tpu`; expected one of `any`, `compiled`, `interpreter`, `gpu`"),
    ],
)
def test_unknown_words(wrong, message):
    with pytest.raises(InputError, match=message):
        Chooser(**wrong)
