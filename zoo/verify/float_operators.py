"""The operators that may stay float inside an `int8` artifact, and why.

Everything else in such a file computes in integers: an operator that is found in float and does not stand here fails
the gate.  `zoo.export` reads the same table, so that what may be written and what may ship are one list.
"""

# operator name as the TFLite schema spells it -> the reason that stands on the card beside it
FLOAT_OPERATORS: dict[str, str] = {
    # An LSTM's cell state, where the recipe `cell state in float` was needed: it reaches far out now and then, and int8
    # spoils the small values that it has otherwise.  The matrix products stay int8.
    "DEQUANTIZE": "hands int8 numbers to what has to compute in float: a cell state, a mask's comparison",
    "MUL": "forgets and adds to the float cell state of an LSTM",
    "ADD": "adds to the float cell state of an LSTM",
    "TANH": "squashes the float cell state of an LSTM",
    "SELECT_V2": "keeps the float cell state of an LSTM over a masked step",
    "FILL": "begins the float cell state of an LSTM",
    "WHILE": "carries the float cell state of an LSTM from block to block",
    # Gates and all, where the recipe `int8 in matrix products alone` was needed.
    "STRIDED_SLICE": "cuts out the float gates of a recurrence whose matrix products alone are int8",
    "LOGISTIC": "opens the float gates of a recurrence whose matrix products alone are int8",
    "SPLIT": "parts the float gates of a recurrence whose matrix products alone are int8",
    "SUB": "updates the float state of a GRU whose matrix products alone are int8",
    "RELU": "activates in a recurrence whose matrix products alone are int8",
}
