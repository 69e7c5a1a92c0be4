"""What an export is asked for, as one checked value."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from zoo.errors import InputError, unknown
from zoo.export.intake.declared import read_declared
from zoo.export.intake.meaning import NOTHING, Meaning, read_meaning
from zoo.export.recurrences.forms import ANY, Chooser
from zoo.targets import TARGETS

LATER = ("micro", "onnx")


@dataclass(frozen=True)
class Request:
    """Which artifacts to make, and how.

    Args:
        targets: in the order of `zoo.targets.TARGETS`, each once.
        batch_size: rows of every input of a `.tflite` file.
        form: how recurrences are lowered.
        runtime: what the form `auto` is chosen for.
        size_budget: bytes that each `.tflite` file may take; None: as many as it does.
        length: the size of the open axis of inputs that have one, time as a rule: for all of them or by input name.
        int8_io: dtype of the ends of `int8`; None: uint8 for an image input, int8 for all else, but float32 for what
            8 bits would spoil.
        chunk: frames a call of the part `stream`; None: no such part.
        inputs: by input name what the manifest is to say of it.
        shapes: by input name its whole shape without the batch, where axes of it are open.
        meaning: what the user says of the outputs.
    """

    targets: tuple[str, ...]
    batch_size: int = 1
    form: str = "auto"
    runtime: str = ANY
    size_budget: int | None = None
    length: int | Mapping[str, int] | None = None
    int8_io: str | None = None
    chunk: int | None = None
    shapes: Mapping[str, tuple[int, ...]] | None = None
    meaning: Meaning = NOTHING
    inputs: Mapping[str, Mapping] = field(default_factory=dict)


def make_request(
    targets: str | Sequence[str],
    *,
    batch_size: int,
    form: str,
    runtime: str,
    size_budget: int | None,
    length: int | Mapping[str, int] | None,
    int8_io: str | None,
    stream: bool = False,
    chunk: int = 1,
    shapes: Mapping[str, Sequence[int]] | None = None,
    task: str | None = None,
    labels: str | os.PathLike | Sequence[str] | None = None,
    inputs: Mapping[str, str] | None = None,
) -> Request:
    """Checks the options that can be checked without the model.

    Raises:
        UnknownNameError: no such target.
        InputError: an option is not what it can be, or does not go with another.
    """
    wanted = _known_targets([targets] if isinstance(targets, str) else list(targets))
    counts = {"batch_size": batch_size, "size_budget": size_budget, "chunk": chunk}
    for name, value in (*counts.items(), *_sizes(length, shapes)):
        if value is not None and (type(value) is not int or value < 1):
            raise InputError(f"wrong value of `{name}`: found {value!r}, expected a whole number from 1")
    if form == "stream":
        raise InputError("`stream` is a part, no form of a recurrence", "`--stream` exports it beside `predict`")
    Chooser(form, runtime=runtime)
    if int8_io not in (None, "int8", "uint8", "float32"):
        raise InputError(f"wrong value of `int8_io`: found {int8_io!r}, expected `int8`, `uint8` or `float32`")
    if int8_io and "int8" not in wanted:
        raise InputError(
            f"`int8_io` is about the target `int8`, found {_listed(wanted)}",
            "`int16x8` has int16 in and out, the other targets have float32",
        )
    frames = _frames_of_a_stream(stream, chunk, wanted)
    shapes = None if shapes is None else {name: tuple(shape) for name, shape in shapes.items()}
    meaning, declared = read_meaning(task, labels), read_declared(inputs)
    return Request(wanted, batch_size, form, runtime, size_budget, length, int8_io, frames, shapes, meaning, declared)


def _sizes(length: object, shapes: object) -> Iterator[tuple[str, object]]:
    """Every number of the options `length` and `shapes`, and what it is called."""
    if isinstance(length, Mapping):
        yield from ((f"length[{name!r}]", value) for name, value in length.items())
    else:
        yield "length", length
    if not isinstance(shapes, Mapping | None):
        raise InputError(f"wrong value of `shapes`: found {shapes!r}, expected a shape by input name")
    for name, shape in (shapes or {}).items():
        if not isinstance(shape, Sequence) or isinstance(shape, str):
            raise InputError(f"wrong value of `shapes[{name!r}]`: found {shape!r}, expected whole numbers from 1")
        yield from ((f"shapes[{name!r}]", size) for size in shape)


def _frames_of_a_stream(stream: bool, chunk: int, targets: Sequence[str]) -> int | None:
    """The frames that a call of `stream` takes; None where there is no such part."""
    if not stream and chunk != 1:
        raise InputError(f"`chunk` is about the part `stream`: found {chunk} without it", "`--stream` exports the part")
    if stream and "int16x8" in targets:
        raise InputError("`int16x8` has no part `stream`: it takes no recurrences yet", "`int8` has it")
    return chunk if stream else None


def _known_targets(targets: list[str]) -> tuple[str, ...]:
    if not targets:
        raise InputError(f"no target was asked for: expected one or more of {_listed(TARGETS)}")
    for target in targets:
        if target in LATER:
            raise InputError(f"the target `{target}` is not exported yet", "the targets are " + _listed(TARGETS))
        if target not in TARGETS:
            raise unknown("target", target, TARGETS, "the targets are " + _listed(TARGETS))
    return tuple(target for target in TARGETS if target in targets)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
