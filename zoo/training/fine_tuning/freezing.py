"""The key `freeze`: layers that a training leaves as they are."""

import fnmatch
import logging
import math

import keras

from zoo.errors import RecipeError, the_nearest
from zoo.families._head import head_layers
from zoo.training.recipe import Recipe

log = logging.getLogger(__name__)

BODY = "body"
"""Stands for every layer but the head."""


def freeze(recipe: Recipe, model: keras.Model) -> None:
    """Freezes the layers that the recipe's `freeze` names, and says how many parameters are left to be trained.

    A frozen BatchNormalization runs as in inference.

    Raises:
        RecipeError: a pattern matches no layer, or nothing is left to be trained.
    """
    if not recipe.freeze:
        return
    layers = {layer.name: layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)}
    head = {layer.name for layer in head_layers(model)}
    for pattern in recipe.freeze:
        names = set(layers) - head if pattern == BODY else set(fnmatch.filter(layers, pattern))
        if not names:
            raise RecipeError(
                f"`{recipe.full_name}`: `freeze` has `{pattern}`, which matches no layer of `{recipe.model}`; "
                f"{the_nearest(pattern, [BODY, *layers], 'layer')}"
            )
        for name in names:
            layers[name].trainable = False
    if not model.trainable_variables:
        raise RecipeError(
            f"`{recipe.full_name}`: `freeze` leaves no layer of `{recipe.model}` to be trained: found {recipe.freeze}",
            f"`freeze: [{BODY}]` leaves the head",
        )
    trained = sum(math.prod(weight.shape) for weight in model.trainable_variables)
    log.info("`%s` trains %s of %s parameters", recipe.full_name, f"{trained:,}", f"{model.count_params():,}")
