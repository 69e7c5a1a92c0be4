"""Verdicts on made-up rows."""

import pytest

from zoo.bench.rnn.bars import Bar, bars_of, figure, ratio, verdict, verdicts

AVX2, AVX512 = ["avx", "avx2", "fma"], ["avx2", "avx512f", "avx512_vnni"]


def found(rows: list[dict], vectors: list[str]) -> dict[tuple[str, str], dict]:
    """The verdicts by bar and over what."""
    bars = verdicts({"rows": rows, "machine": {"vector_extensions": vectors}})
    return {(bar["bar"], bar["over"]): bar for bar in bars}


def test_the_worst_row_decides(made_up):
    rows = [made_up("LSTM", 50, auto=10.0, stock_loop=80.0), made_up("GRU", 50, auto=10.0, stock_loop=25.0)]
    bar = found(rows, AVX2)["stock loop, T=50", "every row"]
    assert (bar["value"], bar["worst"], bar["rows"], bar["verdict"]) == (2.5, "GRU T=50 1x64", 2, "must")
    rows[1]["contestants"]["stock_loop"]["us"] = 41.0
    assert found(rows, AVX2)["stock loop, T=50", "every row"]["verdict"] == "aim"
    rows[1]["contestants"]["stock_loop"]["us"] = 19.0
    assert found(rows, AVX2)["stock loop, T=50", "every row"]["verdict"] == "missed"
    assert found(rows, AVX2)["stock loop, T=512", "every row"]["verdict"] == "not measured"


def test_the_geometric_mean(made_up):
    rows = [
        made_up("LSTM", 50, auto=10.0, onnxruntime=5.0),
        made_up("LSTM", 128, auto=10.0, onnxruntime=16.3),
        made_up("GRU", 128, auto=10.0, onnxruntime=1.0),
    ]
    bar = found(rows, AVX512)["ONNX Runtime, LSTM", "mean"]
    assert bar["value"] == pytest.approx((0.5 * 1.63) ** 0.5)
    assert (bar["rows"], bar["worst"], bar["verdict"]) == (2, "LSTM T=50 1x64", "must")
    assert found(rows, AVX512)["ONNX Runtime, GRU", "mean"]["verdict"] == "missed"


def test_a_mean_and_every_row_of_one_peer(made_up):
    rows = [made_up("LSTM", 50, auto=10.0, stock_unroll=9.6), made_up("GRU", 50, auto=10.0, stock_unroll=11.0)]
    bars = found(rows, AVX2)
    assert bars["stock `unroll=True`", "every row"]["verdict"] == "must"
    assert bars["stock `unroll=True`", "mean"]["verdict"] == "missed"


@pytest.mark.parametrize(
    ("vectors", "must", "integer"), [(AVX2, 0.70, 1.0), (["avx512f"], 0.90, 1.0), (AVX512, 0.90, 1.4)]
)
def test_what_is_asked_of_a_cpu(vectors, must, integer):
    limits = {bar.name: bar.must for bar in bars_of(vectors, [])}
    assert limits["ONNX Runtime, LSTM"] == must
    assert limits["ONNX Runtime float32, LSTM, ours in int8 or dynamic_int8"] == integer
    assert (limits["ONNX Runtime, GRU"], limits["ONNX Runtime, SimpleRNN"], limits["ONNX Runtime, IRNN"]) == (
        0.8,
        1.45,
        0.95,
    )


def test_pytorchs_lstm_is_hard_without_avx512(made_up):
    rows = [made_up("LSTM", 512, auto=10.0, pytorch=9.0), made_up("LSTM", 128, auto=10.0, pytorch=14.0)]
    bars = found(rows, AVX2)
    assert bars["PyTorch", "every row"]["verdict"] == "aim"
    assert bars["PyTorch, LSTM T=512", "every row"]["verdict"] == "must"
    bars = found(rows, AVX512)
    assert bars["PyTorch", "every row"]["verdict"] == "missed"
    assert ("PyTorch, LSTM T=512", "every row") not in bars


def test_an_aim_below_the_must_is_none():
    (bar,) = [bar for bar in bars_of(AVX512, []) if bar.name == "ONNX Runtime, SimpleRNN"]
    assert bar.aim is None


def test_less_is_better(made_up):
    rows = [made_up("GRU", 50, auto=10.4, unrolled=10.4, blocked=10.0), made_up("GRU", 128, auto=3.0, blocked=3.0)]
    bar = found(rows, AVX2)["`auto` over the better form", "every row"]
    assert (bar["value"], bar["rows"], bar["verdict"]) == (pytest.approx(1.04), 1, "must")
    errors = [made_up("GRU", 50, unrolled={"error": 1e-7, "us": 1.0}, blocked={"error": 2e-5, "us": 1.0})]
    bar = found(errors, AVX2)["float32 error, of the output's scale", "every row"]
    assert (bar["value"], bar["verdict"]) == (2e-5, "missed")


def test_time_a_step_of_long_sequences(made_up):
    rows = [made_up("LSTM", 512, auto=512.0), made_up("LSTM", 2048, auto=2.2 * 1024), made_up("GRU", 2048, auto=1.0)]
    bar = found(rows, AVX2)["time a step at T=2048 and more over T=512", "every row"]
    assert (bar["value"], bar["rows"], bar["verdict"]) == (pytest.approx(1.1), 1, "must")


def test_seconds_to_convert(made_up):
    def row(length: int, seconds: float, units: int = 64) -> dict:
        return made_up("LSTM", length, units, unrolled={"us": 1.0, "converter_cpu_s": seconds})

    bars = found([row(512, 1.9), row(512, 9.0, 128), row(2000, 5.5)], AVX2)
    assert bars["CPU seconds of the converter, unrolled LSTM 1x64, T=512", "every row"]["verdict"] == "must"
    assert bars["CPU seconds of the converter, unrolled LSTM 1x64, T=2000", "every row"]["verdict"] == "missed"


def test_refused_figures_count_for_nothing(made_up):
    row = made_up("LSTM", 50, auto=10.0, pytorch={"refused": "two threads", "us": 1.0}, int8=5.0, dynamic_int8=4.0)
    assert figure(row, "pytorch") is None
    assert figure(row, "onnxruntime") is None
    assert ratio("pytorch")(row) is None
    assert found([row], AVX2)["PyTorch", "every row"]["verdict"] == "not measured"
    row["contestants"]["onnxruntime"] = {"us": 8.0}
    assert ratio("onnxruntime", "dynamic_int8", "int8")(row) == 2.0


def test_no_rows():
    assert verdict(Bar("any", lambda row: 1.0, 1), [])["verdict"] == "not measured"
