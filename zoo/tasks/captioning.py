"""A text for each example, of which several are right: pictures in, captions out.

In training the model is told the true words so far (Vinyals et al. 2015, section 3.1).  Beside what it describes it
takes `tokens`, (batch, longest) int32, a text behind the start token, and gives `logits`, (batch, longest, vocabulary),
for the text in front of the end token.  It answers by the decode loop `autoregressive`, over the parts `encode` and
`step`.
Scored by BLEU against all references, the texts parted into words by sacrebleu's tokeniser 13a, in lower case.
"""

from collections.abc import Sequence

import numpy as np
from sacrebleu.metrics import BLEU

from zoo.bundle.metric import Metric
from zoo.data.columns import Indexed
from zoo.data.dataset import DataSet, Examples
from zoo.errors import InputError
from zoo.tasks.classification import cross_entropy
from zoo.tasks.task import Arrays, Loss, Settings, Task
from zoo.tasks.texts import TOKENS, encoded, text_target, texts_of, vocabulary_of

_ORDER = 4
"""Longest n-gram of BLEU (Papineni et al. 2002)."""
_START, _END = 1, 2
"""Of models that are exported before they have seen a vocabulary."""


class Captioning(Task):
    """See the module."""

    name = "captioning"

    def metrics(self, data: DataSet) -> dict[str, Metric]:
        """`bleu4` and `bleu1`, fractions, of the whole split; `exact`, the share of texts that are a reference."""
        return {name: Metric("higher") for name in ("bleu4", "bleu1", "exact")}

    def inputs(self, data: DataSet) -> dict[str, tuple[int, ...]]:
        return {**super().inputs(data), TOKENS: self._shape(data)}

    def outputs(self, data: DataSet) -> dict[str, tuple[int, ...]]:
        return {"logits": (*self._shape(data), len(vocabulary_of(data).tokens))}

    def _shape(self, data: DataSet) -> tuple[int, ...]:
        return text_target(data, self.name).shape

    def check(self, data: DataSet) -> None:
        text_target(data, self.name)
        vocabulary = vocabulary_of(data)
        if missing := [name for name in ("start", "end") if getattr(vocabulary, name) is None]:
            raise InputError(f"the vocabulary of `{data.name}` has no `{missing[0]}` token, which a caption needs")

    def sizes(self, data: DataSet) -> dict[str, object]:
        return {"vocabulary_size": len(vocabulary_of(data).tokens), "longest": self._shape(data)[0]}

    def prepare(self, examples: Examples, data: DataSet) -> Examples:
        """An example for each reference; what it is of is kept once."""
        vocabulary, (longest,) = vocabulary_of(data), self._shape(data)
        references = examples.targets[TOKENS][:]
        index = np.repeat(np.arange(len(examples)), [len(texts) for texts in references])
        texts = [text for each in references for text in each]
        rows, counts = encoded(texts, vocabulary, longest - 1, f"`{data.name}`")  # one place is the end token's
        tokens = np.zeros((len(rows), longest), np.int32)
        tokens[:, 0], tokens[:, 1:] = vocabulary.start, rows
        logits = np.full((len(rows), longest), -1, np.int32)
        logits[:, :-1] = np.where(rows > 0, rows, -1)
        logits[np.arange(len(rows)), counts] = vocabulary.end
        inputs = {name: Indexed(column, index) for name, column in examples.inputs.items()}
        groups = None if examples.groups is None else examples.groups[index]
        return Examples({**inputs, TOKENS: tokens}, {"logits": logits}, groups)

    def decode(self, model: object, data: DataSet | None = None) -> dict:
        """`start` and `end` are those of the vocabulary, or 1 and 2; the longest answer is as long as in training."""
        vocabulary = vocabulary_of(data) if data else None
        return {
            "loop": "autoregressive",
            "encode": "encode",
            "step": "step",
            "token": "token",
            "logits": "logits",
            "start": vocabulary.start if vocabulary else _START,
            "end": vocabulary.end if vocabulary else _END,
            "longest": model.input[TOKENS].shape[1] - 1,
            "beam": 1,
        }

    def loss(self, settings: Settings, train: Examples, data: DataSet) -> Loss:
        """Cross-entropy in nats, mean over the words and the ends."""
        return lambda outputs, batch: cross_entropy(batch.targets["logits"], outputs["logits"])

    def answers(self, outputs: Arrays, targets: Arrays, data: DataSet) -> Arrays:
        """The tokens, (batch, longest) int32."""
        return {TOKENS: np.asarray(outputs[TOKENS], np.int32)}

    def units(self, metric: str, answers: Arrays, examples: Examples, data: DataSet) -> np.ndarray:
        """(examples, 2 + 2 x 4) int64: lengths of answer and nearest reference, equal and all n-grams by n; or
        (examples, 2): whether the answer is a reference, and 1."""
        texts, references = texts_of(answers[TOKENS], vocabulary_of(data)), examples.targets[TOKENS][:]
        return self._units(metric, texts, references)

    def _units(self, metric: str, texts: Sequence[str], references: Sequence[Sequence[str]]) -> np.ndarray:
        if metric == "exact":
            same = [
                text.lower() in {each.lower() for each in those} for text, those in zip(texts, references, strict=True)
            ]
            return np.stack([np.array(same, np.int64), np.ones(len(same), np.int64)], axis=1)
        bleu, rows = BLEU(lowercase=True, effective_order=True), []
        for text, those in zip(texts, references, strict=True):
            sentence = bleu.sentence_score(text, list(those))
            rows.append([sentence.sys_len, sentence.ref_len, *sentence.counts, *sentence.totals])
        return np.array(rows, np.int64)

    def of_sums(self, metric: str, sums: np.ndarray, data: DataSet) -> np.ndarray:
        """BLEU without smoothing: 0 where no n-gram of some length is right."""
        if metric == "exact":
            return sums[..., 0] / sums[..., 1]
        order = _ORDER if metric == "bleu4" else 1
        answer, reference = sums[..., 0].astype(np.float64), sums[..., 1]
        counts, totals = sums[..., 2 : 2 + order], sums[..., 2 + _ORDER : 2 + _ORDER + order]
        with np.errstate(divide="ignore", invalid="ignore"):
            precision = np.exp(np.log(counts / np.maximum(totals, 1)).mean(-1))
            brevity = np.where(answer < reference, np.exp(1 - reference / np.maximum(answer, 1)), 1.0)
        return np.nan_to_num(precision * brevity)

    def baselines(self, data: DataSet, train: Examples, test: Examples) -> dict[str, dict[str, float]]:
        """`commonest` always answers the text that is there most often in `train`."""
        texts = [text for those in train.targets[TOKENS][:] for text in those]
        kinds, counts = np.unique(texts, return_counts=True)
        always = [str(kinds[counts.argmax()])] * len(test)
        references = test.targets[TOKENS][:]
        sums = {name: self._units(name, always, references).sum(0) for name in self.metrics(data)}
        return {"commonest": {name: float(self.of_sums(name, those, data)) for name, those in sums.items()}}

    def meaning(self, data: DataSet) -> dict[str, dict]:
        return {TOKENS: {"kind": "text", "vocabulary": data.targets[TOKENS].vocabulary}}


TASK = Captioning()
