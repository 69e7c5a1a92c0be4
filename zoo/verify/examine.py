"""Every artifact of a bundle measured and held against its gates: the one path of `zoo export` and `zoo verify`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np

from zoo._system.progress import ignore
from zoo.errors import BundleError
from zoo.families import PREDICT
from zoo.sources.runner import Counting, through_loop
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
from zoo.verify.reference import Reference, keras_reference
from zoo.verify.running.artifacts import LiteRTArtifact, SavedModelArtifact, open_artifact

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
    parts: Mapping[str, keras.Model] | None = None,
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
        parts: its parts by name, where they are not the one that it is itself.
        recipe: what trained the weights; artifacts are scored on its data set's test split.  None: no score.
        training: the card's block of that name (`Run.training`).
        examples: inputs by name, (n, ...), for parity and agreement where there is no recipe; random unless given.
        truths: the right classes of these examples, (n, ...) int by output, for outputs that choose one.
        made: by target, what only its maker knows: `calibration` {source, examples}, `int8_scheme`, `forms`; or, for a
            target that could not be made at all, `reason`.
        keep_failed: whether the bundle keeps what fails, named so on the card.
        report: called with the stage, the examples done and those in all.

    Raises:
        DataError: the recipe's data set is not prepared.
    """
    made = made or {}
    reference = keras_reference(manifest, parts or {PREDICT: model}, recipe, examples, report, truths)
    gates, entries = {}, {}
    for target in (name for name in TARGETS if name in manifest["artifacts"] or made.get(name, {}).get("reason")):
        if target not in manifest["artifacts"]:
            entries[target] = compose.not_made(made[target])
            continue
        path = folder / manifest["artifacts"][target]["file"]
        told = made.get(target, {})
        gates[target], facts = examine(target, path, reference, report, told.get("int8_scheme"))
        entries[target] = compose.artifact(folder, path, facts, told, gates[target])
        if keep_failed and entries[target]["status"] == "disabled":
            entries[target] |= compose.kept(folder, path)
    return Measured(compose.card(manifest, model, recipe, training, reference, entries), gates)


def examine(
    target: str, path: Path, reference: Reference, report=ignore, scheme: str | None = None
) -> tuple[list[Gate], dict]:
    """Holds one artifact against its gates.

    Args:
        target: what kind of artifact it is.
        path: its file or folder.
        reference: what it is compared with.
        report: see `measure`.
        scheme: of int8, by which it was made.

    Returns:
        (every gate that was tried, what was measured under the names that the card gives it).
    """
    gates, facts = [], {}
    running = "run without the zoo" if target == "saved_model" else "first run"
    try:
        if target != "saved_model":
            graph = read_graph(path)
            gates += graph_gates(target, graph, scheme, ours=reference.ours)
            facts |= _graph_facts(target, graph)
            run = first_run(path)
            facts["peak_memory_bytes"] = run.peak_memory_bytes
            if run.failure:
                return [*gates, Gate(running, run.failure, "an answer", False)], facts
        with open_artifact(target, path, reference.main) as artifact:
            if target == "saved_model":
                facts["peak_memory_bytes"] = artifact.peak_memory_bytes(reference.parts[reference.main].inputs)
            for stage in (_repeat, _stream, _compare, _score):
                found, measured = stage(target, artifact, reference, report)
                gates += found
                facts |= measured
            gates.append(Gate(running, "an answer", "an answer", True))
            if all(gate.passed for gate in gates):
                facts |= _times(path, artifact, reference)
    except BundleError as error:
        gates.append(Gate(running, error.message, "an answer", False))
    return gates, facts


def _times(path: Path, artifact: Artifact, reference: Reference) -> dict:
    """Time of one whole answer, and of a run of each part where there are several."""
    times = {name: artifact.times(part.inputs, name) for name, part in reference.parts.items()}
    by_part = {name: latency.summary(bursts, threads=1) for name, bursts in times.items()}
    facts = {"latency_us": by_part[reference.main], "interpreter": _on_interpreter(path, artifact, reference)}
    if reference.loop is None:
        return facts
    first = {name: np.repeat(array[:1], artifact.rows[0], axis=0) for name, array in reference.inputs.items()}
    counting = Counting(artifact)
    reference.loop.run(counting, first)
    whole = latency.take_turns({"answer": lambda: reference.loop.run(artifact, first)})["answer"]
    runs = {name: {"runs": counting.runs[name], "latency_us": by_part[name]} for name in by_part}
    return facts | {"latency_us": latency.summary(whole, threads=1), "answer": runs}


def _on_interpreter(path: Path, artifact: Artifact, reference: Reference) -> dict | None:
    """Time and memory on LiteRT's plain Interpreter; None of a SavedModel, which does not run there.

    Of an answer by several runs the time is not measured: the loop drives our runtime.
    """
    if not isinstance(artifact, LiteRTArtifact):
        return None
    run = first_run(path, "interpreter")
    if run.failure:
        return {"latency_us": None, "peak_memory_bytes": None, "failure": run.failure}
    if reference.loop is not None:
        return {"latency_us": None, "peak_memory_bytes": run.peak_memory_bytes}
    times = artifact.times_on_interpreter(reference.inputs, reference.main)
    return {"latency_us": latency.summary(times, threads=1), "peak_memory_bytes": run.peak_memory_bytes}


def _graph_facts(target: str, graph: GraphFacts) -> dict:
    facts = {"operators": graph.operators, "signatures": graph.signatures, "gpu": graph.gpu}
    if target == "dynamic_int8" and not graph.large_weights:
        facts["same_as"] = "float32"
    if target == "int8":
        facts["float_islands"] = graph.floating
    return facts


def _repeat(target: str, artifact: Artifact, reference: Reference, report) -> tuple[list[Gate], dict]:
    gates = []
    for name, part in reference.parts.items():
        few = {key: array[:REPEATED] for key, array in part.inputs.items()}
        found = repeats(
            lambda inputs, rows, name=name: artifact.outputs(inputs, rows, part=name),
            few,
            artifact.rows,
            part.expected,
        )
        gates += _of_part(name, reference, repeat_gates(found.same_bits, found.independent, found.batch_error))
    return gates, {}


def _of_part(name: str, reference: Reference, gates: list[Gate]) -> list[Gate]:
    """Gates that say which part they are of, where there are several."""
    several = len(reference.parts) > 1
    return [replace(gate, name=f"{gate.name} of `{name}`") if several else gate for gate in gates]


def _stream(target: str, artifact: Artifact, reference: Reference, report) -> tuple[list[Gate], dict]:
    """The part `stream`, where there is one, against `predict`."""
    if reference.stream is None:
        return [], {}
    name, part = reference.stream
    found = stream(artifact, part, reference.inputs, artifact.rows[-1], reference.kinds, name)
    return streaming_gates(target, found, reference.steps), {"streaming": found.facts}


def _compare(target: str, artifact: Artifact, reference: Reference, report) -> tuple[list[Gate], dict]:
    """Parity of every part, and agreement where there is no test split to look at it on."""
    gates, errors, outputs = [], {}, {}
    for name, part in reference.parts.items():
        outputs = artifact.outputs(part.inputs, None, report, f"{target}: parity", name)
        apart = distance(outputs, part.expected)
        errors[name] = apart.max_abs
        gates += _of_part(name, reference, parity_gate(target, apart.relative, reference.steps))
    answers = outputs if reference.loop is None else _answers(artifact, reference, reference.inputs)
    judged = reference.judge(answers)
    parity = {
        "source": reference.source,
        "examples": len(next(iter(reference.inputs.values()))),
        "max_abs": max(errors.values()),
        "agreement": agreement(judged),
        "answers": judged,
        "right": rightness(answers, reference.answers, reference.truths),
        **({"parts": errors} if len(errors) > 1 else {}),
    }
    if reference.evaluation is None:
        gates += answer_gates(target, judged, parity["right"])
    return gates, {"parity": parity}


def _answers(artifact: Artifact, reference: Reference, inputs: Mapping, report=ignore, stage: str = "") -> dict:
    """What an artifact answers to many examples, (n, ...) by name."""
    if reference.loop is None:
        return artifact.outputs(inputs, None, report, stage, reference.main)
    return through_loop(reference.loop, artifact, inputs, artifact.rows[-1], report, stage)


def _score(target: str, artifact: Artifact, reference: Reference, report) -> tuple[list[Gate], dict]:
    """Agreement and score on the whole test split."""
    evaluation = reference.evaluation
    if evaluation is None:
        return [], {"metrics": None}
    test, subject = evaluation.examples, evaluation.subject
    outputs = _answers(artifact, reference, test.inputs, report, f"{target}: test split")
    judged = reference.judge_whole(outputs)
    scored, keras = score(subject, test, outputs), reference.keras
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
        goal=reference.goal,
        two_errors=errors,
    )
    return gates, {"agreement": agrees, "metrics": scored.metrics, "ci95": scored.ci95}
