"""The bounds that an artifact must meet to ship, as one table, and how what was measured is held against them."""

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from zoo.families import PREDICT
from zoo.tasks import Metric
from zoo.verify.float_operators import float_operators
from zoo.verify.measures.answers import CHOICES, ERROR, WHOLE, Judgement
from zoo.verify.measures.graph import GraphFacts
from zoo.verify.measures.streaming import Streamed
from zoo.verify.measures.truths import Rightness

BATCH_ERROR = 1e-5
"""Largest difference between a batch and its examples one by one, times the scale of the outputs."""
STEP_ERROR = 8 * 2.0**-23
"""What each step of a recurrence adds to the bound on float32's error: a step of an LSTM rounds about eight numbers,
each by a unit in the last place: a gate's sum and its activation, two products of the state and their sum, ..."""
CHOICE_ERROR = 0.5
"""Largest error of the probabilities of a choice, as a share of their spread."""
FEW = 10
"""Of so many answers or more, one may be another, whatever share of them it is."""
CORRELATION = 0.8
"""Least correlation with Keras's values: what answers by habit, a mean or the commonest class, may agree often, and has
none."""


NO_TRUTHS: Mapping[str, Rightness] = MappingProxyType({})


@dataclass(frozen=True)
class GraphRule:
    """What the graph of a file must be."""

    name: str
    bound: str
    """What is expected, in words."""
    offenders: Callable[[GraphFacts, str | None], Collection[str]]
    """What in a graph is not so, made by a scheme of int8 or by none; empty where all is well."""
    ours: bool = False
    """Whether it is for the zoo's own bundles alone: of a user's model what cannot be int8 may stay float."""


@dataclass(frozen=True)
class Bounds:
    """What one target must meet."""

    error: float | None
    """Largest difference from Keras on the parity examples, times the scale of the outputs; None: not bounded."""
    agreement: float | None
    """Least share of answers that are Keras's, of the output where it is least; None: only whole numbers are looked at,
    which `whole` bounds."""
    drop: float
    """Largest loss of the headline metric against Keras on the whole test split, as a share of the metric's span."""
    graph: tuple[GraphRule, ...] = ()
    """What the file's graph must be; a SavedModel has none that is looked at."""
    equal: bool = False
    """Whether a gain beyond `drop` is refused too: the artifact is meant to be the same function."""
    keeps_goal: bool = False
    """Whether the metric may not fall below the recipe's `reach` by more than `drop` either."""
    whole: float = 0.99
    """Least share of whole numbers, such as an argmax, that are Keras's where `agreement` does not bound it."""


def _others(counts: Mapping[str, int], allowed: Collection[str]) -> list[str]:
    return [f"{name} x{count}" for name, count in counts.items() if name not in allowed]


def _ends(graph: GraphFacts) -> Iterator[tuple[str, str]]:
    """(name, type) of every input and output but the states of a stream."""
    for part, signature in graph.signatures.items():
        # A state comes out and goes in under one name, of whatever type: a cell state may be float.
        states = signature["inputs"].keys() & signature["outputs"].keys() if part != PREDICT else ()
        for tensors in signature.values():
            yield from ((name, kind) for name, kind in tensors.items() if name not in states)


def ends_are(*types: str) -> GraphRule:
    """Every input and output is of one of these types."""
    return GraphRule(
        "inputs and outputs",
        " or ".join(types),
        lambda graph, _: sorted(f"`{name}` {kind}" for name, kind in _ends(graph) if kind not in types),
        ours=True,
    )


# Flex and custom operators need a runtime that devices do not have.
BUILT_INS = GraphRule("operators", "built-ins only", lambda graph, _: graph.custom)
# A large weight that stayed float was missed by the converter.
LARGE_WEIGHTS = GraphRule("large weights", "int8 only", lambda graph, _: _others(graph.large_weights, ("int8",)))
INTEGERS = GraphRule(
    "float operators",
    "those of the table only",
    lambda graph, scheme: _others(graph.floating, float_operators(scheme)),
    ours=True,
)

BOUNDS = {
    "saved_model": Bounds(error=1e-5, agreement=None, drop=1e-4, equal=True),
    "float32": Bounds(error=1e-4, agreement=None, drop=0.001, graph=(BUILT_INS,)),
    "float16": Bounds(error=1e-2, agreement=None, drop=0.003, graph=(BUILT_INS,)),
    "dynamic_int8": Bounds(error=None, agreement=0.98, drop=0.010, graph=(BUILT_INS, LARGE_WEIGHTS)),
    "int8": Bounds(
        error=None,
        agreement=0.95,
        drop=0.015,
        graph=(BUILT_INS, ends_are("int8", "uint8", "int32", "bool"), INTEGERS),
        keeps_goal=True,
    ),
    "int16x8": Bounds(error=None, agreement=0.98, drop=0.005, graph=(BUILT_INS, ends_are("int16"))),
}


_EXACT_STREAMS = ("int8",)
"""Targets whose step computes the integers of the whole."""


@dataclass(frozen=True)
class Gate:
    """One bound and the figure that was held against it."""

    name: str
    figure: str
    bound: str
    passed: bool

    @property
    def reason(self) -> str:
        """The sentence that stands on a card where the gate failed."""
        return f"{self.name}: found {self.figure}, expected {self.bound}"


def graph_gates(target: str, graph: GraphFacts, scheme: str | None = None, *, ours: bool = True) -> list[Gate]:
    """The gates of a `.tflite` file that need no run of it.

    Args:
        target: whose bounds.
        graph: what is in the file.
        scheme: by which one its recurrences were made int8; see `float_operators`.
        ours: whether the model is one of the zoo's.
    """
    rules = [rule for rule in BOUNDS[target].graph if ours or not rule.ours]
    found = [(rule, rule.offenders(graph, scheme)) for rule in rules]
    return [Gate(rule.name, ", ".join(others) or rule.bound, rule.bound, not others) for rule, others in found]


def parity_gate(target: str, relative: float, steps: int = 0) -> list[Gate]:
    """The largest difference from Keras.

    Args:
        target: whose bounds.
        relative: the difference as a share of the outputs' scale.
        steps: of the longest recurrence; see `error_bound`.
    """
    bound = error_bound(target, steps)
    if bound is None:
        return []
    return [Gate("parity", f"{relative:.1e} x scale", f"<= {bound:.3g} x scale", relative <= bound)]


def error_bound(target: str, steps: int = 0) -> float | None:
    """The largest difference from Keras that a target may have, times the scale of the outputs; None: any.

    A recurrence computes on what it computed: each step rounds its numbers anew, in another order than Keras's kernels
    do, and where nothing damps them, the differences add up.  So the bound grows with the steps.
    """
    bound = BOUNDS[target].error
    return None if bound is None else bound + STEP_ERROR * steps


def answer_gates(
    target: str, judged: Mapping[str, Judgement], right: Mapping[str, Rightness] = NO_TRUTHS
) -> list[Gate]:
    """How often the artifact answers as Keras does, and how far its numbers are off: the worst of the outputs counts.

    Args:
        target: whose bounds.
        judged: every output by name.
        right: of outputs of which the right answers are known; who is right as often may answer otherwise than Keras.
    """
    bounds = BOUNDS[target]
    if bounds.agreement is None:
        judged = {name: judgement for name, judgement in judged.items() if judgement.kind == WHOLE}
    if not judged:
        return []
    least = bounds.whole if bounds.agreement is None else bounds.agreement
    gates = [_right_gate(bounds, name, found) for name, found in right.items()]
    if agreements := {name: -judgement.agreement for name, judgement in judged.items() if name not in right}:
        name = _worst(agreements)
        found = judged[name].agreement
        figure = f"same answer on {found:.2%}{_where(name, judged)}"
        gates.append(Gate("agreement", figure, f">= {least:.0%}", found >= least or _but_one(judged[name])))
    valued = {name: judgement for name, judgement in judged.items() if judgement.typical is not None}
    return [*gates, *_value_gates(valued)] if valued else gates


def _but_one(judgement: Judgement) -> bool:
    """Whether all answers but one are Keras's: of few examples a single near tie would decide."""
    return judgement.same.size >= FEW and judgement.same.size - judgement.same.sum() <= 1


def _right_gate(bounds: Bounds, name: str, found: Rightness) -> Gate:
    """Few examples say little: a drop of two standard errors may be chance."""
    allowed, drop = max(bounds.drop, found.two_errors), found.keras - found.found
    figure = f"`{name}` right on {found.found:.2%}, Keras on {found.keras:.2%}"
    return Gate("right answers", figure, f"drop <= {100 * allowed:.2f} points", drop <= allowed)


def _value_gates(judged: Mapping[str, Judgement]) -> Iterator[Gate]:
    """The error of values and probabilities beside their spread, and whether they go with Keras's at all."""
    errors = {name: judgement.typical / _bound_of(judgement.kind) for name, judgement in judged.items()}
    name = _worst(errors)
    bound, where = _bound_of(judged[name].kind), _where(name, judged)
    passed = errors[name] <= 1
    yield Gate("error", f"{judged[name].typical:.2g} x spread{where}", f"<= {bound:g} x spread", passed)
    correlations = {
        name: -judgement.correlation for name, judgement in judged.items() if judgement.correlation is not None
    }
    if correlations:
        name = _worst(correlations)
        least, found = f">= {CORRELATION:g}", judged[name].correlation
        yield Gate("correlation", f"{found:.3f}{_where(name, judged)}", least, found >= CORRELATION)


def _worst(figures: Mapping[str, float]) -> str:
    """The name of the largest; NaN is larger than any."""
    return max(figures, key=lambda name: np.nan_to_num(figures[name], nan=np.inf))


def _where(name: str, judged: Mapping[str, Judgement]) -> str:
    return f" of `{name}`" if len(judged) > 1 else ""


def _bound_of(kind: str) -> float:
    """On the error: a choice is its class, and its probabilities may be off by more."""
    return CHOICE_ERROR if kind in CHOICES else ERROR


def score_gates(
    target: str,
    name: str,
    metric: Metric,
    value: float,
    keras: float,
    *,
    span: float,
    goal: float | None,
    two_errors: float = 0.0,
) -> list[Gate]:
    """The headline metric on the whole test split.

    Args:
        target: whose bounds.
        name, metric: the headline's name, and what it says of better and worse.
        value, keras: of the artifact and of the Keras model.
        span: what the bounds are shares of, in the metric's unit.
        goal: what the recipe promises, None where it promises nothing.
        two_errors: two standard errors of the paired difference on a small test split, which a drop may have; else 0.
    """
    bounds = BOUNDS[target]
    allowed = max(bounds.drop * span, two_errors)
    loss = abs(value - keras) if bounds.equal else metric.gain(keras, value)
    word = "change" if bounds.equal else "drop" if metric.better == "higher" else "rise"
    figure = f"{name} {_plain(value, span)}, {word} {_plain(loss, span, sign=True)}"
    gates = [Gate("score", figure, f"{word} <= {_plain(allowed, span)}", loss <= allowed)]
    if bounds.keeps_goal and goal is not None:
        floor, sign = metric.worse_by(goal, allowed), ">=" if metric.better == "higher" else "<="
        met = metric.reaches(value, floor)
        gates.append(Gate("goal", f"{name} {_plain(value, span)}", f"{sign} {_plain(floor, span)}", met))
    return gates


def _plain(value: float, span: float, *, sign: bool = False) -> str:
    """A number to as many decimals as a ten thousandth of the span has."""
    decimals = max(0, 4 - math.floor(math.log10(span))) if span > 0 else 4
    return f"{value:{'+' if sign else ''}.{decimals}f}"


def streaming_gates(target: str, streamed: Streamed, steps: int = 0) -> list[Gate]:
    """Whether frames that come one after another are answered as the whole is, by the same artifact.

    The bound is that of the target against Keras; integers are computed alike, so nothing may differ at all.
    """
    bound, least, equal = error_bound(target, steps), BOUNDS[target].agreement, streamed.max_abs == 0
    if bound is not None:
        figure, words = f"{streamed.relative:.1e} x scale", f"<= {bound:.3g} x scale"
        gate = Gate("streaming", figure, words, streamed.relative <= bound)
    elif target in _EXACT_STREAMS:
        figure = "same bits" if equal else f"{streamed.max_abs:.1e} apart"
        gate = Gate("streaming", figure, "the bits of the whole", equal)
    else:
        gate = Gate(
            "streaming", f"same answer on {streamed.agreement:.2%}", f">= {least:.0%}", streamed.agreement >= least
        )
    found = "same bits" if streamed.repeats else "other bits"
    return [gate, Gate("streamed again", found, "same bits", streamed.repeats)]


def repeat_gates(same_bits: bool, independent: bool, batch_error: float | None) -> list[Gate]:
    """Determinism: see `measures.repeats.Repeats`."""
    gates = [
        Gate("repeated", "same bits" if same_bits else "other bits", "same bits", same_bits),
        Gate("interleaved", "same bits" if independent else "other bits", "same bits", independent),
    ]
    if batch_error is not None:
        bound = f"<= {BATCH_ERROR:g} x scale"
        gates.append(Gate("batch equals singles", f"{batch_error:.1e} x scale", bound, batch_error <= BATCH_ERROR))
    return gates
