"""The operators that may stay float inside an `int8` artifact, and why.

Everything else in such a file computes in integers: an operator that is found in float and does not stand here fails
the gate.  `zoo.export` reads the same table, so that what may be written and what may ship are one list.
"""

# operator name as the TFLite schema spells it -> the reason that stands on the card beside it
FLOAT_OPERATORS: dict[str, str] = {}
