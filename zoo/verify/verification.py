"""A shipped bundle verified: the same gates again, and its card compared with what is measured now."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from zoo._keras import own_settings
from zoo._system.progress import ignore
from zoo.bundle import Bundle
from zoo.bundle.metric import Metric
from zoo.errors import BundleError, GateError, InputError
from zoo.runtime.parts import parts_of
from zoo.sources.runner import loop_of, through_loop
from zoo.training.recipe import Recipe, load_recipe
from zoo.training.recipe.subject import subject_of
from zoo.verify.examine import measure
from zoo.verify.gates import Gate
from zoo.verify.measures.scores import score
from zoo.verify.running.artifacts import open_artifact
from zoo.verify.running.keras_outputs import keras_model, keras_parts

CARD = "card"
"""Stands in the place of a target for the gates that hold the card against what is measured."""

# What a card says of one moment and one machine; nothing that is measured later can contradict it.
OF_THE_MOMENT = ("latency_us", "answer", "peak_memory_bytes", "interpreter", "notes")
RATES = ("metrics", "ci95", "agreement", "agreement_by_class", "baselines")
ERRORS = ("error", "typical_error")
OF_ANSWERS = ("agreement", "error", "correlation", "right answers")
"""Gates on what is answered to the examples."""
RATE_TOLERANCE = 0.002
"""Of a metric's span: another processor rounds differently, and turns a few of ten thousand answers."""


@dataclass(frozen=True)
class Verified:
    """What came of verifying a bundle."""

    bundle: str
    gates: dict[str, list[Gate]]
    """By target, and under `card`, every gate that was tried."""

    @property
    def failures(self) -> list[str]:
        """One sentence for each gate that failed."""
        return [f"{target}: {gate.reason}" for target, gates in self.gates.items() for gate in gates if not gate.passed]

    def check(self) -> None:
        """Does nothing if every gate passed.

        Raises:
            GateError: with the failures.
        """
        if self.failures:
            raise GateError(f"`{self.bundle}` fails {len(self.failures)} of its gates: {'; '.join(self.failures)}")


@own_settings()
def verify_bundle(bundle: Bundle, report=ignore) -> Verified:
    """Runs every artifact of a bundle through its gates and recomputes its card; changes nothing.

    Args:
        bundle: the bundle; every file is first compared with the manifest.
        report: called with the stage, the examples done and those in all.

    Raises:
        BundleError: a file is not what the manifest says, or there is no card.
        DataError: the data set of its recipe is not prepared.
    """
    for name in bundle.manifest["files"]:
        if not _was_left_out(bundle, name):
            bundle.file(name)
    if not bundle.card:
        raise BundleError(f"`{bundle.name}` has no card.json", "`zoo export` writes one")
    shipped = {target: bundle.manifest["artifacts"][target] for target in (*bundle.targets, *bundle.failed)}
    model = keras_model(bundle)
    measured = measure(
        bundle.path,
        {**bundle.manifest, "artifacts": shipped},
        model=model,
        parts=keras_parts(bundle, model),
        recipe=recipe_of(bundle),
        training=_training(bundle),
        made=bundle.card["artifacts"],
        keep_failed=bool(bundle.failed),
        report=report,
    )
    gates = _without_lost_examples(bundle.card, measured.gates)
    for target, reason in bundle.failed.items():
        gates[target] = [
            *gates[target],
            Gate("kept", f"a file that failed when it was made ({reason})", "one that passed", False),
        ]
    return Verified(bundle.name, {**gates, CARD: card_gates(bundle, measured.card)})


def score_artifact(bundle: Bundle, target: str, report=ignore) -> dict:
    """Scores one artifact on the whole test split of the bundle's recipe.

    Returns:
        `metrics` and `ci95`, as a card has them.

    Raises:
        InputError: the bundle has no recipe, hence no test split.
        UnknownNameError: the bundle ships no such target.
        DataError: the data set is not prepared.
    """
    recipe = recipe_of(bundle)
    if recipe is None:
        raise InputError(f"`{bundle.name}` has no recipe that says on which data it is scored")
    path, subject = bundle.artifact(target), subject_of(recipe)
    test = subject.data.load("test")
    manifest, stage = bundle.manifest, f"{target}: test split"
    with open_artifact(target, path, parts_of(manifest["decode"])[0]) as artifact:
        if manifest["decode"]["loop"] == "single":
            outputs = artifact.outputs(test.inputs, None, report, stage)
        else:
            outputs = through_loop(loop_of(manifest), artifact, test.inputs, artifact.rows[-1], report, stage)
    scored = score(subject, test, outputs)
    return {"metrics": scored.metrics, "ci95": {name: list(ends) for name, ends in scored.ci95.items()}}


def recipe_of(bundle: Bundle) -> Recipe | None:
    """The recipe that trained a bundle's weights; None for a user's own model."""
    return load_recipe(bundle.file("recipe.yaml")) if "recipe.yaml" in bundle.manifest["files"] else None


def card_gates(bundle: Bundle, measured: Mapping) -> list[Gate]:
    """Whether the card tells the truth: one gate for each value that it has wrong, a passed one if there is none."""
    card = {**bundle.card, "artifacts": _comparable(bundle, bundle.card)}
    found, expected = dict(_values(card)), dict(_values({**measured, "artifacts": _comparable(bundle, measured)}))
    sizes = _sizes(measured)
    wrong = [
        Gate(key, _shown(found, key), f"{_shown(expected, key)} as measured", False)
        for key in sorted(found.keys() | expected.keys())
        if not _agree(key, found.get(key), expected.get(key), sizes)
    ]
    return wrong or [Gate("card", "true", "true", True)]


def _comparable(bundle: Bundle, card: Mapping) -> dict:
    """The entries of a card that can be measured again: those of artifacts that are here.

    One that is said to have passed and is not listed in the manifest stays too, so that it is found to be missing.
    """
    here = (*bundle.targets, *bundle.failed)
    entries = {target: dict(card["artifacts"].get(target, {})) for target in here}
    shipped = bundle.manifest["artifacts"]
    passed = {
        name: {} for name, entry in card["artifacts"].items() if entry["status"] == "passed" and name not in shipped
    }
    for name, entry in entries.items():
        told = bundle.card["artifacts"].get(name, {})
        if told.get("gpu") is None:  # a card from before there were verdicts
            entry.pop("gpu", None)
        if entry.get("parity") and "answers" not in (told.get("parity") or {}):  # or before it said what was judged
            entry["parity"] = {key: value for key, value in entry["parity"].items() if key != "answers"}
    lost = ["parity"] if _examples_are_lost(bundle.card) else []
    for name, entry in entries.items():
        # The figures of a failure differ from run to run, and on other examples it may not be seen again.
        unseen = ["reason", *["status"] * bool(lost)] if name in bundle.failed else []
        for key in (*lost, *unseen):
            entry.pop(key, None)
    return {**entries, **passed}


def _values(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, object]]:
    """(path, value) of every leaf of a card; empty objects are leaves."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            if key not in OF_THE_MOMENT:
                yield from _values(inner, (*path, key))
    else:
        yield " > ".join(path), value


def _sizes(card: Mapping) -> dict[str, float]:
    """By metric, what tolerances are shares of."""
    first = next(iter((card["baselines"] or {}).values()), {})
    return {name: Metric.of(card, name).size(first.get(name)) for name in card.get("metrics", {})}


def _agree(key: str, one: object, other: object, sizes: Mapping[str, float]) -> bool:
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return all(_agree(key, *pair, sizes) for pair in zip(one, other, strict=True))
    if type(one) not in (int, float) or type(other) not in (int, float):
        return one == other
    words = key.split(" > ")
    if words[-1] in ERRORS:
        return abs(one - other) <= max(0.005, 0.25 * max(abs(one), abs(other)))
    if words[-1] == "correlation":
        return abs(one - other) <= 0.01
    if words[-1] == "max_abs":
        return abs(one - other) <= max(1e-4, 0.5 * max(abs(one), abs(other)))
    if not set(words) & set(RATES):
        return one == other
    return abs(one - other) <= RATE_TOLERANCE * sizes.get(words[-1], 1.0)


def _shown(values: Mapping, key: str) -> str:
    return str(values[key])[:200] if key in values else "nothing"


def _training(bundle: Bundle) -> dict | None:
    """The card's own block, with the hash of the recipe that lies in the bundle."""
    if not bundle.card.get("training"):
        return None
    block = {key: value for key, value in bundle.card["training"].items() if key != "reach"}
    return block | {"recipe_sha256": hashlib.sha256(bundle.file("recipe.yaml").read_bytes()).hexdigest()}


def _examples_are_lost(card: Mapping) -> bool:
    """Whether parity was measured on a user's examples, which are not in the bundle: random inputs stand in."""
    sources = {entry["parity"]["source"] for entry in card["artifacts"].values() if entry["parity"]}
    return "examples" in sources


def _without_lost_examples(card: Mapping, gates: Mapping[str, list[Gate]]) -> dict[str, list[Gate]]:
    """On random inputs an int8 file may saturate where its user's examples never go: agreement is then no gate."""
    if not _examples_are_lost(card):
        return dict(gates)
    unknown = "not measured again: the examples are not in the bundle"
    return {
        target: [replace(gate, figure=unknown, passed=True) if gate.name in OF_ANSWERS else gate for gate in found]
        for target, found in gates.items()
    }


def _was_left_out(bundle: Bundle, name: str) -> bool:
    """Whether a file belongs to a SavedModel that was left out, as the wheel does."""
    listed = bundle.manifest["artifacts"].get("saved_model")
    return (
        listed is not None
        and "saved_model" not in (*bundle.targets, *bundle.failed)
        and name.startswith(f"{listed['file']}/")
    )
