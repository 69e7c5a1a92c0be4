"""What the artifacts of a bundle are compared with: examples, and what the Keras model says to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import keras
import numpy as np
from keras import layers

from zoo._system.progress import ignore
from zoo.runtime.decode import Loop
from zoo.sources.runner import KerasRunner, loop_of, part_inputs, through_loop
from zoo.training.recipe import Recipe
from zoo.training.recipe.subject import subject_of
from zoo.verify.measures.answers import TEXT, TOKENS, Judgement, judge
from zoo.verify.measures.scores import Evaluation, Score, score
from zoo.verify.running.examples import random_inputs, stratified
from zoo.verify.running.keras_outputs import ROWS, keras_outputs
from zoo.verify.running.kinds import kinds_in

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class PartReference:
    """One part of the Keras model, and what it gave."""

    inputs: Arrays
    """What the decode loop gave it for the parity examples, states included, (rows, ...) by name."""
    expected: Arrays
    """Its outputs for them."""


@dataclass(frozen=True)
class Reference:
    """The Keras side of every comparison; computed once, used for all targets."""

    parts: Mapping[str, PartReference]
    """Every part by name."""
    loop: Loop | None
    """What makes an answer of the parts; None where that is one call of the one part."""
    inputs: Arrays
    """The parity examples: what a user gives, by name."""
    source: str
    """Where they come from, as the card says it."""
    answers: Arrays
    """What Keras answers to them, by name."""
    kinds: Mapping[str, str]
    """What each answer is; see `answers.judge`."""
    evaluation: Evaluation | None = None
    """How the whole test split is scored; None where there is none."""
    whole: Arrays | None = None
    """Keras's answers for the whole test split."""
    keras: Score | None = None
    goal: float | None = None
    """What the recipe promises of the headline metric."""
    stream: tuple[str, Mapping] | None = None
    """The part that streams, its name and the manifest's entry; None where there is none."""
    ours: bool = True
    """Whether the model is one of the zoo's."""
    steps: int = 0
    """Of the longest recurrence."""
    truths: Arrays = field(default_factory=dict)
    """The right classes of the parity examples, by output, where a user gave them."""

    @property
    def main(self) -> str:
        """The part that is run first."""
        return next(iter(self.parts))

    def judge(self, answers: Arrays) -> dict[str, Judgement]:
        """How an artifact answers the parity examples."""
        return judge(answers, self.answers, self.kinds)

    def judge_whole(self, answers: Arrays) -> dict[str, Judgement]:
        """How an artifact answers the whole test split."""
        return judge(answers, self.whole, self.kinds)


def keras_reference(
    manifest: Mapping,
    models: Mapping[str, keras.Model],
    recipe: Recipe | None,
    examples: Arrays | None,
    report=ignore,
    truths: Arrays | None = None,
) -> Reference:
    """Chooses the examples and runs Keras on them; see `examine.measure` for the arguments.

    Args:
        models: of the parts, by name.
    """
    keras_side = _Keras(manifest, models)
    common = {
        "loop": keras_side.loop,
        "kinds": keras_side.kinds,
        "stream": (name, manifest["parts"][name]) if (name := manifest.get("stream")) else None,
        "steps": max(map(longest_recurrence, models.values())),
        "ours": manifest["family"] is not None,
    }
    if recipe is None:
        inputs = examples or random_inputs(manifest)
        source = "examples" if examples else "random inputs"
        answers = keras_side.answers(inputs, report)
        parts = keras_side.parts(inputs, answers)
        return Reference(parts, inputs=inputs, source=source, answers=answers, truths=truths or {}, **common)
    subject = subject_of(recipe)
    data, task = subject.data, subject.task
    train, test = data.load("train"), data.load("test")
    whole = keras_side.answers(test.inputs, report, "Keras: test split")
    chosen = stratified(task.strata(test))
    inputs = {name: column[chosen] for name, column in test.inputs.items()}
    answers = {name: output[chosen] for name, output in whole.items()}
    return Reference(
        keras_side.parts(inputs, answers),
        inputs=inputs,
        source=f"{data.name} test",
        answers=answers,
        evaluation=Evaluation(subject, test, train, task.baselines(data, train, test)),
        whole=whole,
        keras=score(subject, test, whole),
        goal=recipe.goal,
        **common,
    )


class _Keras:
    """The parts of the Keras model, and how they answer."""

    def __init__(self, manifest: Mapping, models: Mapping[str, keras.Model]):
        self._manifest, self._models = manifest, models
        single = manifest["decode"]["loop"] == "single"
        self.loop = None if single else loop_of(manifest)
        self.kinds = kinds_in(manifest, next(iter(models))) if single else {TOKENS: TEXT}

    def answers(self, inputs: Arrays, report=ignore, stage: str = "Keras") -> dict[str, np.ndarray]:
        """What is answered to many examples, (n, ...) by name."""
        if self.loop is None:
            [model] = self._models.values()
            return keras_outputs(model, inputs, report, stage)
        outputs = through_loop(self.loop, KerasRunner(self._models), inputs, ROWS, report, stage)
        return {TOKENS: outputs[TOKENS]}

    def parts(self, inputs: Arrays, answers: Arrays) -> dict[str, PartReference]:
        """Every part with what it is given for these examples and what it gives."""
        if self.loop is None:
            return {name: PartReference(inputs, answers) for name in self._models}
        given = part_inputs(self._manifest, self._models, inputs)
        return {
            name: PartReference(arrays, keras_outputs(self._models[name], arrays)) for name, arrays in given.items()
        }


def longest_recurrence(model: keras.Model) -> int:
    """The most steps that any recurrent layer of a model takes; 0 where there is none."""
    wholes = [layer for layer in model._flatten_layers() if isinstance(layer, layers.RNN | layers.Bidirectional)]
    nodes = [node for layer in wholes for node in layer._inbound_nodes]
    return max((node.input_tensors[0].shape[1] or 0 for node in nodes), default=0)
