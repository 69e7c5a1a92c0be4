"""Files that compute in integers: what recurrences may be in int8 is tried, measured on examples, and chosen."""

from zoo.export.lowering.integer.files import lower_int8, lower_int16x8

__all__ = ["lower_int8", "lower_int16x8"]
