"""The manifest of an export: what the bundle is, its inputs and outputs, and how its artifacts store them."""

from collections.abc import Collection, Mapping
from importlib import metadata
from types import MappingProxyType

from zoo.errors import ConversionError, InputError
from zoo.export.inputs.uses import Uses
from zoo.export.intake.declared import FIT, check_declared
from zoo.export.intake.meaning import CLASSIFICATION, REGRESSION, named_by, output_kinds
from zoo.export.intake.sources import PART, STREAM, Source
from zoo.export.recurrences.holes import uses_of_inputs
from zoo.export.streaming.part import StreamPart
from zoo.families import Part, inputs_said
from zoo.runtime.engine.flatbuffer import TensorView, inspect
from zoo.runtime.parts import inputs_of
from zoo.runtime.reading.arrays import InputSpec
from zoo.tasks import get_task
from zoo.verify.measures.answers import CHOICES, LOGITS, VALUE, YES_NO
from zoo.verify.running.kinds import kinds_of

KINDS = {"image": "image", "length": "length", "token": "tokens", "tokens": "tokens"}
"""The kind of an input of our models by its name, where no data set gives one."""


def describe(source: Source, batch_size: int, declared: Mapping[str, Mapping] = MappingProxyType({})) -> dict:
    """All of a manifest but its artifacts and files; `declared`: what the user says of inputs, by name.

    Raises:
        InputError: what is declared is no input of a user's model, or cannot be what it is said to be.
    """
    spec = source.spec
    found = {
        "name": source.name,
        "model": spec.name if spec else None,
        "tag": source.tag,
        "family": spec.family if spec else None,
        "task": spec.task if spec else source.meaning.task,
        "zoo": metadata.version("hybrid-zoo"),
        "parts": _parts(source, batch_size),
        "decode": get_task(spec.task).decode(source.model, source.data) if spec else {"loop": "single", "part": PART},
        **({"stream": STREAM} if source.stream else {}),
        "answers": _answers(source),
        **_vocabularies(source),
        "artifacts": {},
    }
    _declare(found["parts"], declared, source)
    return found | ({"build": dict(spec.arguments)} if spec else {"source": "source.keras"})


def _declare(parts: Mapping[str, Mapping], declared: Mapping[str, Mapping], source: Source) -> None:
    if declared and source.spec is not None:
        raise InputError(f"`{source.name}` is a model of the zoo, whose inputs are known", "leave `--input` out")
    if declared:
        check_declared(declared, parts[PART]["inputs"])
    for part in parts.values():
        for name, facts in declared.items():
            part["inputs"][name] |= facts


def example_specs(manifest: Mapping) -> dict[str, InputSpec]:
    """What a user gives by name, for one example."""
    inputs = inputs_of(manifest)
    return {name: InputSpec.of(name, {**facts, "shape": [1, *facts["shape"][1:]]}) for name, facts in inputs.items()}


def quantization(data: bytes) -> dict[str, dict[str, dict]]:
    """How a `.tflite` file stores its inputs and outputs: `{signature: {name: {dtype, scale, zero_point}}}`."""
    return {
        part: {name: _stored(tensor) for name, tensor in {**ends.inputs, **ends.outputs}.items() if tensor.scales}
        for part, ends in inspect(data).signatures.items()
    }


def _stored(tensor: TensorView) -> dict:
    return {"dtype": tensor.dtype, "scale": tensor.scales[0], "zero_point": tensor.zero_points[0]}


def _parts(source: Source, batch_size: int) -> dict[str, dict]:
    described = {name: _part(source, name, part, batch_size) for name, part in source.parts.items()}
    return described | ({STREAM: _stream(source.stream, described[PART])} if source.stream else {})


def _part(source: Source, name: str, part: Part, batch_size: int) -> dict[str, dict]:
    inputs = {key: facts for key, facts in _inputs(source, part, batch_size).items() if key not in part.state}
    outputs = _outputs(part, batch_size)
    if not part.state:
        return {"inputs": inputs, "outputs": outputs}
    states = {key: outputs.pop(key) for key in part.state}
    return {"inputs": inputs, "outputs": outputs, "state": states}


def _stream(stream: StreamPart, whole: Mapping[str, Mapping]) -> dict[str, dict]:
    """The part `stream`: what the whole says of an input or output holds for a chunk of it too."""

    def ends(of: Mapping[str, Mapping], timed: Collection[str]) -> dict[str, dict]:
        return {name: _of_chunk(facts, stream.chunk) if name in timed else dict(facts) for name, facts in of.items()}

    (batch, *_), *_ = (facts["shape"] for facts in whole["inputs"].values())
    after = {name: {"after": frames} for name, frames in stream.after.items()}
    outputs = ends(whole["outputs"], stream.timed_outputs)
    for name in stream.timed_outputs:  # a stride makes one row of several frames
        outputs[name]["shape"][1] = stream.model.output[name].shape[1]
    states = {name: stream.model.input[name] for name in stream.state}
    return {
        "inputs": ends(whole["inputs"], stream.timed_inputs),
        "outputs": {name: facts | after.get(name, {}) for name, facts in outputs.items()},
        "state": {
            name: {"shape": [batch, *tensor.shape[1:]], "dtype": tensor.dtype, **after.get(name, {})}
            for name, tensor in states.items()
        },
    }


def _of_chunk(facts: Mapping, chunk: int) -> dict:
    batch, _, *values = facts["shape"]
    return {**facts, "shape": [batch, chunk, *values], "time": True}


def _inputs(source: Source, part: Part, batch_size: int) -> dict[str, dict]:
    plain = {
        name: {"shape": [batch_size, *tensor.shape[1:]], "dtype": tensor.dtype}
        for name, tensor in part.model.input.items()
    }
    uses = {} if source.spec else _uses(source, plain)
    return {name: facts | _meaning(source, name, uses.get(name, Uses())) for name, facts in plain.items()}


def _uses(source: Source, inputs: Mapping[str, Mapping]) -> dict[str, Uses]:
    """What a user's model does with its inputs; nothing is known of one that cannot be traced, as lowering will say."""
    try:
        return uses_of_inputs(
            source.model, {name: (tuple(facts["shape"]), facts["dtype"]) for name, facts in inputs.items()}
        )
    except (ConversionError, ValueError, TypeError, NotImplementedError):
        return {}


def _meaning(source: Source, name: str, uses: Uses) -> dict:
    """What the numbers of an input are, as far as it is known."""
    if source.spec is None:
        return uses.facts() | _as_loaded(source, name)
    facts = {**inputs_said(source.spec).get(name, {}), **(source.data.inputs.get(name, {}) if source.data else {})}
    meaning = {"kind": facts.get("kind") or KINDS.get(name, "array")}
    meaning |= {key: facts[key] for key in ("vocabulary", "of") if key in facts}
    if meaning["kind"] == "image":
        meaning["fit"] = facts.get("fit", FIT)
    if "unit" in facts:
        meaning["unit"] = facts["unit"]
    if "rate" in facts:
        meaning["sample_rate"] = int(facts["rate"])
    if source.recipe and name in source.recipe.ranges:
        meaning["range"] = list(source.recipe.ranges[name])
    return meaning


def _as_loaded(source: Source, name: str) -> dict:
    """What the bundle said of it that a model was loaded from and then trained on, if the input is still the same."""
    facts = source.origin.inputs.get(name, {}) if source.origin else {}
    if list(facts.get("shape", ()))[1:] != list(source.model.input[name].shape[1:]):
        return {}
    return {key: facts[key] for key in ("kind", "fit", "unit", "range", "sample_rate") if key in facts}


def _outputs(part: Part, batch_size: int) -> dict[str, dict]:
    """Floats of any width come out as float32."""
    return {
        name: {
            "shape": [batch_size, *tensor.shape[1:]],
            "dtype": "float32" if "float" in tensor.dtype else tensor.dtype,
        }
        for name, tensor in part.model.output.items()
    }


def _answers(source: Source) -> dict[str, dict]:
    """What outputs mean to a person, as far as it is known: first the choice that the labels name."""
    if source.data:
        return get_task(source.spec.task).meaning(source.data)
    if PART not in source.parts:
        return {}
    kinds = output_kinds(source.model, source.meaning) if source.spec is None else _kinds_of_ours(source)
    choices = [name for name, kind in kinds.items() if kind in (*CHOICES, YES_NO)]
    labels = source.meaning.labels
    named = named_by(labels, {name: (kinds[name], source.model.output[name].shape) for name in choices})
    answers = {
        name: {"kind": "classes", "of": kinds[name], "labels": list(labels) if name == named else None}
        for name in sorted(choices, key=lambda name: name != named)
    }
    if source.meaning.task == REGRESSION:
        answers |= {name: {"kind": "values"} for name, kind in kinds.items() if kind == VALUE}
    return answers


def _kinds_of_ours(source: Source) -> dict[str, str]:
    """Outputs of a model of the zoo are named by its task."""
    classifies = source.spec.task == CLASSIFICATION
    return {name: LOGITS if classifies and name == "logits" else kind for name, kind in kinds_of(source.model).items()}


def _vocabularies(source: Source) -> dict:
    """The vocabularies of the data set that answers or inputs name."""
    return {"vocabularies": dict(source.data.vocabularies)} if source.data and source.data.vocabularies else {}
