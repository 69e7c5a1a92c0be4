"""Gives a converted stream the grids of the converted whole, tensor by tensor: both compute the same integers.

Both were converted from the same layers, for other numbers of rows.  A tensor is known by how it came about: by the
wire it came in on, or by the operator that made it, what that read and which weights it has.  Operators that only move
numbers (to another shape, between zeros) do not count: which of them there are depends on the rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ai_edge_litert.schema_py_generated import BuiltinOperator, TensorType

from zoo.errors import ConversionError
from zoo.export.assembly.graph import Operator, Piece, Tensor
from zoo.export.lowering.splice import in_order
from zoo.export.recurrences.holes import Cut, Hole, WindowHole

_MOVING = {
    BuiltinOperator.BATCH_TO_SPACE_ND,
    BuiltinOperator.EXPAND_DIMS,
    BuiltinOperator.PAD,
    BuiltinOperator.RESHAPE,
    BuiltinOperator.SPACE_TO_BATCH_ND,
    BuiltinOperator.SQUEEZE,
    BuiltinOperator.TRANSPOSE,
}
_INTEGERS = (TensorType.INT8, TensorType.INT16)


def graft(stream: Piece, stream_cut: Cut, whole: Piece, whole_cut: Cut, of_whole: tuple[int, ...]) -> None:
    """Changes the tensors of a stream's rest to the grids, and its weights to the constants, of the whole's.

    Args:
        stream, stream_cut: the rest of the streaming part, its ends peeled, and what it is the rest of.
        whole, whole_cut: those of the whole.
        of_whole: the number of the whole's recurrence for each of the streaming part's.

    Raises:
        ConversionError: a quantised tensor of the streaming part has no like in the whole.
    """
    pairs = zip(stream_cut.holes, (whole_cut.holes[number] for number in of_whole), strict=True)
    same = {wire: other for hole, its in pairs for wire, other in zip(hole.outputs, its.outputs, strict=False)}
    ours, theirs = _Origins(stream, stream_cut, same), _Origins(whole, whole_cut, {})
    tensors = {key: tensor for tensor, key in reversed(theirs.of_tensor.items())}
    operators = {key: operator for operator, key in theirs.of_operator.items()}
    for operator, key in ours.of_operator.items():
        if (like := operators.get(key)) is not None:
            operator.inputs = [_constant_of(*pair) for pair in zip(operator.inputs, like.inputs, strict=False)]
    for tensor, key in ours.of_tensor.items():
        like = tensors.get(key)
        if tensor.type not in _INTEGERS and (like is None or like.type == tensor.type):
            continue
        if like is None or like.type != tensor.type or like.quantization is None:
            raise ConversionError(
                "`stream` in int8: the converter computes it by other operators than the whole: its bits would differ",
                "leave `--stream` or the target `int8` out; `dynamic_int8` has it",
            )
        tensor.quantization = like.quantization


def _constant_of(ours: Tensor | None, theirs: Tensor | None) -> Tensor | None:
    """A quantised constant as the whole has it: a bias is stored on the grid of what it is added to."""
    both = ours is not None and theirs is not None and ours.constant and theirs.constant
    return theirs if both and theirs.quantization else ours


class _Origins:
    """How every tensor of a rest came about, and every operator: keys that are equal in the stream and in the whole."""

    def __init__(self, rest: Piece, cut: Cut, same: Mapping[str, str]):
        self.of_tensor: dict[Tensor, tuple] = {}
        self.of_operator: dict[Operator, tuple] = {}
        self._rest, self._same, self._met = rest, same, Counter()
        windows = {window.outputs[0] for window in cut.windows}
        for wire, tensor in rest.inputs.items():
            if wire not in windows:
                self.of_tensor[tensor] = self._of_wire(wire)
        for node in in_order(rest, (*cut.holes, *cut.windows)):
            if isinstance(node, WindowHole):
                made = rest.outputs.get(node.frames)
                key = self._of_wire(node.frames) if made is None else self.of_tensor[made]
                self.of_tensor[rest.inputs[node.outputs[0]]] = key
            elif not isinstance(node, Hole):
                self._note(node)

    def _of_wire(self, wire: str) -> tuple:
        return ("wire", self._same.get(wire, wire))

    def _note(self, operator: Operator) -> None:
        read = tuple(self._of(tensor) for tensor in operator.inputs)
        if operator.code in _MOVING:
            self.of_tensor[operator.outputs[0]] = read[0]
            return
        origin = (operator.code, getattr(operator.options, "fusedActivationFunction", None), read)
        self._met[origin] += 1
        key = self.of_operator[operator] = (*origin, self._met[origin])
        self.of_tensor.update((tensor, (key, place)) for place, tensor in enumerate(operator.outputs))

    def _of(self, tensor: Tensor | None) -> object:
        """A shape or an axis says nothing of where a number comes from; a bias is known by its weights."""
        if tensor is None or not tensor.constant:
            return None if tensor is None else self.of_tensor[tensor]
        return None if tensor.type in (TensorType.INT32, TensorType.INT64) else tensor.data
