"""Body and head of a model, and weights taken over from another size of it.

The head is the layers with weights that are nearest to the outputs.  Layers of two models of a family are matched by
their place, whatever they are called.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import keras

from zoo.errors import InputError

Pairs = list[tuple[keras.layers.Layer, keras.layers.Layer]]


def take_over(
    trained: keras.Model, fresh: keras.Model, changed: Collection[str], new: Collection[keras.layers.Layer] | None
) -> list[str]:
    """Gives the layers of `fresh` the weights of those in their places in `trained`.

    Args:
        trained: of the same family as `fresh`, built with other arguments.
        fresh: changed in place.
        changed: the names of these arguments, for the message.
        new: layers of `fresh` that keep their fresh weights; None: those of its head whose weights have other shapes.

    Returns:
        The names of the layers that kept their fresh weights.

    Raises:
        InputError: the two have different layers, or one that is not `new` has weights of other shapes.
    """
    because = " or ".join(f"`{name}`" for name in changed) or "the arguments of its family"
    if [type(layer) for layer in trained.layers] != [type(layer) for layer in fresh.layers]:
        raise InputError(
            f"the weights of `{trained.name}` cannot be kept: with another {because} its family builds other layers",
            "`zoo.create_model` builds it untrained",
        )
    pairs = list(zip(trained.layers, fresh.layers, strict=True))
    if new is None:
        head = {id(layer) for layer in head_layers(fresh)}
        new = [layer for source, layer in pairs if id(layer) in head and _shapes(source) != _shapes(layer)]
    stays = {id(layer) for layer in new}
    taken = [(source, layer) for source, layer in pairs if id(layer) not in stays]
    for source, layer in taken:
        if (found := _shapes(source)) != (expected := _shapes(layer)):
            raise InputError(
                f"the weights of `{trained.name}` cannot be kept: its layer `{source.name}` is no part of a new head, "
                f"and its weights depend on {because}: found {found}, expected {expected}",
                "`zoo.create_model` builds it untrained",
            )
    for source, layer in taken:
        layer.set_weights(source.get_weights())
    return [layer.name for layer in new]


def head_layers(model: keras.Model, outputs: Collection[str] | None = None) -> Iterator[keras.layers.Layer]:
    """The layers with weights that are nearest to the outputs, on each way that leads there.

    Args:
        outputs: names of outputs; all unless given.
    """
    for operation, _ in head_calls(model, outputs):
        yield operation


def head_calls(model: keras.Model, outputs: Collection[str] | None = None) -> Iterator[tuple]:
    """(layer, node) of each call of a layer of the head; see `head_layers`."""
    tensors = model.output if isinstance(model.output, dict) else dict(enumerate(model.outputs))
    ways = [tensor for name, tensor in reversed(tensors.items()) if outputs is None or name in outputs]
    seen = set()
    while ways:
        operation, index, _ = ways.pop()._keras_history
        if (id(operation), index) in seen:
            continue
        seen.add((id(operation), index))
        node = operation._inbound_nodes[index]
        if isinstance(operation, keras.layers.Layer) and operation.weights:
            yield operation, node
        else:
            ways += reversed(node.input_tensors)


def _shapes(layer: keras.layers.Layer) -> list[tuple[int, ...]]:
    return [tuple(weight.shape) for weight in layer.weights]
