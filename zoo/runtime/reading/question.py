"""A question beside a picture: a text for the one input of a model that takes tokens."""

import os
from collections.abc import Mapping

from zoo.errors import InputError
from zoo.runtime.reading.inputs import by_name
from zoo.runtime.reading.vocabulary import Vocabulary


def with_question(
    source: object, question: str, inputs: Mapping[str, Mapping], vocabularies: Mapping[str, Vocabulary]
) -> dict[str, object]:
    """The inputs by name, the question's tokens and their count among them.

    Args:
        source: what is given for the other input, or for the others by name.
        question: the text.
        inputs: the manifest's entries.
        vocabularies: by name.

    Raises:
        InputError: not one of the inputs takes a text, or it is given beside the question, or a token is unknown.
    """
    takers = [name for name, facts in inputs.items() if "vocabulary" in facts]
    if len(takers) != 1:
        found = ", ".join(f"`{name}` ({facts['kind']})" for name, facts in inputs.items())
        raise InputError(
            f"no question can be asked: one input of tokens with a vocabulary is expected, the inputs are {found}",
            "leave the question out",
        )
    [taker] = takers
    *_, longest = inputs[taker]["shape"]
    ids, count = vocabularies[inputs[taker]["vocabulary"]].encode(question, longest)
    asked = {taker: ids}
    asked |= {name: [count] for name, facts in inputs.items() if facts.get("of") == taker}
    named = by_name(source)
    if named is None:
        others = [name for name in inputs if name not in asked]
        if len(others) != 1:
            raise InputError(
                f"one input was given beside the question: expected {len(others)}",
                f"name them: `{','.join(f'{name}=...' for name in others)}`",
            )
        named = {others[0]: os.fspath(source) if isinstance(source, os.PathLike) else source}
    if taker in named:
        raise InputError(f"`{taker}` was given, and a question beside it", "leave one of them out")
    return {**named, **asked}
