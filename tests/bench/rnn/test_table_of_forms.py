"""Where the forms part: the crossing between measured lengths, and a real measurement of tiny kinds."""

import json

import pytest

from zoo.bench.rnn.forms import WORTH, crossing, losses, measure_forms
from zoo.bench.rnn.runtimes import table


@pytest.mark.parametrize(
    ("ratios", "length"),
    [
        ({32: 0.5, 64: 0.5, 128: 2.0}, 90),  # half-way in both logarithms: 64 * sqrt(2)
        ({32: 0.5, 64: 1.0, 128: 1.5}, 64),
        ({32: 0.5, 64: 0.9}, 64),  # never slower: as far as was measured
        ({32: 1.1, 64: 1.2}, 0),
        ({32: 1 / 1.1, 64: 1.21, 128: 1.0}, 45),  # an island beyond the first loss is chance: they count as 1.1 both
        ({32: 1.0, 64: 1 / 1.21, 128: 1.1}, 90),  # as is a loss before it
    ],
)
def test_crossing(ratios, length):
    """Ratios in shares of the one from which on the unrolled form is not worth it."""
    assert crossing({at: share * WORTH for at, share in ratios.items()}) == length


def test_losses():
    """By hand: the unrolled form is the slower one on neither, on one, on both; the loop likewise."""
    compiled, interpreter = {8: 0.5, 16: 0.8, 32: 0.9, 64: 1.1}, {8: 0.8, 16: 1.2, 32: 2.0, 64: 1.5, 128: 3.0}
    assert losses(compiled, interpreter) == {8: 0.5, 16: 0.96, 32: 1.8, 64: 1.5}


def test_every_kind_has_a_row():
    found = measure_forms(cells=["SimpleRNN", "LSTM"], units=[4], layers=[2], lengths=[8], rounds=1, processes=1)
    kinds = [(row["cell"], row["target"], row["runtime"]) for row in found["rows"]]
    assert len(set(kinds)) == len(kinds) == 18
    for row in found["rows"]:
        assert (row["units"], row["recurrences"]) == (4, 2)
        assert row["operators"] == {"SimpleRNN": 3, "LSTM": 13}[row["cell"]]
        assert row["unrolled_to"] <= 8
        assert min(row["ratios"].values()) > 0
    assert [memory["packs"] for memory in found["memory"].values()] == [False, True]
    for memory in found["memory"].values():  # the tensors of an operator alone are hundreds of bytes
        assert memory["base"] > 100_000
        assert 500 < memory["operator"] < 20_000


@pytest.mark.slow
def test_both_runtimes_beside_each_other(zoo, cache):
    arguments = ("--cells", "gru", "--lengths", 8, "--units", 4, "--rounds", 1)
    found = json.loads(zoo("bench", "runtimes", *arguments, "--json").stdout)
    (row,) = found["rows"]
    assert list(row["files"]) == ["stock loop", "auto", "unrolled", "blocked"]
    for facts in row["files"].values():
        for runtime in ("compiled", "interpreter"):
            assert facts[runtime]["us"] > 0
            assert facts[runtime]["peak_memory_bytes"] > 0
    shown = table(found)
    assert {len(cells) for cells in shown.rows} == {len(shown.columns)}
