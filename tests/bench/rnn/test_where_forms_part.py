"""Where the forms part: the crossing between measured lengths, and a real measurement of tiny kinds."""

import pytest

from zoo.bench.rnn.forms import crossing, measure_forms


@pytest.mark.parametrize(
    ("ratios", "length"),
    [
        ({32: 0.475, 64: 0.475, 128: 1.9}, 90),  # half-way in both logarithms: 64 * sqrt(2)
        ({32: 0.5, 64: 0.95, 128: 1.5}, 64),
        ({32: 0.5, 64: 0.9}, 64),  # never slower: as far as was measured
        ({32: 1.1, 64: 0.9}, 0),
        ({32: 0.9, 64: 1.1, 128: 0.9}, 46),  # an island beyond the first loss is chance: 64 and 128 count as one
        ({32: 0.99, 64: 0.7, 128: 1.9}, 71),  # as is a loss before it
    ],
)
def test_crossing(ratios, length):
    assert crossing(ratios) == length


def test_every_kind_has_a_row():
    found = measure_forms(cells=["SimpleRNN", "LSTM"], units=[4], layers=[2], lengths=[4, 8], rounds=1)
    kinds = [(row["cell"], row["target"], row["runtime"]) for row in found["rows"]]
    assert len(set(kinds)) == len(kinds) == 12
    for row in found["rows"]:
        assert (row["units"], row["recurrences"]) == (4, 2)
        assert row["operators"] == {"SimpleRNN": 3, "LSTM": 13}[row["cell"]]
        assert row["unrolled_to"] <= 8
        assert min(row["ratios"].values()) > 0
