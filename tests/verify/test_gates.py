"""The table of bounds: each figure passes on its good side and fails on the other, and the reason says both."""

import numpy as np
import pytest

from zoo.bundle.metric import Metric, fraction
from zoo.targets import TARGETS
from zoo.verify.float_operators import FLOAT_OPERATORS, OF_SCHEMES, float_operators
from zoo.verify.gates import (
    BOUNDS,
    answer_gates,
    error_bound,
    graph_gates,
    parity_gate,
    repeat_gates,
    score_gates,
    streaming_gates,
)
from zoo.verify.measures.answers import Judgement
from zoo.verify.measures.graph import GraphFacts
from zoo.verify.measures.streaming import Streamed
from zoo.verify.measures.truths import Rightness

PARITY = {"saved_model": 1e-5, "float32": 1e-4, "float16": 1e-2}
AGREEMENT = {"dynamic_int8": 0.98, "int8": 0.95, "int16x8": 0.98}
POINTS = {"saved_model": 0.01, "float32": 0.1, "float16": 0.3, "dynamic_int8": 1.0, "int8": 1.5, "int16x8": 0.5}


def graph(ends="float32", **changes):
    facts = {"operators": {}, "custom": (), "floating": {}, "large_weights": {}, "gpu": {}}
    signatures = {"predict": {"inputs": {"x": ends}, "outputs": {"y": ends}}}
    return GraphFacts(**{**facts, "signatures": signatures, **changes})


def answers(agreement, kind="value", error=0.1, correlation=0.99):
    same = np.arange(1000)[:, None] < round(1000 * agreement)
    return Judgement(kind, same) if kind == "whole" else Judgement(kind, same, error, error, correlation)


def passed(gates):
    return [gate.passed for gate in gates]


def test_every_target_has_bounds():
    assert set(BOUNDS) == set(TARGETS)


@pytest.mark.parametrize("target", TARGETS)
def test_parity(target):
    bound = PARITY.get(target)
    if bound is None:
        assert parity_gate(target, 1e9) == []
        return
    assert passed(parity_gate(target, bound)) == [True]
    assert passed(parity_gate(target, bound * 1.01)) == [False]
    assert passed(parity_gate(target, float("nan"))) == [False]


@pytest.mark.parametrize("target", TARGETS)
def test_agreement(target):
    bound = AGREEMENT.get(target)
    if bound is None:
        assert answer_gates(target, {"y": answers(0.0)}) == []
        assert passed(answer_gates(target, {"best": answers(0.99, "whole")})) == [True]
        assert passed(answer_gates(target, {"best": answers(0.98, "whole")})) == [False]
        return
    assert passed(answer_gates(target, {"y": answers(bound)})) == [True, True, True]
    assert passed(answer_gates(target, {"y": answers(bound - 1e-3)})) == [False, True, True]
    assert passed(answer_gates(target, {"best": answers(bound - 1e-3, "whole")})) == [False]


@pytest.mark.parametrize(("count", "different", "fits"), [(24, 1, True), (24, 2, False), (9, 1, False)])
def test_one_near_tie_decides_nothing(count, different, fits):
    judged = {"best": Judgement("whole", np.arange(count)[:, None] >= different)}
    assert passed(answer_gates("dynamic_int8", judged)) == [fits]


@pytest.mark.parametrize(
    ("kind", "error", "correlation", "fits"),
    [
        ("value", 0.2, 0.8, [True, True]),
        ("value", 0.21, 0.9, [False, True]),
        ("value", 0.1, 0.79, [True, False]),
        ("yes_no", 0.21, 0.9, [False, True]),
        ("logits", 0.5, 0.9, [True, True]),
        ("probabilities", 0.51, 0.7, [False, False]),
        ("value", float("nan"), None, [False, True]),
    ],
)
def test_errors_of_values_and_probabilities(kind, error, correlation, fits):
    judged = {"good": answers(1.0, "value", 0.01, 0.99), "y": answers(1.0, kind, error, correlation)}
    agreement, *gates = answer_gates("int8", judged)
    assert agreement.passed
    assert passed(gates) == fits
    assert "`y`" in gates[0].figure


def test_who_is_right_as_often_may_answer_otherwise():
    judged = {"kind": answers(0.9, "logits"), "value": answers(1.0)}
    assert passed(answer_gates("int8", judged)) == [False, True, True]
    assert passed(answer_gates("int8", judged, {"kind": Rightness(0.896, 0.892, 0.0)})) == [True] * 4
    assert passed(answer_gates("int8", judged, {"kind": Rightness(0.87, 0.892, 0.0)})) == [False, True, True, True]
    assert passed(answer_gates("int8", judged, {"kind": Rightness(0.87, 0.892, 0.03)})) == [True] * 4


def test_the_worst_output_counts():
    gates = answer_gates("int8", {"one": answers(0.99), "other": answers(0.9)})
    assert passed(gates) == [False, True, True]
    assert "90.00% of `other`" in gates[0].reason


def test_the_bound_of_float32_grows_with_the_steps_of_a_recurrence():
    assert error_bound("float32") == 1e-4
    assert 1.1e-4 < error_bound("float32", 50) < 1.5e-4
    assert passed(parity_gate("float32", 1.1e-4, 50)) == [True]
    assert passed(parity_gate("float32", 1.1e-4)) == [False]
    assert error_bound("int8", 50) is None


@pytest.mark.parametrize("target", TARGETS)
def test_score(target):
    drop = POINTS[target] / 100
    assert passed(score_gates(target, "accuracy", fraction(), 0.9 - 0.99 * drop, 0.9, span=1.0, goal=None)) == [True]
    assert passed(score_gates(target, "accuracy", fraction(), 0.9 - 1.01 * drop, 0.9, span=1.0, goal=None)) == [False]
    gain = passed(score_gates(target, "accuracy", fraction(), 0.9 + 1.01 * drop, 0.9, span=1.0, goal=None))
    assert gain == [target != "saved_model"]  # a SavedModel is the same function or none
    assert passed(
        score_gates(target, "accuracy", fraction(), 0.9 - 3 * drop, 0.9, span=1.0, goal=None, two_errors=4 * drop)
    ) == [True]


def test_an_error_that_grows_is_a_loss():
    """A file thirty times worse than Keras fails, and one that is better passes; bounds are shares of the span."""
    mse = Metric("lower", span=None)
    assert passed(score_gates("int8", "mse", mse, 5.0, 0.16, span=1.0, goal=0.17)) == [False, False]
    assert passed(score_gates("int8", "mse", mse, 0.10, 0.16, span=1.0, goal=0.17)) == [True, True]
    assert passed(score_gates("float32", "mse", mse, 0.10, 0.16, span=1.0, goal=None)) == [True]
    assert passed(score_gates("int8", "mse", mse, 0.16 + 0.0149, 0.16, span=1.0, goal=None)) == [True]
    assert passed(score_gates("int8", "mse", mse, 16.0 + 1.49, 16.0, span=100.0, goal=None)) == [True]
    assert passed(score_gates("int8", "mse", mse, 16.0 + 1.51, 16.0, span=100.0, goal=None)) == [False]
    [gate] = score_gates("int8", "mse", mse, 0.5, 0.16, span=1.0, goal=None)
    assert gate.reason == "score: found mse 0.5000, rise +0.3400, expected rise <= 0.0150"


def streamed(apart=0.0, agreement=1.0, repeats=True):
    return Streamed({"max_abs": 2 * apart, "agreement": agreement}, apart, repeats)


@pytest.mark.parametrize("target", ["saved_model", "float32", "float16", "dynamic_int8", "int8"])
def test_streaming(target):
    """Floats are held to the bound of parity, dynamic scales to that of agreement, integers to the bits."""
    bound = PARITY.get(target, 0.0)
    assert passed(streaming_gates(target, streamed(bound))) == [True, True]
    assert passed(streaming_gates(target, streamed(repeats=False))) == [True, False]
    if target == "dynamic_int8":
        assert passed(streaming_gates(target, streamed(0.1, AGREEMENT[target]))) == [True, True]
        assert passed(streaming_gates(target, streamed(0.0, AGREEMENT[target] - 1e-4))) == [False, True]
    else:
        assert passed(streaming_gates(target, streamed(1.01 * bound + 1e-9))) == [False, True]
        assert passed(streaming_gates(target, streamed(float("nan")))) == [False, True]


def test_a_state_of_a_stream_may_be_float_in_int8():
    def found(name):
        stream = {"inputs": {"x": "int8", "c": "float32"}, "outputs": {"y": "int8", "c": "float32"}}
        return passed(graph_gates("int8", graph(signatures={name: stream})))

    assert found("stream") == [True, True, True]
    assert found("predict") == [True, False, True]


def test_only_int8_keeps_the_recipes_goal():
    assert passed(score_gates("int8", "macro_f1", fraction(), 0.586, 0.6, span=1.0, goal=0.6)) == [True, True]
    assert passed(score_gates("int8", "macro_f1", fraction(), 0.584, 0.59, span=1.0, goal=0.6)) == [True, False]
    assert passed(score_gates("float32", "macro_f1", fraction(), 0.5, 0.5, span=1.0, goal=0.6)) == [True]


@pytest.mark.parametrize("target", [name for name in TARGETS if name != "saved_model"])
def test_custom_operators_fail(target):
    gates = graph_gates(target, graph(custom=("FlexLgamma",)))
    assert "operators" in [gate.name for gate in gates if not gate.passed]
    assert "FlexLgamma" in gates[0].reason


def test_large_weights_of_dynamic_int8():
    assert all(passed(graph_gates("dynamic_int8", graph(large_weights={"int8": 9}))))
    assert all(passed(graph_gates("dynamic_int8", graph())))
    assert passed(graph_gates("dynamic_int8", graph(large_weights={"float32": 1, "int8": 8}))) == [True, False]


@pytest.mark.parametrize(
    ("target", "ends", "fits"),
    [
        ("int8", "int8", True),
        ("int8", "uint8", True),
        ("int8", "int32", True),  # tokens and lengths
        ("int8", "float32", False),
        ("int16x8", "int16", True),
        ("int16x8", "int8", False),
        ("int16x8", "int32", False),
    ],
)
def test_ends(target, ends, fits):
    assert all(passed(graph_gates(target, graph(ends)))) == fits


def test_float_operators_of_int8_stand_in_one_table():
    assert all(passed(graph_gates("int8", graph("int8", floating=dict.fromkeys(FLOAT_OPERATORS, 1)))))
    failed = graph_gates("int8", graph("int8", floating={"CONV_2D": 2}))[-1]
    assert not failed.passed
    assert "CONV_2D x2" in failed.reason
    assert all(reason for reason in FLOAT_OPERATORS.values())
    assert all(passed(graph_gates("int8", graph("int8", floating={"CONV_2D": 2}), ours=False))), "a user's may have it"


def test_some_float_operators_hang_on_the_scheme():
    whole = graph("int8", floating={"MUL": 1, "FULLY_CONNECTED": 2})
    assert not graph_gates("int8", whole, "all int8")[-1].passed
    assert graph_gates("int8", whole, "all int8, float rest")[-1].passed
    assert not graph_gates("int8", graph("int8", floating={"CUSTOM": 1}), "all int8, float rest")[-1].passed
    for scheme, operators in OF_SCHEMES.items():
        assert operators.keys() <= float_operators(f"all int8, {scheme}").keys()
        assert all(operators.values())


def test_reasons_are_those_of_the_cell():
    assert "LSTM" in float_operators("cell state in float")["MUL"]
    assert "LSTM" not in " ".join(float_operators("int8 in matrix products alone").values())
    assert float_operators("encode: all int8; step: cell state in float") == float_operators("cell state in float")


def test_repeats():
    assert passed(repeat_gates(True, True, None)) == [True, True]
    assert passed(repeat_gates(False, False, 2e-5)) == [False, False, False]
    assert passed(repeat_gates(True, True, 0.9e-5)) == [True, True, True]
