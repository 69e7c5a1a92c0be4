"""What those who read a bundle's `card.json` find in it: one table and the check against it.

The manifest's hash says that a card is whole, not that it is a card.  Other keys may stand beside those of the table,
and figures may be any: whether they are true is for `zoo verify` to measure.
"""

from zoo.bundle.schema import COUNT, INTEGER, OTHERS, TEXT, TRUTH, OrNull, Rule, compare
from zoo.errors import BundleError

FIGURE = Rule("a number", lambda value: type(value) in (int, float))  # NaN too: that is what a bad file may measure
ENDS = Rule("two numbers", lambda value: isinstance(value, list) and len(value) == 2 and all(map(FIGURE.holds, value)))
_METRICS, _INTERVALS, _COUNTS, _WORDS = {TEXT: FIGURE}, {TEXT: ENDS}, {TEXT: COUNT}, {TEXT: TEXT}

_MODEL = {
    "name": TEXT,
    "task": OrNull(TEXT),
    "parameters": COUNT,
    "macs": OrNull(COUNT),
    "receptive_field": OrNull(COUNT),
    "paper": OrNull(TEXT),
    OTHERS: None,
}
_DATA = {
    "name": TEXT,
    "version": TEXT,
    "licence": TEXT,
    "source": TEXT,
    "splits": {"test": COUNT, OTHERS: None},
    "test_by_class?": _COUNTS,
    "grouped_by": OrNull(TEXT),
    "scored_labels?": [TEXT],
    "notes": [TEXT],
    OTHERS: None,
}
_TRAINING = {
    "recipe_sha256": TEXT,
    "seed": INTEGER,
    "epochs": COUNT,
    "seconds": FIGURE,
    "hardware": TEXT,
    "versions": _WORDS,
    "reach": _METRICS,
    OTHERS: None,
}
_ANSWERS = {
    "kind": TEXT,
    "an_example": COUNT,  # how many answers an example has: steps, or numbers that stand for themselves
    "agreement": FIGURE,
    "error": OrNull(FIGURE),
    "typical_error": OrNull(FIGURE),
    "correlation": OrNull(FIGURE),
    "right?": FIGURE,
    "keras_right?": FIGURE,
    OTHERS: None,
}
_PARITY = {
    "source": TEXT,
    "examples": COUNT,
    "max_abs": FIGURE,
    "agreement": FIGURE,
    "agreement_by_class?": OrNull(_METRICS),
    "parts?": _METRICS,  # the largest error of each
    "answers?": {TEXT: _ANSWERS},
    OTHERS: None,
}
_STREAMING = {"chunk": COUNT, "examples": COUNT, "frames": COUNT, "max_abs": FIGURE, "agreement": FIGURE, OTHERS: None}
_LATENCY = OrNull({"median": FIGURE, "p10": FIGURE, "p90": FIGURE, "cpu": TEXT, OTHERS: None})
_ARTIFACT = {
    "status": ("passed", "disabled", "failed"),
    "reason": OrNull(TEXT),
    "bytes": OrNull(COUNT),
    "same_as": OrNull(TEXT),
    "calibration": OrNull({"source": TEXT, "examples": COUNT, "of": COUNT, "seed": COUNT, OTHERS: None}),
    "int8_scheme": OrNull(TEXT),
    "kept_inputs?": OrNull(_WORDS),
    "operators": OrNull(_COUNTS),
    "float_islands": OrNull(_COUNTS),
    "forms": OrNull(_WORDS),
    "gpu?": OrNull({"whole": TRUTH, "why_not": OrNull(TEXT), OTHERS: None}),
    "parity": OrNull(_PARITY),
    "streaming?": OrNull(_STREAMING),
    "metrics": OrNull(_METRICS),
    "ci95": OrNull(_INTERVALS),
    "latency_us": _LATENCY,
    "answer?": {TEXT: {"runs": COUNT, "latency_us": _LATENCY}},  # what one whole answer runs, by part
    "peak_memory_bytes": OrNull(INTEGER),
    "interpreter?": OrNull({"latency_us": _LATENCY, "peak_memory_bytes": OrNull(INTEGER), OTHERS: None}),
    OTHERS: None,
}
_METRIC = {"better": ("higher", "lower"), "unit": OrNull(TEXT), "span": OrNull(FIGURE), "percent": TRUTH}
CARD = {
    "schema": (1,),
    "bundle": TEXT,
    "metrics?": {TEXT: _METRIC},  # what the figures of these names are
    "model": _MODEL,
    "data": OrNull(_DATA),
    "training": OrNull(_TRAINING),
    "baselines": OrNull({TEXT: _METRICS}),
    "published": OrNull({"metrics": _METRICS, "source": TEXT, OTHERS: None}),
    "keras": OrNull({"metrics": _METRICS, "ci95": _INTERVALS, OTHERS: None}),
    "artifacts": {TEXT: _ARTIFACT},
    OTHERS: None,
}


def check(card: object, where: str) -> None:
    """Compares a card with the table; `where` names its file in messages.

    Raises:
        BundleError: it is not as the table says, or lacks a score that another part of it is about.
    """
    compare(card, CARD, (), where)
    if card["keras"] is None:
        return
    if card["data"] is None:
        raise BundleError(f"`{where}` has scores and does not say of which data")
    headline = next(iter(card["keras"]["ci95"]), None)
    passed = {target: entry for target, entry in card["artifacts"].items() if entry["status"] == "passed"}
    for name, entry in {"keras": card["keras"], **passed}.items():
        if headline not in (entry["metrics"] or {}) or headline not in (entry["ci95"] or {}):
            raise BundleError(f"`{where}`: `{name}` lacks the metric that the card is about, or its interval")
        if name in passed and entry["parity"] is None:
            raise BundleError(f"`{where}`: `{name}` passed and lacks `parity`")
