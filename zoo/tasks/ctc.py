"""A text for each sequence, each of its tokens somewhere in it: speech, lines of writing (Graves et al. 2006).

The model gives `logits`, (batch, steps, tokens), token 0 being the blank, and where lengths differ `steps`, (batch,)
int32, how many of them are real; it answers by the decode loop `ctc`.  Scored by the word and the character error rate,
edits over the words or characters of the truth, as jiwer counts them.
"""

from collections.abc import Mapping

import jiwer
import keras
import numpy as np

from zoo.bundle.metric import Metric
from zoo.data.dataset import DataSet, Examples
from zoo.errors import DataError, InputError
from zoo.tasks.task import Arrays, Batch, Loss, Settings, Task
from zoo.tasks.texts import TOKENS, encoded, text_target, texts_of, vocabulary_of

COUNT = "count"
"""The prepared target that says how many tokens each text has."""


class Ctc(Task):
    """See the module."""

    name = "ctc"

    def metrics(self, data: DataSet) -> dict[str, Metric]:
        """`wer`, of words, and `cer`, of characters: 0 at best, above 1 where more is answered than there is."""
        return {"wer": Metric("lower", percent=True), "cer": Metric("lower", percent=True)}

    def outputs(self, data: DataSet) -> dict[str, tuple[int | None, ...]]:
        text_target(data, self.name)
        return {"logits": (None, len(vocabulary_of(data).tokens))}

    def check(self, data: DataSet) -> None:
        text_target(data, self.name)
        for text in ("start", "end"):
            if getattr(vocabulary_of(data), text) is not None:
                raise InputError(f"the vocabulary of `{data.name}` has a `{text}` token, which `ctc` never answers")

    def sizes(self, data: DataSet) -> dict[str, object]:
        return {"vocabulary_size": len(vocabulary_of(data).tokens)}

    def prepare(self, examples: Examples, data: DataSet) -> Examples:
        """The first text of each as tokens, padded with 0, and their number."""
        texts = [those[0] for those in examples.targets[TOKENS][:]]
        (longest,) = text_target(data, self.name).shape
        rows, counts = encoded(texts, vocabulary_of(data), longest, f"`{data.name}`")
        return Examples(examples.inputs, {TOKENS: rows, COUNT: counts}, examples.groups)

    def check_examples(self, model: keras.Model, prepared: Examples, data: DataSet) -> None:
        """A text needs a step for each token, and one more between two equal ones; else there is no alignment.

        `keras.ops.ctc_loss` gives such examples a finite loss, and learns nonsense of them.
        """
        tokens, counts = prepared.targets[TOKENS][:], prepared.targets[COUNT][:]
        repeats = ((tokens[:, 1:] == tokens[:, :-1]) & (tokens[:, 1:] > 0)).sum(1)
        missing = counts + repeats - self._steps(model, prepared)
        if (impossible := missing > 0).any():
            text = vocabulary_of(data).decode(tokens[missing.argmax()][: counts[missing.argmax()]])
            raise DataError(
                f"{int(impossible.sum()):,} of {len(counts):,} texts of `{data.name}` are too long for their sequence: "
                f"`{text[:60]}` lacks {int(missing.max())} steps",
                "a model with more steps a second, or shorter texts",
            )

    def _steps(self, model: keras.Model, prepared: Examples) -> np.ndarray:
        """(examples,) int: the steps of logits that each example has."""
        if "steps" not in model.output:
            return np.full(len(prepared), model.output["logits"].shape[1])
        counting = keras.Model(model.input, {"steps": model.output["steps"]})
        needed = _read_by(counting)
        some = keras.Model({name: model.input[name] for name in needed}, counting.output["steps"])
        return np.asarray(some.predict({name: prepared.inputs[name][:] for name in needed}, verbose=0)).reshape(-1)

    def decode(self, model: object, data: DataSet | None = None) -> dict:
        """The blank is token 0."""
        steps = {"steps": "steps"} if "steps" in model.output else {}
        return {"loop": "ctc", "part": "predict", "logits": "logits", **steps, "blank": 0, "beam": 1}

    def loss(self, settings: Settings, train: Examples, data: DataSet) -> Loss:
        """Minus the log probability of all alignments, in nats, mean over the examples, over their real steps alone."""

        def loss(outputs: Mapping, batch: Batch):
            ops, logits = keras.ops, outputs["logits"]
            steps = outputs.get("steps")
            if steps is None:
                steps = ops.full((ops.shape(logits)[0],), ops.shape(logits)[1], "int32")
            losses = ops.ctc_loss(
                batch.targets[TOKENS], logits, batch.targets[COUNT], ops.reshape(steps, (-1,)), mask_index=0
            )
            return ops.mean(losses)

        return loss

    def answers(self, outputs: Arrays, targets: Arrays, data: DataSet) -> Arrays:
        """The tokens, (batch, steps) int32."""
        return {TOKENS: np.asarray(outputs[TOKENS], np.int32)}

    def units(self, metric: str, answers: Arrays, examples: Examples, data: DataSet) -> np.ndarray:
        """(examples, 2) int64: edits, and the words or characters of the truth."""
        texts = texts_of(answers[TOKENS], vocabulary_of(data))
        truths = [those[0] for those in examples.targets[TOKENS][:]]
        return np.array([_edits(metric, truth, text) for truth, text in zip(truths, texts, strict=True)], np.int64)

    def of_sums(self, metric: str, sums: np.ndarray, data: DataSet) -> np.ndarray:
        return sums[..., 0] / np.maximum(sums[..., 1], 1)

    def baselines(self, data: DataSet, train: Examples, test: Examples) -> dict[str, dict[str, float]]:
        """`nothing` answers no text: every word and character is missed."""
        return {"nothing": self.score({TOKENS: np.zeros((len(test), 1), np.int32)}, test, data)}

    def meaning(self, data: DataSet) -> dict[str, dict]:
        return {TOKENS: {"kind": "transcript", "vocabulary": data.targets[TOKENS].vocabulary}}


def _edits(metric: str, truth: str, text: str) -> tuple[int, int]:
    process = jiwer.process_words if metric == "wer" else jiwer.process_characters
    if not truth:  # which jiwer refuses
        return len(text.split() if metric == "wer" else text), 0
    measures = process(truth, text)
    return (
        measures.substitutions + measures.deletions + measures.insertions,
        measures.substitutions + measures.deletions + measures.hits,
    )


def _read_by(model: keras.Model) -> list[str]:
    """The inputs that a model's outputs are made of."""
    ways, names = list(model.outputs), set()
    while ways:
        operation, node, _ = ways.pop()._keras_history
        inputs = operation._inbound_nodes[node].input_tensors if operation._inbound_nodes else []
        if isinstance(operation, keras.layers.InputLayer):
            names.add(operation.name)
        ways += inputs
    return [name for name in model.input if name in names]


TASK = Ctc()
