"""Files that differ by copies of one operator, so that the time between them is that of the copies."""

from __future__ import annotations

from collections.abc import Hashable
from math import prod

from zoo.export.assembly import operators
from zoo.export.assembly.file import write
from zoo.export.assembly.graph import DTYPES, Graph, Operator, Piece, Tensor

_FLOAT = Tensor(())


def read_at_run_time(operator: Operator) -> list[Tensor]:
    """The inputs that are not constants, each once."""
    return list(dict.fromkeys(tensor for tensor in operator.inputs if tensor is not None and not tensor.constant))


def kind(operator: Operator) -> Hashable:
    """Operators of one kind take one time: equal in code, shapes, types, quantisation and options."""

    def facts(tensors: list[Tensor | None]) -> tuple:
        return tuple(tensor and (tensor.shape, tensor.type, tensor.quantization) for tensor in tensors)

    options = tuple((name, str(value)) for name, value in sorted(getattr(operator.options, "__dict__", {}).items()))
    return operator.code, operator.version, options, facts(operator.inputs), facts(operator.outputs)


def shapes(operator: Operator) -> str:
    """What it reads at run time and writes, batch and float32 left unsaid: `64 -> 256`, `192 int8 -> 3 x 64 int8`."""
    return f"{_shapes(read_at_run_time(operator))} -> {_shapes(operator.outputs)}"


def repeated(operator: Operator, copies: int) -> tuple[bytes, bytes, int]:
    """Two files, from one float32 input of (1, values) to one such output, that differ by copies of an operator.

    Both take the operator's inputs x from theirs, and then, as many times as there are copies,

        x = x + start               every copy reads what has just been written, and none reads what another does
        sum = sum + operator(x)     in the one file: what nobody reads, the runtime leaves out
        sum = sum + once            in the other, with `once` of the first x

    All copies share the constants, as the steps of a recurrence do.

    Returns:
        The file with the copies, the one without, and how many values their input has.
    """
    values = sum(prod(tensor.shape) for tensor in read_at_run_time(operator))
    return _file(operator, values, copies, computed=True), _file(operator, values, copies, computed=False), values


def _file(operator: Operator, values: int, copies: int, *, computed: bool) -> bytes:
    graph, given = Graph(), Tensor((1, values))
    start = _parts(graph, given, read_at_run_time(operator))
    once = _copy(graph, operator, start)
    sums, x = once, start
    for _ in range(copies):
        x = {name: operators.add(graph, x[name], start[name]) for name in x}
        results = _copy(graph, operator, x) if computed else once
        sums = [operators.add(graph, sum_, result) for sum_, result in zip(sums, results, strict=True)]
    read = [operators.convert(graph, _flat(graph, tensor), _FLOAT) for tensor in (*sums, *x.values())]
    return write({"copies": Piece(graph, {"given": given}, {"read": operators.concatenate(graph, read, axis=1)})})


def _parts(graph: Graph, given: Tensor, wanted: list[Tensor]) -> dict[Tensor, Tensor]:
    """For each tensor one of its shape, type and quantisation, with values of `given` that are its own."""
    parts, first = {}, 0
    for tensor in wanted:
        size = prod(tensor.shape)
        part = operators.take(graph, given, operators.constant([0, first]), (1, size))
        part = part if part.shape == tensor.shape else operators.reshape(graph, part, tensor.shape)
        parts[tensor] = operators.convert(graph, part, tensor)
        first += size
    return parts


def _copy(graph: Graph, operator: Operator, stands_for: dict[Tensor, Tensor]) -> list[Tensor]:
    known = dict(stands_for)
    graph.copy_in(operator, known)
    return [known[tensor] for tensor in operator.outputs]


def _flat(graph: Graph, tensor: Tensor) -> Tensor:
    size = prod(tensor.shape)
    return tensor if tensor.shape == (1, size) else operators.reshape(graph, tensor, (1, size))


def _shapes(tensors: list[Tensor]) -> str:
    """Equal neighbours are counted: `2 x 64`."""
    runs: list[tuple[str, int]] = []
    for text in map(_shape, tensors):
        if runs and runs[-1][0] == text:
            runs[-1] = (text, runs[-1][1] + 1)
        else:
            runs.append((text, 1))
    return ", ".join(text if count == 1 else f"{count} x {text}" for text, count in runs)


def _shape(tensor: Tensor) -> str:
    sizes = tensor.shape[1:]
    text = str(sizes[0]) if len(sizes) == 1 else str(sizes)
    return text if tensor.type == _FLOAT.type else f"{text} {DTYPES[tensor.type]}"
