"""The frozen front of a model: all that is computed before the first layer that is trained.

What it gives to the rest, its *features*, is the same in every epoch where nothing is augmented.  It runs as in
inference, dropout included.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import keras
import numpy as np

from zoo.data import Examples
from zoo.families._counting.macs import nodes
from zoo.families._features import inputs_needed
from zoo.tasks import Batch
from zoo.tasks.task import Loss
from zoo.training.input_pipeline.batches import as_types, open_ended_inputs
from zoo.training.recipe import Recipe

log = logging.getLogger(__name__)

_FEATURE = "front.{}"
"""Names of features; no input has a dot in its name."""


@dataclass(frozen=True, eq=False)
class Cut:
    """A model in two, over the same layers."""

    whole: keras.Model
    front: keras.Model
    """{input: ...} -> {feature: ...}; of the inputs only those that it reads."""
    rest: keras.Model
    """A list of features and inputs, see `reads` -> {output: ...}."""
    reads: tuple[str, ...]
    passed: Mapping[str, str]
    """By output of the whole that the front gives: its feature."""

    def behind(self, values: Mapping, training: bool) -> dict:
        """The outputs of the whole, of features and inputs by name."""
        outputs = self.rest([values[name] for name in self.reads], training=training)
        return {**outputs, **{name: values[feature] for name, feature in self.passed.items()}}


class EachStep:
    """The whole model, its front without dropout; called like a model."""

    def __init__(self, cut: Cut):
        self._cut = cut
        self.input = cut.whole.input

    def __call__(self, inputs: Mapping, training: bool = False) -> dict:
        features = self._cut.front({name: inputs[name] for name in self._cut.front.input}, training=False)
        return self._cut.behind({**inputs, **features}, training)


class Behind:
    """The rest of the model, from kept features; called like a model.

    Args:
        cut: the model.
        also: inputs of the whole that it does not read itself, but the loss does.
    """

    def __init__(self, cut: Cut, also: set[str]):
        self.cut = cut
        features, inputs = cut.front.output, cut.whole.input
        wanted = {*cut.reads, *cut.passed.values(), *also}
        self.input = {name: tensor for name, tensor in {**features, **inputs}.items() if name in wanted}

    def __call__(self, inputs: Mapping, training: bool = False) -> dict:
        return self.cut.behind(inputs, training)


def way_through(
    recipe: Recipe, model: keras.Model, train: Examples, loss: Loss
) -> Callable[[Mapping, bool], dict] | EachStep | Behind:
    """What a step is taken on: the model itself, unless it has a frozen front; says what becomes of that.

    Args:
        train: the prepared examples.
        loss: of the training.
    """
    cut = cut_behind_front(model) if recipe.freeze else None
    if cut is None:
        return model
    if recipe.augment:
        log.info("the frozen front is run at each step: `augment` changes what it reads")
        return EachStep(cut)
    if open_ended := open_ended_inputs(train.inputs, model).keys() & cut.front.input.keys():
        log.info("the frozen front is run at each step: examples differ in the length of `%s`", min(open_ended))
        return EachStep(cut)
    return Behind(cut, _read_by(loss, model, train))


def cut_behind_front(model: keras.Model) -> Cut | None:
    """The model cut in two, None where no layer is frozen that stands before all that are trained."""
    calls = list(nodes(model))
    given = {id(tensor): _FEATURE.format(number) for number, tensor in enumerate(_front(model, calls))}
    inputs = {id(tensor): name for name, tensor in model.input.items()}
    in_front = given.keys() | inputs.keys()
    rest = [node for _, node in calls if id(node.outputs[0]) not in in_front]
    read = {id(tensor): tensor for node in rest for tensor in node.input_tensors if id(tensor) in in_front}
    passed = {name: tensor for name, tensor in model.output.items() if id(tensor) in in_front}
    features = {id(tensor): tensor for tensor in (*read.values(), *passed.values()) if id(tensor) in given}
    if not given or not features or any(_has_mask(tensor) for tensor in features.values()):
        return None
    names = {**given, **inputs}
    outputs = {name: tensor for name, tensor in model.output.items() if name not in passed}
    front = {given[key]: tensor for key, tensor in features.items()}
    return Cut(
        model,
        keras.Model(inputs_needed(model, front.values()), front),
        keras.Model(list(read.values()), outputs),
        tuple(names[key] for key in read),
        {name: names[id(tensor)] for name, tensor in passed.items()},
    )


def _front(model: keras.Model, calls: list[tuple]) -> list[keras.KerasTensor]:
    """All that the front gives, on its way too; empty where it holds no weights.

    What draws random numbers behind the last frozen layer, such as the dropout before a head, belongs to the rest.
    """
    known, frozen = {id(tensor) for tensor in model.inputs}, []
    for operation, node in calls:
        if not _is_trained(operation) and all(id(tensor) in known for tensor in node.input_tensors):
            known |= {id(tensor) for tensor in node.outputs}
            frozen.append((operation, node))
    needed: set[int] = set()
    for operation, node in reversed(frozen):
        if _has_weights(operation) or any(id(tensor) in needed for tensor in node.outputs):
            needed |= {id(tensor) for tensor in (*node.outputs, *node.input_tensors)}
    if not needed:
        return []
    known, tensors = {id(tensor) for tensor in model.inputs}, []
    for operation, node in frozen:
        wanted = id(node.outputs[0]) in needed or not _draws(operation)
        if wanted and all(id(tensor) in known for tensor in node.input_tensors):
            known |= {id(tensor) for tensor in node.outputs}
            tensors += node.outputs
    return tensors


def _has_weights(operation: keras.Operation) -> bool:
    return isinstance(operation, keras.layers.Layer) and bool(operation.weights)


def _is_trained(operation: keras.Operation) -> bool:
    return _has_weights(operation) and operation.trainable


def _draws(operation: keras.Operation) -> bool:
    """Whether a layer holds the state of a random generator, as dropout does."""
    return isinstance(operation, keras.layers.Layer) and len(operation.variables) > len(operation.weights)


def _has_mask(tensor: keras.KerasTensor) -> bool:
    """Whether Keras hands a mask on beside the tensor, which an array of features would lose."""
    return getattr(tensor, "_keras_mask", None) is not None


def _read_by(loss: Loss, model: keras.Model, train: Examples) -> set[str]:
    """The inputs that a loss looks at, as it does so of two examples."""
    rows = np.arange(min(2, len(train)))
    inputs, targets = (
        {name: column[rows] for name, column in columns.items()} for columns in (train.inputs, train.targets)
    )
    typed = as_types(inputs, {name: tensor.dtype for name, tensor in model.input.items()})
    noted = _Noted(typed)
    loss(model(typed, training=False), Batch(noted, targets))
    return noted.names


class _Noted(Mapping):
    """Remembers what it was asked for."""

    def __init__(self, values: Mapping):
        self._values = values
        self.names: set[str] = set()

    def __getitem__(self, name: str):
        self.names.add(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        self.names |= self._values.keys()
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)
