"""What outputs mean to a person, one file a kind; made of a loop's arrays as the manifest says under `answers`."""

from collections.abc import Callable, Mapping

import numpy as np

from zoo.runtime.answers import classes, text, transcript, values
from zoo.runtime.answers.answer import Answer, Kind
from zoo.runtime.answers.classes import Classes
from zoo.runtime.answers.text import Text
from zoo.runtime.answers.transcript import Transcript
from zoo.runtime.answers.values import Values
from zoo.runtime.reading.vocabulary import Vocabulary

__all__ = ["Answer", "Classes", "Text", "Transcript", "Values", "make_answers"]

Make = Callable[[Mapping, str, Mapping[str, np.ndarray], Mapping[str, Vocabulary]], Kind | None]
"""From the manifest's entry, the output's name, the loop's outputs of one example and the vocabularies to an answer;
None where it has other axes than the kind has, or none of them yet."""

KINDS: Mapping[str, Make] = {
    "classes": classes.make,
    "values": values.make,
    "text": text.make,
    "transcript": transcript.make,
}


def make_answers(
    entries: Mapping[str, Mapping], outputs: Mapping[str, np.ndarray], vocabularies: Mapping[str, Vocabulary]
) -> dict[str, Kind]:
    """The answers to one example by output, in the order of the manifest's `entries`.

    Args:
        entries: by output, what the manifest says under `answers`.
        outputs: of the loop, (1, ...) each; of a stream, those that the part gave.
        vocabularies: by name.
    """
    made = {
        name: KINDS[entry["kind"]](entry, name, outputs, vocabularies)
        for name, entry in entries.items()
        if name in outputs
    }
    return {name: answer for name, answer in made.items() if answer is not None}
