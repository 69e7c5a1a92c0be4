"""Every contestant computes what Keras computes, from the same weights; stock files are converted once."""

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from zoo.bench.rnn.cases import CELLS, LONG, OTHERS, Case, grid
from zoo.bench.rnn.contestants import OURS, Absent
from zoo.bench.rnn.contestants.conversions import cached_path, our_contestants, stock_contestants, stock_file
from zoo.bench.rnn.contestants.litert import CompiledFile
from zoo.bench.rnn.models import answer, build
from zoo.bench.rnn.timing import relative_error
from zoo.errors import ConversionError, InputError
from zoo.export.convert import Converter

CASES = [Case(cell, 5, 4, 2) for cell in CELLS]


def ids(case: Case) -> str:
    return case.name


@pytest.fixture(params=CASES, ids=ids)
def case(request):
    return request.param


def check(contestant, case: Case, limit: float = 1e-6) -> None:
    """`infer` on fresh inputs, and after `run` on the one in place, which leaves nothing behind."""
    model, runner = build(case), contestant.load(case.sequences())
    for x in case.sequences(3, seed=5)[:, None]:
        runner.run()
        found = runner.infer(x)
        assert found.shape == (1, case.length, case.units)
        assert relative_error(found, answer(model, x)) <= limit


def test_ours(case, converter):
    entrants = list(our_contestants(case, build(case), converter))
    assert [each.name for each in entrants] == list(OURS)
    for each in entrants:
        check(each, case, {"int8": 0.2, "dynamic_int8": 0.05}.get(each.name, 1e-6))
        assert each.facts["bytes"] > 1000
        assert each.facts["conversion_cpu_s"] > each.facts["converter_cpu_s"] > 0
    by_name = {each.name: each for each in entrants}
    assert by_name["unrolled"].facts["forms"] == ["unrolled"] * case.layers
    assert by_name["blocked"].facts["forms"] == ["blocked"] * case.layers
    assert by_name["auto"].facts["same_as"] in ("unrolled", "blocked")


def test_stock(case, converter, cache):
    loop, unroll = stock_contestants(case, lambda: converter)
    for each in (loop, unroll):
        check(each, case)
    assert len(list(cache.iterdir())) == 2


@pytest.mark.parametrize("case", grid([cell for cell in OTHERS if cell != "Bidirectional"]), ids=ids)
def test_models_beside_the_grid(case, converter, cache):
    model, x = build(case), case.sequences()
    wanted = answer(model, x)
    assert wanted.shape[:2] == (1, case.length)
    assert 0.01 < np.abs(wanted).max() < 100
    entrants = list(our_contestants(case, model, converter))
    entrants += stock_contestants(case, lambda: converter)
    assert [each.name for each in entrants] == [*OURS, "stock_loop"]
    for each in entrants:
        if isinstance(each, Absent):  # a cell that is not lowered yet, which its reason names
            assert "cannot be lowered" in each.reason
        elif "int8" not in each.name:
            assert relative_error(each.load(x).infer(x), wanted) <= 1e-5


def test_pytorch(case):
    pytest.importorskip("torch")
    from zoo.bench.rnn.contestants.pytorch import pytorch_contestant

    check(pytorch_contestant(case), case)


def test_onnx_runtime(case):
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    from zoo.bench.rnn.contestants.onnx_runtime import onnx_contestant

    check(onnx_contestant(case), case)


def test_a_stock_file_is_converted_once(converter, cache):
    case = Case("SimpleRNN", 3, 2, 1)
    data = stock_file(case, False, lambda: converter)
    assert [path.name for path in cache.iterdir()] == [cached_path(case, False).name]
    assert stock_file(case, False, lambda: pytest.fail("converted again")) == data


def test_a_cached_name_holds_all_that_its_file_depends_on():
    cases = grid(["SimpleRNN", "IRNN"], [3, 4], [4], [1, 2])
    names = {cached_path(case, unroll).name for case in cases for unroll in (False, True)}
    assert len(names) == 2 * len(cases)
    name = cached_path(Case("GRU", 50, 4, 2), True).name
    assert name.startswith("stock_unroll-GRU-50x16-2x4-keras-3.")
    assert "-tensorflow-2." in name


def test_a_stock_conversion_that_takes_too_long(cache):
    with Converter(time_limit=0.0) as slow:
        loop, unroll = stock_contestants(Case("LSTM", 3, 2, 1), lambda: slow)
    assert isinstance(loop, Absent)
    assert isinstance(unroll, Absent)
    assert "did not end within 0 s" in loop.reason
    assert not cache.exists() or not list(cache.iterdir())


def test_what_is_not_unrolled(cache):
    def no_converter():
        raise ConversionError("not tried")

    _, unroll = stock_contestants(Case("LSTM", 512, 2, 2), no_converter)
    assert "not in the grid" in unroll.reason


def test_long_sequences_are_timed_alone(converter):
    case = Case("LSTM", 2049, 2, 1)
    assert case.alone
    assert all(each.alone for each in LONG)
    found = list(our_contestants(case, build(case), converter))
    assert [each.name for each in found] == ["unrolled", "blocked", "auto"]
    assert found[0].reason == "not unrolled beyond 2048 steps"
    assert found[2].facts["same_as"] == "blocked"


def test_the_grid():
    assert len(grid(CELLS)) == 48
    assert [case.length for case in grid(OTHERS)] == [10, 16, 32, 50, 512, 512, 512]
    assert [case.name for case in grid(["irnn", "Lstm"], [7], [3], [1])] == ["IRNN T=7 1x3", "LSTM T=7 1x3"]
    with pytest.raises(InputError, match="the cell `lsmt` is unknown") as caught:
        grid(["lsmt"])
    assert caught.value.hint == "did you mean `LSTM`?"
    with pytest.raises(InputError, match="lengths begin at 1: found 5, 0"):
        grid(lengths=[5, 0])
    with pytest.raises(InputError, match="once at most"):
        grid(units=[4, 4])


def test_weights_are_the_same_every_time():
    first, second = (Case("GRU", length, 4, 2).weights() for length in (5, 9))
    for one, other in zip(first, second, strict=True):
        assert [array.shape for array in one] == [(one[0].shape[0], 12), (4, 12), (2, 12)]
        assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    assert np.array_equal(Case("IRNN", 5, 4, 1).weights()[0][1], np.eye(4))


def test_a_file_that_litert_refuses(converter, cache):
    case = Case("SimpleRNN", 3, 2, 1)
    model = schema.ModelT.InitFromPackedBuf(stock_file(case, True, lambda: converter), 0)
    for code in model.operatorCodes:
        code.builtinCode, code.customCode = schema.BuiltinOperator.CUSTOM, b"NobodyKnows"
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    with pytest.raises(ConversionError, match="LiteRT cannot run the file"):
        CompiledFile(bytes(builder.Output()), case.sequences())
