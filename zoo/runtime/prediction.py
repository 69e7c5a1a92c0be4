"""What a model answered, for people and for programs."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

_BAR = 24
_SHOWN = 8


@dataclass(frozen=True)
class Prediction:
    """The answer of one bundle to one input; `print` shows it, `to_dict` gives what JSON can hold."""

    source: str
    """What was read, as it was given."""
    bundle: str
    target: str
    outputs: Mapping[str, np.ndarray]
    """Every output by name as the artifact gave it, dequantised, with its batch axis of 1."""
    probabilities: np.ndarray | None = None
    """(classes,) float32 where the model classifies, else None."""
    labels: Sequence[str] | None = None
    warnings: Sequence[str] = ()
    """What there is to say against the input: numbers beyond the range that the manifest declares."""

    @property
    def label(self) -> str | None:
        """The most probable class; None where the model does not classify."""
        return None if self.probabilities is None else self._name(int(np.argmax(self.probabilities)))

    def top(self, count: int = 5) -> list[tuple[str, float]]:
        """(class, probability) of the most probable classes, best first; empty if the model does not classify."""
        if self.probabilities is None:
            return []
        best = np.argsort(-self.probabilities, kind="stable")[:count]
        return [(self._name(int(index)), float(self.probabilities[index])) for index in best]

    def to_dict(self) -> dict:
        """Names, numbers and lists alone; a number that JSON cannot hold (NaN, infinity) is None."""
        answer: dict = {"input": self.source, "bundle": self.bundle, "target": self.target}
        if self.probabilities is not None:
            names = [self._name(index) for index in range(len(self.probabilities))]
            answer["label"] = self.label
            answer["probabilities"] = dict(zip(names, _plain(self.probabilities), strict=True))
        answer["outputs"] = {name: _plain(values) for name, values in self.outputs.items()}
        answer["warnings"] = list(self.warnings)
        return answer

    def line(self) -> str:
        """The answer on one line."""
        if best := self.top(3):
            return f"{self.source}: " + ", ".join(f"{label} {share:.1%}" for label, share in best)
        return f"{self.source}: " + "; ".join(_shorten(name, values) for name, values in self.outputs.items())

    def __str__(self) -> str:
        head = f"{self.source}  ({self.bundle}, {self.target})"
        best = self.top()
        if not best:
            return "\n".join([head, *(f"  {_shorten(name, values)}" for name, values in self.outputs.items())])
        width, mark = max(len(label) for label, _ in best), _mark()
        rows = (f"  {label:<{width}}  {share:6.1%}  {mark * round(_BAR * share)}".rstrip() for label, share in best)
        return "\n".join([head, *rows])

    def _name(self, index: int) -> str:
        return str(index) if self.labels is None else self.labels[index]


def _mark() -> str:
    """What bars are made of, where standard output can show it: a pipe of Windows cannot."""
    try:
        "█".encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except UnicodeEncodeError:
        return "#"
    return "█"


def softmax(logits: np.ndarray) -> np.ndarray:
    """`exp(x) / sum(exp(x))` along the last axis, float32; shifted so that nothing overflows."""
    powers = np.exp(np.asarray(logits, np.float64) - np.max(logits, axis=-1, keepdims=True))
    return (powers / powers.sum(axis=-1, keepdims=True)).astype(np.float32)


def _plain(values: np.ndarray) -> list:
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        values = np.where(np.isfinite(values), values.astype(object), None)
    return values.tolist()


def _shorten(name: str, values: np.ndarray) -> str:
    numbers = [f"{value:.4g}" for value in values.ravel()[:_SHOWN]]
    more = " ..." if values.size > _SHOWN else ""
    return f"{name} {values.shape}: {' '.join(numbers)}{more}"
