"""From logits to log probabilities, in float64 so that long products of them stay exact."""

from collections.abc import Collection

import numpy as np

from zoo.errors import AnswerError


def log_softmax(logits: np.ndarray, never: Collection[int] = (), part: str = "step") -> np.ndarray:
    """log(exp(x) / sum(exp(x))) along the last axis, float64, over all tokens but those that `never` come.

    Args:
        logits: (..., vocabulary); one may be -infinity, which a model says of what cannot be.
        never: tokens whose probability is 0.
        part: which part gave them, for the message.

    Raises:
        AnswerError: they hold NaN or infinity, or leave no token possible.
    """
    values = np.array(logits, np.float64)
    values[..., list(never)] = -np.inf
    highest = values.max(axis=-1, keepdims=True, initial=-np.inf)
    if not np.isfinite(highest).all():  # the highest of any with NaN is NaN
        raise AnswerError(
            f"the part `{part}` answered with logits that are no numbers: found NaN or infinity, expected finite ones",
            "either numbers of the input are too large for the model, or its file is damaged",
        )
    shifted = values - highest
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
