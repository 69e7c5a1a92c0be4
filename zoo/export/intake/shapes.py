"""The shapes that a model is exported for: its inputs' own, every open axis given by `shapes` or `length`."""

from collections.abc import Iterator, Mapping

import keras

from zoo.errors import InputError, unknown
from zoo.export.intake.request import Request
from zoo.sources.names import input_names, unique_name

Shape = tuple[int | None, ...]


def fixed_shapes(model: keras.Model, request: Request) -> dict[str, tuple[int, ...]]:
    """By input name its shape without the batch, no axis of it open.

    Raises:
        UnknownNameError: a shape or a length is for an input that the model has not.
        InputError: an axis is open and nothing gives its size, or what is given does not fit.
    """
    own = {name: tuple(tensor.shape[1:]) for name, tensor in zip(input_names(model), model.inputs, strict=True)}
    shapes = own | {name: _given(name, own[name], shape) for name, shape in _named(request.shapes, own, "shapes")}
    lengths = request.length
    if isinstance(lengths, Mapping):
        shapes |= {name: _of_length(name, own, shapes, length) for name, length in _named(lengths, own, "length")}
    elif lengths is not None:
        open_ones = [name for name, shape in shapes.items() if shape.count(None) == 1]
        if not any(None in shape for shape in shapes.values()):
            raise InputError(
                f"`length` was given, but no input has a time axis of unknown length: found {_listed(own)}",
                "leave it out",
            )
        shapes |= {name: _of_length(name, own, shapes, lengths) for name in open_ones}
    for name, shape in shapes.items():
        if None in shape:
            raise _open(name, shape, own)
    return shapes


def _named(given: Mapping | None, own: Mapping[str, Shape], option: str) -> Iterator[tuple[str, object]]:
    """What is given by name, each name one of the model's inputs."""
    for name, value in (given or {}).items():
        known = name if name in own else unique_name(name, (), "input")
        if known not in own:
            raise unknown(f"input in `{option}`", name, list(own), f"the model's inputs are {_listed(own)}")
        yield known, value


def _given(name: str, own: Shape, shape: tuple[int, ...]) -> tuple[int, ...]:
    fits = len(shape) == len(own) and all(size in (None, found) for size, found in zip(own, shape, strict=True))
    if not fits:
        raise InputError(
            f"`shapes` of input `{name}` is {tuple(shape)}, which is no shape of it: found {_shown(own)}",
            "give all axes but the batch, each that is known as it is",
        )
    return tuple(shape)


def _of_length(name: str, own: Mapping[str, Shape], shapes: Mapping[str, Shape], length: int) -> tuple[int, ...]:
    shape = shapes[name]
    if None not in shape:
        raise InputError(
            f"`length` was given for input `{name}`, which has no axis of unknown size: found {_shown(own[name])}",
            "leave it out",
        )
    if shape.count(None) > 1:
        raise _open(name, shape, own)
    return tuple(length if size is None else size for size in shape)


def _open(name: str, shape: Shape, own: Mapping[str, Shape]) -> InputError:
    """What to say of an input with an axis that nothing gives the size of."""
    axis = max(number for number, size in enumerate(shape, 1) if size is None)
    if shape.count(None) == 1 and axis == 1:
        several = len([each for each in own.values() if None in each]) > 1
        by_name = f"; `--length {name}=50` for this input alone" if several else ""
        return InputError(
            f"the time axis of input `{name}` is of unknown length: found {_shown(own[name])}",
            f"`--length 50` (in Python `length=50`) exports it for 50 steps{by_name}",
        )
    example = tuple(size or 64 for size in shape)
    listed = ",".join(map(str, example))
    return InputError(
        f"axis {axis} of input `{name}` is of unknown size: found {_shown(own[name])}",
        f"`--shape {name}={listed}` (in Python `shapes={{'{name}': {example}}}`) exports it for one size",
    )


def _shown(shape: Shape) -> str:
    return str((None, *shape))


def _listed(own: Mapping[str, Shape]) -> str:
    return ", ".join(f"`{name}` {_shown(shape)}" for name, shape in own.items())
