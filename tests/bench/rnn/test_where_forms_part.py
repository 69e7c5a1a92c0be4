"""Where the forms part: the crossing between measured lengths, and a real measurement of tiny kinds."""

import pytest

from zoo.bench.rnn.forms import WORTH, crossing, measure_forms


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


def test_every_kind_has_a_row():
    found = measure_forms(cells=["SimpleRNN", "LSTM"], units=[4], layers=[2], lengths=[4, 8], rounds=1, processes=1)
    kinds = [(row["cell"], row["target"], row["runtime"]) for row in found["rows"]]
    assert len(set(kinds)) == len(kinds) == 12
    for row in found["rows"]:
        assert (row["units"], row["recurrences"]) == (4, 2)
        assert row["operators"] == {"SimpleRNN": 3, "LSTM": 13}[row["cell"]]
        assert row["unrolled_to"] <= 8
        assert min(row["ratios"].values()) > 0
