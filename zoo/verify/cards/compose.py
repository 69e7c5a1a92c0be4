"""`card.json`, schema 1: the measured facts of a bundle, put together here and nowhere else (design, section 5).

Rates are fractions, other metrics in their own unit, times µs, sizes bytes; null stands for "not measured".
"""

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

import keras

from zoo.data import validation_of
from zoo.families._counting import facts as counted_facts
from zoo.registry import get_spec
from zoo.sources.graphs.layer import GraphFunction
from zoo.training.recipe import Recipe
from zoo.verify.gates import Gate
from zoo.verify.measures.answers import Judgement
from zoo.verify.measures.truths import Rightness
from zoo.verify.reference import Reference

PUBLISHED = Path(__file__).with_name("published.toml")
DIGITS = 6
"""Decimals of a figure: rates of a split of a million examples are told apart."""


def card(
    manifest: Mapping,
    model: keras.Model,
    recipe: Recipe | None,
    training: Mapping | None,
    reference: Reference,
    artifacts: Mapping[str, Mapping],
) -> dict:
    """The whole card; see `examine.measure` for the arguments."""
    score = reference.keras
    return {
        "schema": 1,
        "bundle": manifest["name"],
        **_metrics(reference),
        "model": _model(manifest, model),
        "data": _data(recipe, reference),
        "training": _training(recipe, training),
        "baselines": _baselines(reference),
        "published": published(manifest["name"], recipe.data if recipe else None),
        "keras": {"metrics": _figures(score.metrics), "ci95": _intervals(score.ci95)} if score else None,
        "artifacts": dict(artifacts),
    }


def artifact(folder: Path, path: Path, facts: Mapping, made: Mapping, gates: Sequence[Gate]) -> dict:
    """The entry of one artifact.

    Args:
        folder: of the bundle.
        path: the artifact in it.
        facts: what `examine.examine` measured.
        made: what only the maker of the artifact knows.
        gates: all that it was held against.
    """
    failed = [gate.reason for gate in gates if not gate.passed]
    parity = {**facts["parity"], **facts.get("agreement", {})} if "parity" in facts else None
    if parity:
        parity |= {"max_abs": float(f"{parity['max_abs']:.3g}"), "agreement": round(parity["agreement"], DIGITS)}
        if "parts" in parity:
            parity["parts"] = {name: float(f"{error:.3g}") for name, error in parity["parts"].items()}
        if "agreement_by_class" in parity:
            parity["agreement_by_class"] = _figures(parity["agreement_by_class"])
        right = parity.pop("right", {})
        parity["answers"] = {name: _judged(judgement, right.get(name)) for name, judgement in parity["answers"].items()}
    bytes_, sha256 = size_and_hash(path)
    return {
        "file": None if failed else path.relative_to(folder).as_posix(),
        "sha256": None if failed else sha256,
        "bytes": bytes_,
        "status": "disabled" if failed else "passed",
        "reason": "; ".join(failed) or None,
        "same_as": facts.get("same_as"),
        "calibration": made.get("calibration"),
        "int8_scheme": made.get("int8_scheme"),
        "kept_inputs": made.get("kept_inputs") or None,
        "signatures": facts.get("signatures"),
        "operators": facts.get("operators"),
        "float_islands": facts.get("float_islands"),
        "forms": made.get("forms"),
        "gpu": facts.get("gpu"),
        "parity": parity,
        "streaming": _streaming(facts.get("streaming")),
        "metrics": _figures(facts.get("metrics")),
        "ci95": _intervals(facts.get("ci95")),
        "latency_us": facts.get("latency_us"),
        **({"answer": facts["answer"]} if "answer" in facts else {}),
        "peak_memory_bytes": facts.get("peak_memory_bytes"),
        "interpreter": facts.get("interpreter"),
    }


def kept(folder: Path, path: Path) -> dict:
    """What is other in the entry of an artifact that failed its gates and is in the bundle all the same."""
    return {"file": path.relative_to(folder).as_posix(), "sha256": size_and_hash(path)[1], "status": "failed"}


def not_made(made: Mapping) -> dict:
    """The entry of a target that could not be made: the reason, and null for all that was not measured."""
    keys = ("file", "sha256", "bytes", "status", "reason", "same_as", "calibration", "int8_scheme", "kept_inputs")
    keys += (
        "signatures",
        "operators",
        "float_islands",
        "forms",
        "gpu",
        "parity",
        "streaming",
        "metrics",
        "ci95",
        "latency_us",
        "peak_memory_bytes",
        "interpreter",
    )
    return dict.fromkeys(keys) | {"status": "disabled"} | {key: made[key] for key in keys if key in made}


def size_and_hash(path: Path) -> tuple[int, str]:
    """(bytes, SHA-256) of an artifact.

    A folder's bytes are those of all its files; its hash is that of lines `<hash>  <path>`, one a file, sorted by path.
    """
    if path.is_file():
        return path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest()
    files = sorted((each.relative_to(path).as_posix(), each) for each in path.rglob("*") if each.is_file())
    lines = "".join(f"{hashlib.sha256(each.read_bytes()).hexdigest()}  {name}\n" for name, each in files)
    return sum(each.stat().st_size for _, each in files), hashlib.sha256(lines.encode()).hexdigest()


def published(bundle: str, data: str | None) -> dict | None:
    """The figures that others published for this bundle, or else for its data set: `metrics` and `source`."""
    table = tomllib.loads(PUBLISHED.read_text("utf-8"))
    return table.get(bundle) or table.get(data or "")


def _model(manifest: Mapping, model: keras.Model) -> dict:
    ours = manifest["family"] is not None
    counted = counted_facts(model) if ours else _of_users(model)
    return {
        "name": manifest["model"] or manifest["name"],
        "family": manifest["family"],
        "task": manifest["task"],
        "parameters": counted["parameters"],
        "macs": counted["macs"],
        "receptive_field": counted["receptive_field"],
        "paper": get_spec(manifest["model"]).paper if ours else None,
    }


def _of_users(model: keras.Model) -> dict:
    """Facts of a user's model; one that came without layers says what was counted before."""
    graphs = [layer for layer in model._flatten_layers() if isinstance(layer, GraphFunction)]
    counted = {"parameters": graphs[0].parameters, "macs": graphs[0].macs} if graphs else counted_facts(model)
    return counted | {"receptive_field": None}


def _metrics(reference: Reference) -> dict:
    """What the figures of the card are."""
    if reference.evaluation is None:
        return {}
    subject = reference.evaluation.subject
    return {"metrics": {name: metric.to_dict() for name, metric in subject.task.metrics(subject.data).items()}}


def _data(recipe: Recipe | None, reference: Reference) -> dict | None:
    if recipe is None:
        return None
    evaluation = reference.evaluation
    data, test = evaluation.subject.data, evaluation.examples
    kept, held = validation_of(data, evaluation.train, recipe.validation)
    return {
        "name": data.name,
        "version": data.version,
        "licence": data.licence,
        "source": data.source,
        "splits": {"train": len(kept), "validation": len(held), "test": len(test)},
        "grouped_by": data.group_name,
        **evaluation.subject.task.facts(test, data),
        "notes": list(data.notes),
    }


def _training(recipe: Recipe | None, training: Mapping | None) -> dict | None:
    return {**training, "reach": dict(recipe.reach)} if recipe and training else None


def _baselines(reference: Reference) -> dict | None:
    if reference.evaluation is None:
        return None
    return {name: _figures(metrics) for name, metrics in reference.evaluation.baselines.items()}


def _streaming(found: Mapping | None) -> dict | None:
    return found and {
        **found,
        "max_abs": float(f"{found['max_abs']:.3g}"),
        "agreement": round(found["agreement"], DIGITS),
    }


def _judged(judgement: Judgement, right: Rightness | None) -> dict:
    """What the card says of how an output was judged."""
    figures = {"error": judgement.error, "typical_error": judgement.typical, "correlation": judgement.correlation}
    return {
        "kind": judgement.kind,
        "an_example": judgement.same.shape[1],
        "agreement": round(judgement.agreement, DIGITS),
        **{name: None if figure is None else float(f"{figure:.3g}") for name, figure in figures.items()},
        **_figures({"right": right.found, "keras_right": right.keras} if right else {}),
    }


def _figures(metrics: Mapping[str, float] | None) -> dict[str, float] | None:
    return None if metrics is None else {name: _rounded(value) for name, value in metrics.items()}


def _intervals(intervals: Mapping[str, Sequence[float]] | None) -> dict[str, list[float]] | None:
    return intervals and {name: [_rounded(end) for end in ends] for name, ends in intervals.items()}


def _rounded(value: float) -> float:
    """To `DIGITS` decimals; an error that is small in its unit to as many digits."""
    value = float(value)
    return round(value, DIGITS) if abs(value) >= 0.1 or not value else float(f"{value:.{DIGITS}g}")
