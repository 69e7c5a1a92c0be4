"""`zoo bench rnn` through the real command, on a tiny case; its page and its picture, on made-up figures too."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest
from PIL import Image

from zoo.bench.rnn.bars import verdicts
from zoo.bench.rnn.comparison import compare
from zoo.bench.rnn.contestants import OURS, PEERS
from zoo.bench.rnn.plot import draw, draw_speed, shown
from zoo.bench.rnn.report import errors, for_screen, page, seconds, sizes
from zoo.errors import MissingExtraError

ROOT = Path(__file__).parents[3]
TINY = ("--cells", "gru", "--lengths", 5, "--units", 4, "--layers", 1, "--rounds", 2)
HAS_PEERS = all(importlib.util.find_spec(name) for name in ("torch", "onnx", "onnxruntime"))
FILES = ("bench_rnn.md", "bench_rnn.json", "bench_rnn.png")


def test_ours_alone(zoo, tmp_path):
    kept = tmp_path / "rnn.json"
    printed = json.loads(zoo("bench", "rnn", *TINY, "-o", kept, "--json").stdout)
    assert printed == json.loads(kept.read_text())
    (row,) = printed["rows"]
    assert (row["name"], list(row["contestants"])) == ("GRU T=5 1x4", list(OURS))
    assert all(each["us"] > 0 and each["numpy_us"] > 0 and each["cold_us"] > 0 for each in row["contestants"].values())
    shown = zoo("bench", "rnn", "--from", kept).stdout
    assert "GRU T=5 1x4" in shown
    assert "PyTorch /" not in shown


@pytest.mark.skipif(not HAS_PEERS, reason='peers are not installed: `pip install "hybrid-zoo[peers]"`')
def test_beside_all_peers(zoo, tmp_path):
    where = tmp_path / "bench_rnn.md"
    env = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    shown = zoo("bench", "rnn", "--peers", *TINY, "--write", where, env=env).stdout
    assert "ONNX Runtime" in shown
    assert {path.name for path in tmp_path.iterdir()} == {*FILES, "cache"}
    found = json.loads((tmp_path / "bench_rnn.json").read_text())
    (row,) = found["rows"]
    assert list(row["contestants"]) == [*OURS, *PEERS[:4]]
    floats = [each for name, each in row["contestants"].items() if "int8" not in name]
    assert max(each["error"] for each in floats) < 1e-6
    assert set(found["machine"]["versions"]) >= {"torch", "onnxruntime", "keras", "ai-edge-litert"}
    assert len(list((tmp_path / "cache" / "hybrid-zoo" / "bench").iterdir())) == 2


def test_peers_that_are_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError, match="`onnx` is not installed") as caught:
        compare([], peers=True)
    assert "hybrid-zoo[peers]" in caught.value.hint


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--lengths", "5,many"), "`--lengths 5,many` cannot be read: expected whole numbers"),
        (("--cells", "lsmt"), "the cell `lsmt` is unknown"),
        (("--units", "0"), "units begin at 1: found 0"),
        (("--from", "nowhere.json"), "`nowhere.json` cannot be read"),
        (("-o", "no/such/folder.json"), "cannot be written"),
    ],
)
def test_what_is_refused(zoo, tmp_path, arguments, message):
    assert message in zoo("bench", "rnn", *arguments, code=2, cwd=tmp_path).stderr
    assert not list(tmp_path.iterdir())


@pytest.fixture
def figures(made_up):
    rows = [
        made_up(
            "LSTM", 50, unrolled=10.0, blocked=12.0, auto=10.0, int8=8.0, stock_loop=55.0, onnxruntime=8.4, pytorch=9.0
        ),
        made_up("GRU", 512, unrolled=9.0, blocked=8.0, auto=8.0, pytorch={"refused": "two threads"}, stock_loop=90.0),
    ]
    facts = {"cpu": "Made up", "vector_extensions": ["avx2"], "versions": {"python": "3.11"}}
    protocol = {"rounds": 9, "patience_s": 0.0, "burst_ms": 15.0, "fewest_runs": 3, "thrown_away": 2}
    return {"rows": rows, "machine": facts, "protocol": protocol} | {"bars": verdicts({"rows": rows, "machine": facts})}


def test_the_page_says_what_the_figures_say(figures):
    text = page(figures, "docs/bench_rnn.md")
    assert "| LSTM T=50 1x64 | unrolled | 5.50 | 0.90 | 0.84 | 1.05 |" in text
    assert "| PyTorch | every row | 1 | 0.90 | ≥ 1 | 1.30 | **missed** | LSTM T=50 1x64 |" in text
    assert "- GRU T=512 1x64, PyTorch: two threads" in text
    assert "![Time of each peer over ours, row by row](bench_rnn.png)" in text


def test_tables_are_square(figures):
    for table in [*for_screen(figures), sizes(figures), seconds(figures), errors(figures)]:
        assert {len(row) for row in table.rows} == {len(table.columns)}


def test_pictures_are_drawn_of_what_was_measured(figures, made_up, tmp_path):
    draw(figures, tmp_path / "rnn.png")
    assert [row["name"] for row in shown(figures)] == ["LSTM T=50 1x64"]
    draw_speed(figures, tmp_path / "speed.png")  # PyTorch has a bar, and the int8 file; GRU T=512 is none of its rows
    assert {path.name for path in tmp_path.iterdir()} == {"rnn.png", "speed.png"}
    assert not shown({"rows": [made_up("LSTM", 50, auto={"refused": "two threads"}, stock_loop=1.0)]})


def test_the_page_is_that_of_the_shipped_figures(zoo, tmp_path):
    """The pictures too are made of the figures alone; their bytes depend on the version of matplotlib as well."""
    kept = ROOT / "docs" / "bench_rnn.json"
    if not kept.exists():
        pytest.skip("the bench has not been run yet: `zoo bench rnn --peers --write docs/bench_rnn.md` makes its files")
    (tmp_path / "docs").mkdir()
    zoo("bench", "rnn", "--from", kept, "--write", "docs/bench_rnn.md", cwd=tmp_path)
    assert {path.name for path in (tmp_path / "docs").iterdir()} == {*FILES, "speed.png"}
    for name in FILES[:2]:
        assert (tmp_path / "docs" / name).read_bytes() == (ROOT / "docs" / name).read_bytes()
    for name in ("bench_rnn.png", "speed.png"):
        with Image.open(tmp_path / "docs" / name) as drawn, Image.open(ROOT / "docs" / name) as shipped:
            assert drawn.width == shipped.width
            assert drawn.height == pytest.approx(shipped.height, abs=2)
    assert (ROOT / "docs" / "speed.png").stat().st_size < 60_000
