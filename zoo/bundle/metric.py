"""What a figure means: which way is better, how it prints, and how near two of them are the same.

A task has metrics, and a card says what those of its figures are, so that it can be read without the task.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from zoo.errors import PluginError


@dataclass(frozen=True)
class Metric:
    """One metric of a task; the one place that knows its direction."""

    better: Literal["higher", "lower"]
    unit: str | None = None
    """What it is counted in; None of a fraction."""
    span: float | None = 1.0
    """The distance between the best and the worst, of which bounds are shares; None: that between a perfect answer
    (0) and the first baseline, for errors that have no end."""
    percent: bool = False
    """Whether people read it as a percentage."""

    def __post_init__(self) -> None:
        if self.better not in ("higher", "lower"):
            raise PluginError(f"a metric says which way is better: found {self.better!r}, expected higher or lower")

    @classmethod
    def of(cls, card: Mapping, name: str) -> "Metric":
        """The metric of a card by name; cards from before they said so have fractions alone."""
        entry = card.get("metrics", {}).get(name)
        return cls(**entry) if entry else fraction(percent=name == "accuracy")

    def to_dict(self) -> dict:
        """As a card has it."""
        return asdict(self)

    def gain(self, value: float, over: float) -> float:
        """How much better `value` is; negative where it is worse."""
        return value - over if self.better == "higher" else over - value

    def is_better(self, value: float, than: float) -> bool:
        """Whether `value` is better; NaN is better than nothing."""
        return self.gain(value, than) > 0

    def reaches(self, value: float, goal: float) -> bool:
        """Whether `value` is as good as a goal."""
        return self.gain(value, goal) >= 0

    def worse_by(self, value: float, loss: float) -> float:
        """What is worse than `value` by `loss`."""
        return value - loss if self.better == "higher" else value + loss

    def size(self, baseline: float | None) -> float:
        """The span in the metric's own unit, `baseline` being what the first baseline has; 1 where nothing is known."""
        return self.span if self.span is not None else abs(baseline or 1.0)

    def goal(self, value: float) -> str:
        """What must be reached, for people."""
        return f"{self.text(value)} or {'more' if self.better == 'higher' else 'less'}"

    def text(self, value: float | None, none: str = "-") -> str:
        """A value for people."""
        if value is None:
            return none
        return self._ending(f"{100 * value:.2f}" if self.percent else self._number(value))

    def interval(self, low: float, high: float) -> str:
        """Its ends for people, without the unit."""
        if self.percent:
            return f"{100 * low:.1f}-{100 * high:.1f}"
        return f"{self._number(low)}-{self._number(high)}"

    def _number(self, value: float) -> str:
        return f"{value:.3f}" if self.span == 1.0 else f"{value:.4g}"

    def _ending(self, number: str) -> str:
        unit = "%" if self.percent else self.unit
        return f"{number} {unit}" if unit else number


LOSS = Metric("lower", span=None)
"""What a training makes small; of every task."""


def fraction(*, percent: bool = False) -> Metric:
    """A share of what is right."""
    return Metric("higher", percent=percent)
