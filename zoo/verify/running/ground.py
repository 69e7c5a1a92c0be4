"""What the artifacts of a bundle are compared with: examples, and what the Keras model says to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import keras
import numpy as np
from keras import layers

from zoo._system.progress import ignore
from zoo.training.recipe import Recipe
from zoo.training.recipe.subject import subject_of
from zoo.verify.measures.answers import Judgement, judge
from zoo.verify.measures.scores import Evaluation, Score, score
from zoo.verify.running.examples import random_inputs, stratified
from zoo.verify.running.kinds import kinds_in
from zoo.verify.running.reference import keras_outputs

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Ground:
    """The Keras side of every comparison; computed once, used for all targets."""

    part: str
    inputs: Arrays
    """The parity examples, by input name."""
    source: str
    """Where they come from, as the card says it."""
    expected: Arrays
    """Keras's outputs for them."""
    kinds: Mapping[str, str]
    """What each output is; see `answers.judge`."""
    evaluation: Evaluation | None = None
    """How the whole test split is scored; None where there is none."""
    whole: Arrays | None = None
    """Keras's outputs for the whole test split."""
    keras: Score | None = None
    reach: float | None = None
    """What the recipe promises of the headline metric."""
    stream: tuple[str, Mapping] | None = None
    """The part that streams, its name and the manifest's entry; None where there is none."""
    ours: bool = True
    """Whether the model is one of the zoo's."""
    steps: int = 0
    """Of the longest recurrence."""
    truths: Arrays = field(default_factory=dict)
    """The right classes of the parity examples, by output, where a user gave them."""

    def judge(self, found: Arrays) -> dict[str, Judgement]:
        """How an artifact answers the parity examples."""
        return judge(found, self.expected, self.kinds)

    def judge_whole(self, found: Arrays) -> dict[str, Judgement]:
        """How an artifact answers the whole test split."""
        return judge(found, self.whole, self.kinds)


def lay_ground(
    manifest: Mapping,
    model: keras.Model,
    recipe: Recipe | None,
    examples: Arrays | None,
    report=ignore,
    truths: Arrays | None = None,
) -> Ground:
    """Chooses the examples and runs Keras on them; see `examine.measure` for the arguments."""
    part = "predict"
    common = {
        "part": part,
        "kinds": kinds_in(manifest, part),
        "stream": (name, manifest["parts"][name]) if (name := manifest.get("stream")) else None,
        "steps": longest_recurrence(model),
        "ours": manifest["family"] is not None,
    }
    if recipe is None:
        inputs = examples or random_inputs(manifest, part)
        source = "examples" if examples else "random inputs"
        expected = keras_outputs(model, inputs, report)
        return Ground(inputs=inputs, source=source, expected=expected, truths=truths or {}, **common)
    subject = subject_of(recipe)
    data, task = subject.data, subject.task
    train, test = data.load("train"), data.load("test")
    whole = keras_outputs(model, test.inputs, report, "Keras: test split")
    chosen = stratified(task.strata(test))
    evaluation = Evaluation(subject, test, train, task.baselines(data, train, test))
    return Ground(
        inputs={name: column[chosen] for name, column in test.inputs.items()},
        source=f"{data.name} test",
        expected={name: output[chosen] for name, output in whole.items()},
        evaluation=evaluation,
        whole=whole,
        keras=score(subject, test, whole),
        reach=recipe.goal,
        **common,
    )


def longest_recurrence(model: keras.Model) -> int:
    """The most steps that any recurrent layer of a model takes; 0 where there is none."""
    wholes = [layer for layer in model._flatten_layers() if isinstance(layer, layers.RNN | layers.Bidirectional)]
    nodes = [node for layer in wholes for node in layer._inbound_nodes]
    return max((node.input_tensors[0].shape[1] or 0 for node in nodes), default=0)
