"""The next token of a text at every step: one output of logits, (batch, steps, vocabulary), and the target of its name.

The target is the input one step on, (batch, steps) int, -1 where the text has ended.  Scored by bits a token (bits a
character where tokens are characters) and perplexity, both of the softmax of the logits.
"""

from collections.abc import Mapping

import numpy as np

from zoo.bundle.metric import Metric
from zoo.data.dataset import DataSet, Examples, Target
from zoo.errors import InputError
from zoo.tasks.classification import cross_entropy
from zoo.tasks.task import Arrays, Batch, Loss, Settings, Task


class LanguageModel(Task):
    """See the module."""

    name = "language_model"

    def metrics(self, data: DataSet) -> dict[str, Metric]:
        """`bits`, of a token, and `perplexity`, two to the power of it."""
        return {"bits": Metric("lower", unit=self._unit(data), span=None), "perplexity": Metric("lower", span=None)}

    def _unit(self, data: DataSet) -> str:
        kind = data.vocabularies[self._target(data)[1].vocabulary]["kind"]
        return "bits a character" if kind == "characters" else "bits a word"

    def outputs(self, data: DataSet) -> dict[str, tuple[int, ...]]:
        return {
            name: (*target.shape, len(data.vocabularies[target.vocabulary]["tokens"]))
            for name, target in _tokens(data).items()
        }

    def check(self, data: DataSet) -> None:
        super().check(data)
        if len(_tokens(data)) != 1:
            raise InputError(
                f"`{data.name}` has several texts to go on with: found {', '.join(_tokens(data))}, expected one"
            )

    def sizes(self, data: DataSet) -> dict[str, object]:
        return {"vocabulary_size": len(data.vocabularies[self._target(data)[1].vocabulary]["tokens"])}

    def loss(self, settings: Settings, train: Examples, data: DataSet) -> Loss:
        """Cross-entropy in nats, mean over the tokens."""
        name, _ = self._target(data)

        def loss(outputs: Mapping, batch: Batch):
            return cross_entropy(batch.targets[name], outputs[name])

        return loss

    def answers(self, outputs: Arrays, targets: Arrays, data: DataSet) -> Arrays:
        """How improbable each true token was, in bits, (batch, steps) float32; 0 where there is none."""
        name, _ = self._target(data)
        logits, tokens = np.asarray(outputs[name], np.float64), targets[name]
        highest = logits.max(-1)
        total = np.log(np.exp(logits - highest[..., None]).sum(-1)) + highest
        true = np.take_along_axis(logits, np.maximum(tokens, 0)[..., None], axis=-1)[..., 0]
        return {name: np.where(tokens >= 0, (total - true) / np.log(2), 0).astype(np.float32)}

    def units(self, metric: str, answers: Arrays, examples: Examples, data: DataSet) -> np.ndarray:
        """(examples, 2) float64: bits of an example's tokens, and how many they are."""
        name, _ = self._target(data)
        bits, tokens = answers[name], examples.targets[name][:]
        return np.stack([bits.sum(-1, dtype=np.float64), (tokens >= 0).sum(-1)], axis=1)

    def of_sums(self, metric: str, sums: np.ndarray, data: DataSet) -> np.ndarray:
        bits = sums[..., 0] / np.maximum(sums[..., 1], 1)
        return bits if metric == "bits" else 2.0**bits

    def baselines(self, data: DataSet, train: Examples, test: Examples) -> dict[str, dict[str, float]]:
        """`frequencies` gives every token the probability that it has in `train`, whatever stands before it."""
        name, target = self._target(data)
        known = train.targets[name][:]
        counts = np.bincount(known[known >= 0], minlength=len(data.vocabularies[target.vocabulary]["tokens"]))
        bits = -np.log2((counts + 1) / (counts + 1).sum())  # one more than counted: none is impossible
        tokens = test.targets[name][:]
        return {"frequencies": self.score({name: np.where(tokens >= 0, bits[tokens], 0)}, test, data)}

    def meaning(self, data: DataSet) -> dict[str, dict]:
        name, target = self._target(data)
        return {
            name: {"kind": "classes", "of": "logits", "labels": list(data.vocabularies[target.vocabulary]["tokens"])}
        }

    def _target(self, data: DataSet) -> tuple[str, Target]:
        return next(iter(_tokens(data).items()))


def _tokens(data: DataSet) -> dict[str, Target]:
    return {name: target for name, target in data.targets.items() if target.kind == "class" and target.vocabulary}


TASK = LanguageModel()
