"""What can be told of a model by counting, and what can not: that is never said to be nothing."""

from zoo.families._counting.facts import facts

__all__ = ["facts"]
