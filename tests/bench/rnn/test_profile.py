"""Where the time of a step goes: the operators of real files, cut and copied; the page, and the real command."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from zoo.bench.rnn.cases import GATES, Case, cases_to_profile
from zoo.bench.rnn.contestants.litert import CompiledFile
from zoo.bench.rnn.models import build, lower_case
from zoo.bench.rnn.profile.copies import kind, read_at_run_time, repeated
from zoo.bench.rnn.profile.measurement import profile_of
from zoo.bench.rnn.profile.report import for_screen, page
from zoo.bench.rnn.profile.steps import body, middle_step, over_time, products, shorten, stop_after
from zoo.errors import ConversionError, InputError
from zoo.export.assembly.file import read, write

ROOT = Path(__file__).parents[3]
STEPS, UNITS, BLOCK = 32, 8, 8
KINDS = [("LSTM", "float32"), ("GRU", "dynamic_int8"), ("SimpleRNN", "int8")]
LSTM_STEP = {
    ("FULLY_CONNECTED", "8 -> 32"): 1,
    ("ADD", "2 x 32 -> 32"): 1,
    ("LOGISTIC", "32 -> 32"): 1,
    ("STRIDED_SLICE", "32 -> 8"): 4,
    ("MUL", "2 x 8 -> 8"): 3,
    ("TANH", "8 -> 8"): 2,
    ("ADD", "2 x 8 -> 8"): 1,
}
"""The operators of a float step, by hand from the equations."""


@pytest.fixture(scope="module")
def files(converter):
    """A function that gives a recurrence in both forms: `files(cell, target)` -> (unrolled, blocked)."""
    made = {}

    def lowered(cell: str, target: str, form: str) -> bytes:
        case = Case(cell, STEPS, UNITS, 1)
        return lower_case(case, build(case), target, form, converter).data

    def both(cell: str, target: str) -> tuple[bytes, bytes]:
        if (cell, target) not in made:
            made[cell, target] = tuple(lowered(cell, target, form) for form in ("unrolled", "blocked"))
        return made[cell, target]

    return both


@pytest.fixture
def sequence():
    return Case("LSTM", STEPS, UNITS, 1).sequences()


def piece_of(data: bytes):
    (piece,) = read(data).values()
    return piece


@pytest.mark.parametrize(("cell", "target"), KINDS)
def test_a_profile_adds_up(files, sequence, cell, target):
    unrolled, blocked = files(cell, target)
    row = profile_of(unrolled, blocked, sequence, rounds=1, copies=4)
    step = [each for each in row["operators"] if each["steps"] == 1]
    counts = {(each["operator"], each["shapes"]): each["count"] for each in step}
    assert len(counts) == len(step)
    assert sum(counts.values()) == len(middle_step(piece_of(unrolled).graph))
    assert step[0]["operator"] == "FULLY_CONNECTED"
    if cell == "LSTM":
        assert counts == LSTM_STEP
    whole = [each["operator"] for each in row["operators"] if each["steps"] == STEPS]
    assert {"FULLY_CONNECTED", "UNPACK", "PACK"} <= {*whole}
    assert row["sum_us"] == pytest.approx(sum(each["us_a_step"] for each in row["operators"]))
    assert row["step_us"] == pytest.approx(row["sum_us"] + row["between_us"])
    assert all(np.isfinite(each["us_a_step"] / row["step_us"]) for each in row["operators"])
    if target != "dynamic_int8":  # where weights as small as these stay float
        assert row["weight_bytes"] == UNITS * UNITS * GATES[cell] * (4 if target == "float32" else 1)
    assert row["block"] == BLOCK
    assert np.isfinite([row["loop_us"], row["looped_us"]]).all()
    assert row["unsteady"] >= 1


@pytest.mark.parametrize(("cell", "target"), KINDS)
def test_files_of_fewer_steps_compute_the_same(files, sequence, cell, target):
    unrolled, blocked = files(cell, target)
    short, one_block = piece_of(unrolled), piece_of(blocked)
    assert len(products(body(one_block.graph))) == BLOCK
    shorten(short, STEPS, BLOCK)
    stop_after(one_block.graph, BLOCK)
    whole = CompiledFile(unrolled, sequence).infer(sequence)
    part = CompiledFile(write({"predict": short}), sequence[:, :BLOCK]).infer(sequence[:, :BLOCK])
    looped = CompiledFile(write({"predict": one_block}), sequence).infer(sequence)
    assert part.shape == (1, BLOCK, UNITS)
    np.testing.assert_allclose(part, whole[:, :BLOCK], atol=1e-6)
    np.testing.assert_allclose(looped[:, :BLOCK], whole[:, :BLOCK], atol=1e-6)
    assert not looped[:, BLOCK:].any()


def test_copies_of_an_operator_are_computed(files):
    """The file with the copies sums up what the operator gives for x, 2x, 3x, ...; the other, the first of them."""
    step = middle_step(piece_of(files("LSTM", "float32")[0]).graph)
    tanh = next(operator for operator in step if operator.name == "TANH")
    more, less, values = repeated(tanh, 3)
    x = np.linspace(-1, 1, values, dtype=np.float32)[None]
    given = [np.tanh(factor * x) for factor in (1, 2, 3, 4)]
    np.testing.assert_allclose(CompiledFile(more, x).infer(x), np.hstack([sum(given), 4 * x]), atol=1e-5)
    np.testing.assert_allclose(CompiledFile(less, x).infer(x), np.hstack([4 * given[0], 4 * x]), atol=1e-5)


@pytest.mark.parametrize(("cell", "target"), KINDS)
def test_files_differ_by_the_copies_alone(files, cell, target):
    for operator in middle_step(piece_of(files(cell, target)[0]).graph):
        more, less, _ = repeated(operator, 5)
        named = [Counter(each.name for each in piece_of(data).graph.operators) for data in (more, less)]
        assert named[0] - named[1] == {operator.name: 5}
        assert not named[1] - named[0]


def test_kinds(files):
    """Three MUL of a float LSTM step are of one kind; of its slices that from the beginning has options of its own."""
    step = middle_step(piece_of(files("LSTM", "float32")[0]).graph)
    by_name = {name: [each for each in step if each.name == name] for name in ("MUL", "STRIDED_SLICE")}
    assert len(by_name["MUL"]) == 3
    assert len({kind(each) for each in by_name["MUL"]}) == 1
    assert len(by_name["STRIDED_SLICE"]) == 4
    assert len({kind(each) for each in by_name["STRIDED_SLICE"]}) == 2
    first = by_name["STRIDED_SLICE"][0]
    wider = replace(first, outputs=[first.outputs[0].like((1, 2 * UNITS))])
    assert kind(wider) != kind(first)
    assert [tensor.shape for tensor in read_at_run_time(first)] == [(1, 4 * UNITS)]


def test_operators_of_the_whole_sequence(files):
    names = [each.name for each in over_time(piece_of(files("LSTM", "float32")[0]).graph, STEPS)]
    assert names == ["FULLY_CONNECTED", "UNPACK", "PACK"]


def test_a_file_without_steps(files):
    with pytest.raises(ConversionError, match="no step can be told from the next: 0 recurrent products"):
        middle_step(piece_of(files("LSTM", "float32")[1]).graph)


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ((["LSTM", "CRNN"], [8], ["float32"]), "CRNN cannot be profiled: expected some of LSTM, GRU"),
        ((["LSTM"], [8], ["float32", "int4"]), "the targets `int4` cannot be profiled: expected some of float32"),
        ((["LSTM"], [8], ["int8", "int8"]), "the targets `int8`, `int8` cannot be profiled: .* each once"),
        ((["LSTM"], [0], ["int8"]), "units begin at 1: found 0"),
    ],
)
def test_what_is_refused(choice, message):
    with pytest.raises(InputError, match=message):
        cases_to_profile(*choice)


@pytest.mark.slow
def test_the_command(zoo, tmp_path):
    where, kept = tmp_path / "profile.md", tmp_path / "kept.json"
    tiny = ("--cells", "simplernn", "--units", UNITS, "--targets", "float32", "--rounds", 1)
    found = json.loads(zoo("bench", "profile", *tiny, "--write", where, "-o", kept, "--json").stdout)
    assert found == json.loads(kept.read_text("utf-8")) == json.loads(where.with_suffix(".json").read_text("utf-8"))
    (row,) = found["rows"]
    assert (row["cell"], row["units"], row["target"], row["int8_scheme"]) == ("SimpleRNN", UNITS, "float32", None)
    text = where.read_text("utf-8")
    assert text == page(found, where.as_posix())
    assert "## SimpleRNN 8 float32" in text
    assert "| TANH | 8 -> 8 | 1 |" in text
    for table in for_screen(found):
        assert {len(line) for line in table.rows} == {len(table.columns)}


def test_the_command_refuses_before_it_works(zoo, tmp_path):
    refused = zoo("bench", "profile", "--targets", "int4", "--write", "page.md", code=2, cwd=tmp_path)
    assert "the targets `int4` cannot be profiled" in refused.stderr
    assert not list(tmp_path.iterdir())


def test_the_page_is_that_of_the_shipped_figures():
    name = "docs/bench_rnn_profile.md"
    kept = ROOT / "docs" / "bench_rnn_profile.json"
    if not kept.exists():
        pytest.skip(f"no profile is kept yet: `zoo bench profile --write {name}` makes its files")
    assert (ROOT / name).read_text("utf-8") == page(json.loads(kept.read_text("utf-8")), name)
