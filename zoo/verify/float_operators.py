"""The operators that may stay float inside an `int8` artifact, and why.

Everything else in such a file computes in integers: an operator that is found in float and does not stand here fails
the gate.  `zoo.export` reads the same table, so that what may be written and what may ship are one list.
"""

# operator name as the TFLite schema spells it -> the reason that stands on the card beside it
FLOAT_OPERATORS: dict[str, str] = {
    # An LSTM's cell state, where the recipe `cell state in float` was needed: it reaches far out now and then, and int8
    # spoils the small values that it has otherwise.  The matrix products stay int8.
    "DEQUANTIZE": "hands the int8 gates of an LSTM to its float cell state",
    "MUL": "forgets and adds to the float cell state of an LSTM",
    "ADD": "adds to the float cell state of an LSTM",
    "TANH": "squashes the float cell state of an LSTM",
    "SELECT_V2": "keeps the float cell state of an LSTM over a masked step",
    "FILL": "begins the float cell state of an LSTM",
    "WHILE": "carries the float cell state of an LSTM from block to block",
}
