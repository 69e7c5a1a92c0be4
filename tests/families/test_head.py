"""A new head on a trained body, where layers have names of Keras's making."""

import keras
import numpy as np
import pytest
from keras import layers

from zoo.errors import InputError
from zoo.families._head import head_layers, take_over


def network(num_classes: int, extra: int = 0, width: int = 4) -> keras.Model:
    """Two unnamed convolutions and an unnamed head behind an activation; `extra` layers come into the body."""
    image = keras.Input((8, 8, 1), name="image")
    x = layers.Conv2D(3, 3, activation="relu")(image)
    x = layers.BatchNormalization()(layers.Conv2D(width, 3)(x))
    for _ in range(extra):
        x = layers.Dense(width)(x)
    x = layers.Dense(5)(layers.Flatten()(x))
    return keras.Model({"image": image}, {"logits": layers.Activation("linear")(layers.Dense(num_classes)(x))})


def test_layers_are_matched_by_place():
    trained = network(10)
    for weight in trained.weights:
        weight.assign(np.random.default_rng(1).normal(size=weight.shape))
    fresh = network(3)
    drawn = fresh.layers[-2].get_weights()
    kept_fresh = take_over(trained, fresh, ["num_classes"], list(head_layers(fresh)))
    assert kept_fresh == [fresh.layers[-2].name]
    changed = fresh
    assert changed.layers[1].name != trained.layers[1].name
    for one, other in list(zip(trained.layers, changed.layers, strict=True))[:-2]:
        for before, after in zip(one.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_array_equal(before, after)
    np.testing.assert_array_equal(changed.layers[-2].get_weights()[0], drawn[0])


def test_the_head_of_as_many_classes_is_new_too():
    trained, fresh = network(10), network(10)
    drawn = fresh.layers[-2].get_weights()[0]
    take_over(trained, fresh, ["num_classes"], list(head_layers(fresh)))
    np.testing.assert_array_equal(fresh.layers[-2].get_weights()[0], drawn)


def test_a_head_is_new_where_its_shapes_differ():
    assert take_over(network(10), network(10), [], None) == []
    fresh = network(3)
    assert take_over(network(10), fresh, [], None) == [fresh.layers[-2].name]


def test_a_head_may_be_in_two_places():
    x = keras.Input((4,))
    logits = layers.Add()(
        [layers.Dense(2, name="one")(x), keras.ops.abs(layers.Dense(2, name="two")(layers.Dense(3)(x)))]
    )
    assert {layer.name for layer in head_layers(keras.Model(x, {"logits": logits}))} == {"one", "two"}


@pytest.mark.parametrize(
    ("other", "words"),
    [({"extra": 1}, "its family builds other layers"), ({"width": 6}, "its layer `conv2d.*` is no part of a new head")],
)
def test_another_body_is_a_sentence(other, words):
    with pytest.raises(InputError, match=words):
        take_over(network(10), network(3, **other), ["num_classes"], None)
