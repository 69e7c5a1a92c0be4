"""What a `Lambda` in a file calls, as far as the names in its code tell without running or unmarshalling it."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping

KNOWN = {
    "l2_normalize": "normalize",
    "mean": "mean",
    "reduce_mean": "mean",
    "sum": "sum",
    "reduce_sum": "sum",
    "max": "max",
    "reduce_max": "max",
    "min": "min",
    "reduce_min": "min",
    "abs": "abs",
    "sqrt": "sqrt",
    "square": "square",
    "exp": "exp",
    "log": "log",
    "sin": "sin",
    "cos": "cos",
    "tanh": "tanh",
    "sigmoid": "sigmoid",
    "softmax": "softmax",
    "relu": "relu",
    "relu6": "relu6",
    "clip": "clip",
    "clip_by_value": "clip",
    "expand_dims": "expand_dims",
    "squeeze": "squeeze",
    "reshape": "reshape",
    "permute_dimensions": "transpose",
    "transpose": "transpose",
    "reverse": "flip",
    "concat": "concatenate",
    "concatenate": "concatenate",
    "stack": "stack",
    "split": "split",
    "argmax": "argmax",
    "one_hot": "one_hot",
    "cast": "cast",
    "repeat_elements": "repeat",
    "tile": "tile",
    "dot": "matmul",
    "batch_dot": "matmul",
    "matmul": "matmul",
    "resize": "image.resize",
    "resize_images": "image.resize",
    "resize_bilinear": "image.resize",
}
"""Functions of Keras 2's backend and of TensorFlow, and the one of `keras.ops` that is meant by each."""


def what_it_calls(entry: Mapping) -> str | None:
    """A sentence on the one known function that the code of a `Lambda` names; None where that is not plain."""
    names = {name for text in _texts(entry.get("config")) for name in _names(text)}
    called = sorted(names & set(KNOWN))
    if len(called) != 1:
        return None
    return f"its code names `{called[0]}`, which is `keras.ops.{KNOWN[called[0]]}`: if that is all it does"


def _texts(config: object) -> Iterator[str]:
    pending = [config]
    while pending:
        node = pending.pop()
        if isinstance(node, str):
            yield node
        elif isinstance(node, Mapping):
            pending.extend(node.values())
        elif isinstance(node, list):
            pending.extend(node)


def _names(text: str) -> Iterator[str]:
    """Identifiers in marshalled code, in base64: each is preceded by its length, in one byte."""
    try:
        code = base64.b64decode(text, validate=False)
    except (binascii.Error, ValueError):
        return
    for found in re.finditer(rb"[A-Za-z_][A-Za-z0-9_]*", code):
        for start in range(found.start(), found.end()):
            length = code[start - 1] if start else 0
            if 2 <= length <= found.end() - start:
                yield code[start : start + length].decode()
