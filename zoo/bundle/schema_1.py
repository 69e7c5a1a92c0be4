"""Manifests of schema 1, as the zoo wrote them up to its version 0.1, and what they are in the schema of today.

A choice was all that an output could answer, `single` the only loop, and `step` the name of the part that streams.
"""

from collections.abc import Mapping

from zoo.bundle.rules import ARTIFACTS, FILES, FIT, INPUT, NAME, OUTPUT, PATH, STATE, TEXTS
from zoo.bundle.schema import ANYTHING, TEXT, TRUTH, OrNull

_PART, _STREAM = "predict", "step"
_CHOICES, _YES_NO = ("logits", "probabilities"), "yes_no"
_INPUT = {**INPUT, "kind": ("image", "signal", "features", "tokens", "length", "array"), "fit?": FIT}
_OUTPUT = {**OUTPUT, "kind?": (*_CHOICES, _YES_NO, "value", "whole"), "softmax?": TRUTH}
MANIFEST = {
    "schema": (1,),
    "name": NAME,
    "model": OrNull(TEXT),
    "tag": OrNull(TEXT),
    "family": OrNull(TEXT),
    "task": OrNull(TEXT),
    "zoo": TEXT,
    "decode": ("single",),
    "labels": OrNull(TEXTS),
    "build?": {TEXT: ANYTHING},
    "source?": PATH,
    "parts": {TEXT: {"inputs": {TEXT: _INPUT}, "outputs": {TEXT: _OUTPUT}, "state?": {TEXT: STATE}}},
    "artifacts": ARTIFACTS,
    "files": FILES,
}


def is_of(manifest: Mapping) -> bool:
    """Whether a manifest says that it is of schema 1."""
    return type(manifest.get("schema")) is int and manifest["schema"] == 1


def translated(manifest: Mapping) -> dict:
    """A manifest that was compared with the table, as the schema of today has it, but for the key `schema`."""
    parts = manifest["parts"]
    kept = {key: value for key, value in manifest.items() if key not in ("schema", "labels", "decode", "parts")}
    return {
        **kept,
        "parts": {name: {**part, "outputs": _plain(part["outputs"])} for name, part in parts.items()},
        "decode": {"loop": "single", "part": _PART},
        **({"stream": _STREAM} if _STREAM in parts else {}),
        "answers": _answers(parts.get(_PART, {}).get("outputs", {}), manifest["labels"]),
    }


def _plain(outputs: Mapping[str, Mapping]) -> dict[str, dict]:
    """Outputs without what they answer."""
    return {
        name: {key: value for key, value in facts.items() if key not in ("kind", "softmax")}
        for name, facts in outputs.items()
    }


def _answers(outputs: Mapping[str, Mapping], labels: list[str] | None) -> dict[str, dict]:
    """What the outputs that choose answer: first the one that the labels name."""
    kinds = {name: "logits" if facts.get("softmax") else facts.get("kind") for name, facts in outputs.items()}
    chosen = {name: kind for name, kind in kinds.items() if _chooses(outputs[name], kind)}
    named = _labelled(outputs, chosen, labels)
    order = sorted(chosen, key=lambda name: name != named)
    return {
        name: {"kind": "classes", "of": chosen[name], "labels": labels if name == named else None} for name in order
    }


def _chooses(facts: Mapping, kind: str | None) -> bool:
    return "float" in facts["dtype"] and (kind == _YES_NO or (kind in _CHOICES and len(facts["shape"]) > 1))


def _labelled(outputs: Mapping[str, Mapping], chosen: Mapping[str, str], labels: list[str] | None) -> str | None:
    """The output whose classes the labels name: one of as many, or one probability of yes where there are two."""
    sizes = {name: (outputs[name]["shape"] or [0])[-1] for name in chosen}
    choices = [name for name, kind in chosen.items() if kind in _CHOICES]
    fitting = [name for name in choices if labels and sizes[name] == len(labels)]
    of_yes = [name for name in chosen if name not in choices and labels and len(labels) == 2 and sizes[name] == 1]
    return next(iter([*fitting, *choices, *of_yes]), None)
