"""A new head on a trained body: layers of the two models are matched by their place, whatever they are called."""

from __future__ import annotations

from collections.abc import Iterator

import keras

from zoo.errors import InputError


def take_over_body(trained: keras.Model, fresh: keras.Model) -> keras.Model:
    """Gives every layer of `fresh` but its head the weights of the layer in its place in `trained`; returns `fresh`.

    Args:
        trained: of the same family as `fresh`, for another number of classes.
        fresh: changed in place.

    Raises:
        InputError: the two have different bodies.
    """
    head = {id(layer) for layer in head_layers(fresh)}
    if [type(layer) for layer in trained.layers] != [type(layer) for layer in fresh.layers]:
        raise InputError(
            f"no new head for `{trained.name}`: with another `num_classes` its family builds other layers",
            "`zoo.create_model` builds it untrained",
        )
    for source, target in zip(trained.layers, fresh.layers, strict=True):
        if id(target) in head:
            continue
        before, now = ([tuple(weight.shape) for weight in layer.weights] for layer in (source, target))
        if before != now:
            raise InputError(
                f"no new head for `{trained.name}`: its layer `{source.name}` is no part of the head, and its weights "
                f"depend on `num_classes`: found {before}, expected {now}",
                "`zoo.create_model` builds it untrained",
            )
        target.set_weights(source.get_weights())
    return fresh


def head_layers(model: keras.Model) -> Iterator[keras.layers.Layer]:
    """The layers with weights that are nearest to the outputs, on each way that leads there."""
    ways, seen = list(model.outputs), set()
    while ways:
        operation, node, _ = ways.pop()._keras_history
        if (id(operation), node) in seen:
            continue
        seen.add((id(operation), node))
        if isinstance(operation, keras.layers.Layer) and operation.weights:
            yield operation
        else:
            ways += operation._inbound_nodes[node].input_tensors
