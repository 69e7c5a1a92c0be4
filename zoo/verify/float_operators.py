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

FLOAT_CELL_STATE = "cell state in float"
PRODUCTS_ALONE = "int8 in matrix products alone"
"""Names of schemes of recurrences."""

# operator name as the TFLite schema spells it -> the reason that stands on the card beside it
FLOAT_OPERATORS: dict[str, str] = {
    "DEQUANTIZE": "hands int8 numbers to what has to compute in float: a state, a mask's comparison",
}
"""What may be float by any scheme."""

_OF_AN_LSTM = "the float cell state of an LSTM"  # it reaches far out now and then; int8 spoils the small values it has
_OF_GATES = "of a recurrence whose matrix products alone are int8"
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
    FLOAT_CELL_STATE: {
        "MUL": f"forgets and adds to {_OF_AN_LSTM}",
        "ADD": f"adds to {_OF_AN_LSTM}",
        "TANH": f"squashes {_OF_AN_LSTM}",
        "SELECT_V2": f"keeps over a masked step {_OF_AN_LSTM}",
        "FILL": f"begins {_OF_AN_LSTM}",
        "WHILE": f"carries from block to block {_OF_AN_LSTM}",
    },
    PRODUCTS_ALONE: {
        "STRIDED_SLICE": f"cuts out the float gates {_OF_GATES}",
        "LOGISTIC": f"opens the float gates {_OF_GATES}",
        "SPLIT": f"parts the float gates {_OF_GATES}",
        "MUL": f"applies the float gates {_OF_GATES}",
        "SUB": f"updates the float state {_OF_GATES}",
        "ADD": f"updates the float state {_OF_GATES}",
        "TANH": f"squashes the float state {_OF_GATES}",
        "RELU": f"activates the float state {_OF_GATES}",
        "SELECT_V2": f"keeps over a masked step the float state {_OF_GATES}",
        "FILL": f"begins the float state {_OF_GATES}",
        "WHILE": f"carries from block to block the float state {_OF_GATES}",
    },
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
    for part in (scheme or "").split("; "):
        for name in part.rpartition(": ")[2].split(", "):  # of a model of several parts each has its own
            for operator, reason in OF_SCHEMES.get(name, {}).items():
                known = allowed.get(operator)
                allowed[operator] = f"{known}, or {reason}" if known and known != reason else reason
    return allowed
