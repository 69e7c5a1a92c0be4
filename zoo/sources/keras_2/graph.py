"""The calls of a functional model's layers: Keras 2's inbound nodes, said as Keras 3 says them.

Keras 2 wrote a call as a list of the tensors it was given, `[layer, call, output, arguments]` each, and counted the
calls of a nested model from 1; Keras 3 writes positional and named arguments and counts from 0 (but from 1 where it
lists a model's inputs and outputs).
"""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from zoo.errors import InputError
from zoo.sources.keras_2.changes import Origin
from zoo.sources.keras_2.operators import Call, keras_operation
from zoo.sources.names import unique_name

RECURRENT = "RNN SimpleRNN LSTM GRU ConvLSTM?D Bidirectional"
MODELS = ("Sequential", "Functional", "Model")
CONSTANT = "_CONSTANT_VALUE"


def is_model(entry: Mapping) -> bool:
    """Whether an object of the file is a model: a Sequential (before Keras 2.2.3 a list) or a functional one."""
    kind, config = entry["class_name"], entry["config"]
    return kind in MODELS or (isinstance(config, dict) and {"layers", "input_layers"} <= set(config))


class Graph:
    """The calls of one functional model.

    Args:
        config: of the model, as the file has it.
        origin: the file.

    Attributes:
        names: of its layers, as they are now, by their names in the file.
    """

    def __init__(self, config: Mapping, origin: Origin):
        self.origin = origin
        self.names: dict[str, str] = {}
        for entry in config["layers"]:
            self.names[entry["name"]] = unique_name(entry["name"], self.names.values(), "layer")
        self._models = {
            entry["name"]: entry["class_name"] != "Sequential" for entry in config["layers"] if is_model(entry)
        }
        """Nested models; whether they are functional."""

    def calls(self, entry: Mapping, kind: str, extra: Mapping) -> list[dict]:
        """The calls of a layer: positional and named arguments each.

        Args:
            entry: the layer, as the file has it.
            kind: its class in Keras 3.
            extra: named arguments that every call gets.
        """
        return [self._call(node, kind, extra) for node in entry.get("inbound_nodes") or [] if node]

    def operator(self, entry: Mapping) -> dict:
        """An operator that TensorFlow was called for: one of `keras.ops`."""
        calls = []
        for node in entry["inbound_nodes"]:
            positional, named = self._arguments(node)
            calls.append(Call(positional, named))
        return keras_operation(entry, calls, self.origin)

    def ends(self, structure: object) -> object:
        """The inputs or outputs of the model."""
        if self._is_reference(structure):
            name, call, output = structure[:3]
            place = self._call_number(name, call) + (1 if self._models.get(name) else 0)
            return [self.names[name], place, output]
        if isinstance(structure, dict):
            return {key: self.ends(value) for key, value in structure.items()}
        if isinstance(structure, list):
            ends = [self.ends(value) for value in structure]
            return ends[0] if len(ends) == 1 else ends
        raise InputError(f"`{self.origin.file}` names an input or output that is no layer's: {structure!r:.80}")

    def _call(self, node: object, kind: str, extra: Mapping) -> dict:
        positional, named = self._arguments(node)
        named = {
            key: value for key, value in named.items() if value is not None and (key, value) != ("training", False)
        }
        named |= extra
        is_recurrent = any(fnmatchcase(kind, each) for each in RECURRENT.split())
        if is_recurrent and len(positional) == 1 and isinstance(positional[0], list):
            positional, named["initial_state"] = positional[0][:1], positional[0][1:]
        return {"args": positional, "kwargs": named}

    def _arguments(self, node: object) -> tuple[list, dict]:
        """What a call was given: one tensor or a structure of them, and the rest by name."""
        named: dict = {}
        first = self._tensors(node, named)
        if isinstance(first, list) and len(first) == 1:
            first = first[0]
        return [first], {key: self._value(value) for key, value in named.items()}

    def _tensors(self, node: object, named: dict) -> object:
        if self._is_reference(node):
            if len(node) > 3 and isinstance(node[3], dict):
                named |= node[3]
            return node[2] if node[0] == CONSTANT else self._tensor(node)
        if isinstance(node, dict):
            return {key: self._tensors(value, named) for key, value in node.items()}
        if isinstance(node, list):
            return [self._tensors(value, named) for value in node]
        return node

    def _value(self, value: object) -> object:
        """A named argument, in which tensors may stand at any depth."""
        if self._is_reference(value):
            return value[2] if value[0] == CONSTANT else self._tensor(value)
        if isinstance(value, list):
            return [self._value(each) for each in value]
        return value

    def _is_reference(self, value: object) -> bool:
        return (
            isinstance(value, list)
            and len(value) in (3, 4)
            and isinstance(value[0], str)
            and (value[0] == CONSTANT or (value[0] in self.names and all(type(each) is int for each in value[1:3])))
        )

    def _tensor(self, reference: Sequence) -> dict:
        name, call, output = reference[:3]
        history = [self.names[name], self._call_number(name, call), output]
        return {"class_name": "__keras_tensor__", "config": {"shape": [], "dtype": "float32", "keras_history": history}}

    def _call_number(self, name: str, call: int) -> int:
        return max(call - 1, 0) if name in self._models else call
