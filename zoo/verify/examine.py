"""Every artifact of a bundle measured and held against its gates: the one path of `zoo export` and `zoo verify`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from zoo._system.progress import ignore
from zoo.errors import BundleError
from zoo.targets import TARGETS
from zoo.training.recipe import Recipe
from zoo.verify.cards import compose
from zoo.verify.gates import (
    Gate,
    answer_gates,
    graph_gates,
    parity_gate,
    repeat_gates,
    score_gates,
    streaming_gates,
)
from zoo.verify.measures import latency
from zoo.verify.measures.answers import agreement, of_examples
from zoo.verify.measures.distance import distance
from zoo.verify.measures.first_run import first_run
from zoo.verify.measures.graph import GraphFacts, read_graph
from zoo.verify.measures.repeats import repeats
from zoo.verify.measures.scores import paired_error, score
from zoo.verify.measures.streaming import stream
from zoo.verify.measures.truths import rightness
from zoo.verify.running.artifacts import LiteRTArtifact, SavedModelArtifact, open_artifact
from zoo.verify.running.ground import Ground, lay_ground

SMALL_SPLIT = 1000
"""Test splits with fewer examples allow a drop of two standard errors of the paired difference."""
REPEATED = 4
"""Examples that are run again and again."""

Artifact = LiteRTArtifact | SavedModelArtifact


@dataclass(frozen=True)
class Measured:
    """What came of measuring a bundle."""

    card: dict
    """The content of `card.json`."""
    gates: dict[str, list[Gate]]
    """By target, every gate that was tried."""

    @property
    def disabled(self) -> dict[str, str]:
        """By target that may not ship, the measured reason."""
        failed = {target: [gate.reason for gate in gates if not gate.passed] for target, gates in self.gates.items()}
        return {target: "; ".join(reasons) for target, reasons in failed.items() if reasons}


def measure(
    folder: Path,
    manifest: Mapping,
    *,
    model: keras.Model,
    recipe: Recipe | None = None,
    training: Mapping | None = None,
    examples: Mapping[str, np.ndarray] | None = None,
    truths: Mapping[str, np.ndarray] | None = None,
    made: Mapping[str, Mapping] | None = None,
    keep_failed: bool = False,
    report=ignore,
) -> Measured:
    """Runs every artifact in a folder and writes down what it found; changes nothing.

    Args:
        folder: holds the artifacts.
        manifest: what will be, or is, the bundle's; `name`, `model`, `family`, `task`, `parts`, `artifacts` are read.
        model: the Keras model that the artifacts were made from.
        recipe: what trained the weights; artifacts are scored on its data set's test split.  None: no score.
        training: the card's block of that name (`Run.training`).
        examples: inputs by name, (n, ...), for parity and agreement where there is no recipe; random unless given.
        truths: the right classes of these examples, (n, ...) int by output, for outputs that choose one.
        made: by target, what only its maker knows: `calibration` {source, examples}, `int8_recipe`, `forms`; or, for a
            target that could not be made at all, `reason`.
        keep_failed: whether the bundle keeps what fails, named so on the card.
        report: called with the stage, the examples done and those in all.

    Raises:
        DataError: the recipe's data set is not prepared.
    """
    made = made or {}
    ground = lay_ground(manifest, model, recipe, examples, report, truths)
    gates, entries = {}, {}
    for target in (name for name in TARGETS if name in manifest["artifacts"] or made.get(name, {}).get("reason")):
        if target not in manifest["artifacts"]:
            entries[target] = compose.not_made(made[target])
            continue
        path = folder / manifest["artifacts"][target]["file"]
        told = made.get(target, {})
        gates[target], facts = examine(target, path, ground, report, told.get("int8_recipe"))
        entries[target] = compose.artifact(folder, path, facts, told, gates[target])
        if keep_failed and entries[target]["status"] == "disabled":
            entries[target] |= compose.kept(folder, path)
    return Measured(compose.card(manifest, model, recipe, training, ground, entries), gates)


def examine(
    target: str, path: Path, ground: Ground, report=ignore, recipe: str | None = None
) -> tuple[list[Gate], dict]:
    """Holds one artifact against its gates.

    Args:
        target: what kind of artifact it is.
        path: its file or folder.
        ground: what it is compared with.
        report: see `measure`.
        recipe: of int8, by which it was made.

    Returns:
        (every gate that was tried, what was measured under the names that the card gives it).
    """
    gates, facts = [], {}
    running = "run without the zoo" if target == "saved_model" else "first run"
    try:
        if target != "saved_model":
            graph = read_graph(path)
            gates += graph_gates(target, graph, recipe, ours=ground.ours)
            facts |= _graph_facts(target, graph)
            run = first_run(path)
            facts["peak_memory_bytes"] = run.peak_memory_bytes
            if run.failure:
                return [*gates, Gate(running, run.failure, "an answer", False)], facts
        with open_artifact(target, path, ground.part) as artifact:
            if target == "saved_model":
                facts["peak_memory_bytes"] = artifact.peak_memory_bytes(ground.inputs)
            for stage in (_repeat, _stream, _compare, _score):
                found, measured = stage(target, artifact, ground, report)
                gates += found
                facts |= measured
            gates.append(Gate(running, "an answer", "an answer", True))
            if all(gate.passed for gate in gates):
                facts["latency_us"] = latency.summary(artifact.times(ground.inputs), threads=1)
                facts["interpreter"] = _on_interpreter(path, artifact, ground)
    except BundleError as error:
        gates.append(Gate(running, error.message, "an answer", False))
    return gates, facts


def _on_interpreter(path: Path, artifact: Artifact, ground: Ground) -> dict | None:
    """Time and memory on LiteRT's plain Interpreter; None of a SavedModel, which does not run there."""
    if not isinstance(artifact, LiteRTArtifact):
        return None
    run = first_run(path, "interpreter")
    if run.failure:
        return {"latency_us": None, "peak_memory_bytes": None, "failure": run.failure}
    times = artifact.times_on_interpreter(ground.inputs)
    return {"latency_us": latency.summary(times, threads=1), "peak_memory_bytes": run.peak_memory_bytes}


def _graph_facts(target: str, graph: GraphFacts) -> dict:
    facts = {"operators": graph.operators, "signatures": graph.signatures, "gpu": graph.gpu}
    if target == "dynamic_int8" and not graph.large_weights:
        facts["same_as"] = "float32"
    if target == "int8":
        facts["float_islands"] = graph.floating
    return facts


def _repeat(target: str, artifact: Artifact, ground: Ground, report) -> tuple[list[Gate], dict]:
    few = {name: array[:REPEATED] for name, array in ground.inputs.items()}
    found = repeats(lambda inputs, rows: artifact.outputs(inputs, rows), few, artifact.rows, ground.expected)
    return repeat_gates(found.same_bits, found.independent, found.batch_error), {}


def _stream(target: str, artifact: Artifact, ground: Ground, report) -> tuple[list[Gate], dict]:
    """The part `stream`, where there is one, against `predict`."""
    if ground.stream is None:
        return [], {}
    name, part = ground.stream
    found = stream(artifact, part, ground.inputs, artifact.rows[-1], ground.kinds, name)
    return streaming_gates(target, found, ground.steps), {"streaming": found.facts}


def _compare(target: str, artifact: Artifact, ground: Ground, report) -> tuple[list[Gate], dict]:
    """Parity, and agreement where there is no test split to look at it on."""
    outputs = artifact.outputs(ground.inputs, None, report, f"{target}: parity")
    apart = distance(outputs, ground.expected)
    judged = ground.judge(outputs)
    parity = {
        "source": ground.source,
        "examples": len(next(iter(outputs.values()))),
        "max_abs": apart.max_abs,
        "agreement": agreement(judged),
        "answers": judged,
        "right": rightness(outputs, ground.expected, ground.truths),
    }
    gates = parity_gate(target, apart.relative, ground.steps)
    if ground.evaluation is None:
        gates += answer_gates(target, judged, parity["right"])
    return gates, {"parity": parity}


def _score(target: str, artifact: Artifact, ground: Ground, report) -> tuple[list[Gate], dict]:
    """Agreement and score on the whole test split."""
    evaluation = ground.evaluation
    if evaluation is None:
        return [], {"metrics": None}
    test, subject = evaluation.examples, evaluation.subject
    outputs = artifact.outputs(test.inputs, None, report, f"{target}: test split")
    judged = ground.judge_whole(outputs)
    scored, keras = score(subject, test, outputs), ground.keras
    value, expected = (each.metrics[subject.headline] for each in (scored, keras))
    errors = 0.0
    if len(test) < SMALL_SPLIT and value != expected:
        errors = 2 * paired_error(evaluation, scored, keras)
    agrees = {
        "agreement": agreement(judged),
        "answers": judged,
        **subject.task.facts_of_answers(of_examples(judged), test, subject.data),
    }
    gates = answer_gates(target, judged)
    gates += score_gates(
        target,
        subject.headline,
        subject.metric,
        value,
        expected,
        span=evaluation.span,
        goal=ground.reach,
        two_errors=errors,
    )
    return gates, {"agreement": agrees, "metrics": scored.metrics, "ci95": scored.ci95}
