"""A question beside a picture: a text for the one input of a model that takes tokens."""

import os
from collections.abc import Mapping

from zoo.errors import InputError
from zoo.runtime.reading.arrays import InputSpec
from zoo.runtime.reading.inputs import by_name


def with_question(source: object, question: str, specs: Mapping[str, InputSpec]) -> dict[str, object]:
    """The sources of the inputs by name, the question among them.

    Args:
        source: what is given for the other input, or for the others by name.
        question: the text.
        specs: the inputs by name.

    Raises:
        InputError: not one of the inputs takes a text, or it is given beside the question.
    """
    takers = [name for name, spec in specs.items() if spec.vocabulary is not None]
    if len(takers) != 1:
        kinds = ", ".join(f"`{name}` ({spec.kind})" for name, spec in specs.items())
        raise InputError(
            f"no question can be asked: one input of tokens with a vocabulary is expected, the inputs are {kinds}",
            "leave the question out",
        )
    [taker] = takers
    named = by_name(source, specs)
    if named is None:
        others = [name for name, spec in specs.items() if name != taker and spec.kind != "length"]
        if len(others) != 1:
            raise InputError(
                f"one input was given beside the question: expected {len(others)}",
                f"name them: `{','.join(f'{name}=...' for name in others)}`",
            )
        named = {others[0]: os.fspath(source) if isinstance(source, os.PathLike) else source}
    if taker in named:
        raise InputError(f"`{taker}` was given, and a question beside it", "leave one of them out")
    return {**named, taker: question}
