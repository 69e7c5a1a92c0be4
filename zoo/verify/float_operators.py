"""The operators that may stay float inside an `int8` artifact of the zoo, and why.

Everything else in such a file computes in integers: an operator that is found in float and does not stand here fails
the gate.  `zoo.export` reads the same table, so that what may be written and what may ship are one list.  A user's
model may hold others, islands between its integers: its card counts and names them.
"""

NO_KERNEL = "an island: LiteRT has no int8 kernel for it, or int8 spoils it here"
"""Why an operator of a user's model is float, where the table says nothing."""

NEAR_IDENTITY = "near-identity diagonal in float"
FLOAT_REST = "float rest"
PRODUCTS_OF_REST = "rest int8 in matrix products alone"
"""What the name of a scheme holds, beside others and parted from them by `, `, if it leaves that float."""

# operator name as the TFLite schema spells it -> the reason that stands on the card beside it
FLOAT_OPERATORS: dict[str, str] = {
    # An LSTM's cell state, where the scheme `cell state in float` was needed: it reaches far out now and then, and int8
    # spoils the small values that it has otherwise.  The matrix products stay int8.
    "DEQUANTIZE": "hands int8 numbers to what has to compute in float: a cell state, a mask's comparison",
    "MUL": "forgets and adds to the float cell state of an LSTM",
    "ADD": "adds to the float cell state of an LSTM",
    "TANH": "squashes the float cell state of an LSTM",
    "SELECT_V2": "keeps the float cell state of an LSTM over a masked step",
    "FILL": "begins the float cell state of an LSTM",
    "WHILE": "carries the float cell state of an LSTM from block to block",
    # Gates and all, where the scheme `int8 in matrix products alone` was needed.
    "STRIDED_SLICE": "cuts out the float gates of a recurrence whose matrix products alone are int8",
    "LOGISTIC": "opens the float gates of a recurrence whose matrix products alone are int8",
    "SPLIT": "parts the float gates of a recurrence whose matrix products alone are int8",
    "SUB": "updates the float state of a GRU whose matrix products alone are int8",
    "RELU": "activates in a recurrence whose matrix products alone are int8",
}

_OF_AN_IRNN = "the state of a near-identity recurrence, which its diagonal in 8 bits would spoil"
_OF_THE_REST = "in the rest of a model around its recurrences, whose answers int8 there spoils"

_REST = {
    "multiplies": "FULLY_CONNECTED BATCH_MATMUL",
    "convolves": "CONV_2D DEPTHWISE_CONV_2D TRANSPOSE_CONV",
    "pools": "MAX_POOL_2D AVERAGE_POOL_2D MEAN SUM REDUCE_MAX REDUCE_MIN",
    "normalises": "SQUARED_DIFFERENCE SQUARE SQRT RSQRT SOFTMAX LOG_SOFTMAX L2_NORMALIZATION",
    "computes": "ADD SUB MUL DIV MINIMUM MAXIMUM ABS NEG POW EXP LOG SIN COS CAST",
    "activates": "RELU RELU6 LEAKY_RELU ELU GELU HARD_SWISH TANH LOGISTIC",
    "looks up": "GATHER",
    "moves numbers": "CONCATENATION EXPAND_DIMS PACK PAD PADV2 RESHAPE RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR "
    "REVERSE_V2 SLICE SPLIT SPLIT_V SQUEEZE STRIDED_SLICE TILE TRANSPOSE UNPACK",
}
"""What the rest of a model does -> the operators that do it."""

# scheme -> what may stay float beside these where a file's scheme has it in its name
OF_SCHEMES: dict[str, dict[str, str]] = {
    NEAR_IDENTITY: {
        "MUL": f"multiplies by the diagonal {_OF_AN_IRNN}",
        "ADD": f"adds to {_OF_AN_IRNN}",
        "FILL": f"begins {_OF_AN_IRNN}",
        "WHILE": f"carries from block to block {_OF_AN_IRNN}",
        "SELECT_V2": f"keeps over a masked step {_OF_AN_IRNN}",
        "UNPACK": f"hands each step what it adds to {_OF_AN_IRNN}",
        "PACK": f"gathers {_OF_AN_IRNN}",
        "CONCATENATION": f"gathers {_OF_AN_IRNN}",
        "DYNAMIC_UPDATE_SLICE": f"gathers {_OF_AN_IRNN}",
    },
    FLOAT_REST: {operator: f"{does} {_OF_THE_REST}" for does, group in _REST.items() for operator in group.split()},
}


def float_operators(scheme: str | None) -> dict[str, str]:
    """The operators that may stay float in a file of this scheme, and why; None: of a model without recurrences."""
    allowed = dict(FLOAT_OPERATORS)
    for name in (scheme or "").split(", "):
        for operator, reason in OF_SCHEMES.get(name, {}).items():
            allowed[operator] = f"{allowed[operator]}, or {reason}" if operator in allowed else reason
    return allowed
