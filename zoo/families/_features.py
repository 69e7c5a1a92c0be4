"""A model cut open: what its layers give on the way, by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import keras

from zoo.errors import InputError, UnknownNameError, the_nearest
from zoo.families._counting.macs import nodes
from zoo.families._head import head_calls

FEATURES = "features"
"""What the head reads."""


def with_features(model: keras.Model, names: Sequence[str]) -> keras.Model:
    """The model over the same layers, weights shared, that gives what they give on the way.

    Args:
        model: functional.
        names: each `features`, what the head reads, the name of a layer, or what the names of several layers begin with
            up to a `_`, such as `stage1`: what the last of them gives.

    Returns:
        Its outputs are a dict with `names` as keys; its inputs are those of `model` that these depend on.

    Raises:
        InputError: `names` is no list of texts, or the layers of the head read tensors that cannot be joined.
        UnknownNameError: there is no such layer; the message lists the nearest.
    """
    if not isinstance(names, list | tuple) or not names or not all(isinstance(name, str) for name in names):
        raise InputError(
            f"wrong value of `features`: found {names!r}, expected a list of names, such as `{[FEATURES]}`"
        )
    calls = [(call, node) for call, node in nodes(model) if isinstance(call, keras.layers.Layer)]
    given = {layer.name: node.outputs[0] for layer, node in calls}
    groups = {start: given[name] for name in given for start in _beginnings(name) if start not in given}
    outputs = {}
    for name in names:
        if name == FEATURES:
            outputs[name] = _read_by_head(model)
        elif name in given:
            outputs[name] = given[name]
        elif name in groups:
            outputs[name] = groups[name]
        else:
            known = [FEATURES, *given, *groups]
            raise UnknownNameError(f"`{model.name}` has no layer `{name}`; {the_nearest(name, known, 'layer')}")
    return keras.Model(inputs_needed(model, outputs.values()), outputs, name=model.name)


def _beginnings(name: str) -> list[str]:
    """`stage1_block1_relu` -> `stage1`, `stage1_block1`."""
    words = name.split("_")
    return ["_".join(words[:count]) for count in range(1, len(words))]


def _read_by_head(model: keras.Model) -> keras.KerasTensor:
    """What the layers of the head read; of several tensors, joined along the last axis."""
    read = {id(tensor): tensor for _, node in head_calls(model) for tensor in node.input_tensors}
    tensors = list(read.values())
    if len(tensors) == 1:
        return tensors[0]
    if len({tuple(tensor.shape[:-1]) for tensor in tensors}) != 1:
        found = ", ".join(f"`{tensor._keras_history[0].name}` {tuple(tensor.shape)}" for tensor in tensors)
        raise InputError(
            f"the head of `{model.name}` reads {len(tensors)} tensors that cannot be joined: {found}",
            "name these layers themselves",
        )
    return keras.layers.Concatenate()(tensors)


def inputs_needed(model: keras.Model, tensors: Iterable[keras.KerasTensor]) -> dict[str, keras.KerasTensor]:
    """The inputs of a model, by name, that tensors of its graph depend on."""
    ways, seen = list(tensors), set()
    while ways:
        tensor = ways.pop()
        if id(tensor) not in seen:
            seen.add(id(tensor))
            operation, index, _ = tensor._keras_history
            ways += operation._inbound_nodes[index].input_tensors
    inputs = model.input if isinstance(model.input, dict) else {tensor.name: tensor for tensor in model.inputs}
    return {name: tensor for name, tensor in inputs.items() if id(tensor) in seen}
