"""The bounds that an artifact must meet to ship, as one table, and how what was measured is held against them."""

from collections.abc import Callable
from dataclasses import dataclass

from zoo.verify.float_operators import FLOAT_OPERATORS
from zoo.verify.measures.answers import TOLERANCE
from zoo.verify.measures.graph import GraphFacts

BATCH_ERROR = 1e-5
"""Largest difference between a batch and its examples one by one, times the scale of the outputs."""

Finding = str | None
"""What is wrong with a graph, None if nothing is."""


@dataclass(frozen=True)
class Bounds:
    """What one target must meet."""

    error: float | None
    """Largest difference from Keras on the parity examples, times the scale of the outputs; None: not bounded."""
    agreement: float | None
    """Least share of examples that are answered as Keras answers them; None: not bounded."""
    drop: float
    """Largest loss of the headline metric against Keras on the whole test split, as a fraction."""
    graph: tuple[Callable[[GraphFacts], Finding], ...] = ()
    """What the file's graph must be; a SavedModel has none that is looked at."""
    equal: bool = False
    """Whether a gain beyond `drop` is refused too: the artifact is meant to be the same function."""
    keeps_goal: bool = False
    """Whether the metric may not fall below the recipe's `reach` by more than `drop` either."""


def built_ins_only(graph: GraphFacts) -> Finding:
    """Flex and custom operators need a runtime that devices do not have."""
    return f"operators that are not built in: {', '.join(graph.custom)}" if graph.custom else None


def large_weights_are_int8(graph: GraphFacts) -> Finding:
    """A large weight that stayed float was missed by the converter."""
    others = {kind: count for kind, count in graph.large_weights.items() if kind != "int8"}
    return f"large weights that are not int8: {_listed(others)}" if others else None


def computes_in_integers(graph: GraphFacts) -> Finding:
    """No float operator but those of the one table."""
    others = {name: count for name, count in graph.floating.items() if name not in FLOAT_OPERATORS}
    return f"float operators: {_listed(others)}" if others else None


def ends_are(*types: str) -> Callable[[GraphFacts], Finding]:
    """Every input and output is of one of these types."""

    def check(graph: GraphFacts) -> Finding:
        ends = {
            f"`{name}` {kind}"
            for signature in graph.signatures.values()
            for tensors in signature.values()
            for name, kind in tensors.items()
            if kind not in types
        }
        return f"inputs or outputs of another type: {', '.join(sorted(ends))}" if ends else None

    check.__name__ = f"ends_are_{'_or_'.join(types)}"
    return check


BOUNDS = {
    "saved_model": Bounds(error=1e-5, agreement=None, drop=1e-4, equal=True),
    "float32": Bounds(error=1e-4, agreement=None, drop=0.001, graph=(built_ins_only,)),
    "float16": Bounds(error=1e-2, agreement=None, drop=0.003, graph=(built_ins_only,)),
    "dynamic_int8": Bounds(error=None, agreement=0.98, drop=0.010, graph=(built_ins_only, large_weights_are_int8)),
    "int8": Bounds(
        error=None,
        agreement=0.95,
        drop=0.015,
        graph=(built_ins_only, ends_are("int8", "uint8", "int32", "bool"), computes_in_integers),
        keeps_goal=True,
    ),
    "int16x8": Bounds(error=None, agreement=0.98, drop=0.005, graph=(built_ins_only, ends_are("int16"))),
}


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


def graph_gates(target: str, graph: GraphFacts) -> list[Gate]:
    """The gates of a `.tflite` file that need no run of it."""
    found = [(check.__name__.replace("_", " "), check(graph)) for check in BOUNDS[target].graph]
    return [Gate(name, finding or "yes", name, finding is None) for name, finding in found]


def parity_gate(target: str, relative: float) -> list[Gate]:
    """The largest difference from Keras.

    Args:
        target: whose bounds.
        relative: the difference as a share of the outputs' scale.
    """
    bound = BOUNDS[target].error
    if bound is None:
        return []
    return [Gate("parity", f"{relative:.1e} x scale", f"<= {bound:g} x scale", relative <= bound)]


def agreement_gate(target: str, agreement: float, of_values: bool = False) -> list[Gate]:
    """How often the artifact answers as Keras does.

    Args:
        target: whose bounds.
        agreement: the share of the examples.
        of_values: values were compared, for want of a task that says what an answer is.
    """
    bound = BOUNDS[target].agreement
    if bound is None:
        return []
    what = f"values within {TOLERANCE:.0%} of scale" if of_values else "same answer"
    return [Gate("agreement", f"{what} on {agreement:.2%}", f">= {bound:.0%}", agreement >= bound)]


def score_gates(
    target: str, metric: str, found: float, keras: float, *, reach: float | None, two_errors: float = 0.0
) -> list[Gate]:
    """The headline metric on the whole test split.

    Args:
        target: whose bounds.
        metric: the headline's name.
        found, keras: of the artifact and of the Keras model, as fractions.
        reach: what the recipe promises, None where it promises nothing.
        two_errors: two standard errors of the paired difference on a small test split, which a drop may have; else 0.
    """
    bounds = BOUNDS[target]
    allowed = max(bounds.drop, two_errors)
    change = abs(found - keras) if bounds.equal else keras - found
    sign = "change" if bounds.equal else "drop"
    gates = [
        Gate("score", f"{metric} {found:.4f}, {sign} {change:+.4f}", f"{sign} <= {allowed:.4f}", change <= allowed)
    ]
    if bounds.keeps_goal and reach is not None:
        floor = reach - allowed
        gates.append(Gate("goal", f"{metric} {found:.4f}", f">= {floor:.4f}", found >= floor))
    return gates


def repeat_gates(same_bits: bool, independent: bool, batch_error: float | None, scale: float) -> list[Gate]:
    """Determinism: see `measures.repeats.Repeats`."""
    gates = [
        Gate("repeated", "same bits" if same_bits else "other bits", "same bits", same_bits),
        Gate("interleaved", "same bits" if independent else "other bits", "same bits", independent),
    ]
    if batch_error is not None:
        relative = batch_error / scale
        bound = f"<= {BATCH_ERROR:g} x scale"
        gates.append(Gate("batch equals singles", f"{relative:.1e} x scale", bound, relative <= BATCH_ERROR))
    return gates


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} x{count}" for name, count in counts.items())
