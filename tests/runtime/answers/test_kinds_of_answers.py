"""Each kind of answer, from the arrays of a decode loop to what a person reads."""

import json

import make
import numpy as np
import pytest

from zoo.runtime.answers import Answer, make_answers
from zoo.runtime.reading.vocabulary import Vocabulary

WORDS = {"kind": "words", "tokens": ["<pad>", "<s>", "</s>", "a", "cat", "sleeps"], "lowercase": True, "pad": 0}
LETTERS = {"kind": "characters", "tokens": ["<pad>", "a", "h", "o", " "], "lowercase": True, "pad": 0}
VOCABULARIES = {"captions": Vocabulary.of(WORDS | {"start": 1, "end": 2}), "letters": Vocabulary.of(LETTERS)}


def answered(entry, name="y", **outputs):
    """The one answer, and all of it."""
    outputs = {key: np.asarray(value) for key, value in outputs.items()}
    answers = make_answers({name: entry}, outputs, VOCABULARIES)
    return answers.get(name), Answer("a", "b", "float32", outputs, answers)


def one_hot(*numbers, count=3):
    return np.eye(count, dtype=np.float32)[list(numbers)][None]


def test_classes_of_steps_print_as_runs():
    walk, answer = answered(make.classes(["stand", "walk", "run"], "probabilities"), y=one_hot(1, 1, 1, 2, 2, 0, 1))
    assert str(answer).splitlines()[1:] == ["  walk 0-2, run 3-4, stand 5, walk 6"]
    assert answer.line() == "a: walk 0-2, run 3-4, stand 5, walk 6"
    assert [tuple(run) for run in walk.runs()] == [("walk", 0, 2), ("run", 3, 4), ("stand", 5, 5), ("walk", 6, 6)]
    assert (answer.label, answer.top()) == (None, [])
    found = json.loads(json.dumps(answer.to_dict()))["answers"]["y"]
    assert found["runs"][1] == {"label": "run", "first": 3, "last": 4}
    assert np.shape(found["probabilities"]) == (7, 3)


def test_many_runs_are_cut_short():
    _, answer = answered(make.classes(None, "probabilities"), y=one_hot(*[0, 1] * 50))
    assert answer.line() == "a: 0 0, 1 1, 0 2, 1 3, 0 4, 1 5, 0 6, 1 7, ..."


@pytest.mark.parametrize("shape", [(1,), (1, 1)])
def test_yes_is_one_number(shape):
    _, answer = answered(make.classes(["no", "yes"], "yes_no"), y=np.full(shape, 0.75, np.float32))
    assert answer.top() == [("yes", 0.75), ("no", 0.25)]


def test_yes_at_each_step():
    voice, _ = answered(make.classes(["silence", "voice"], "yes_no"), y=np.array([[[0.1], [0.9], [0.8]]]))
    assert [tuple(run) for run in voice.runs()] == [("silence", 0, 0), ("voice", 1, 2)]


NO_CHOICE = {
    "yes without names": (make.classes(None, "yes_no"), np.full((1, 1), 0.75)),
    "several questions": (make.classes(["no", "yes"], "yes_no"), np.full((1, 4), 0.75)),
    "a map": (make.classes(None), np.zeros((1, 2, 2, 3))),
    "a stream before its first answer": (make.classes(None), np.zeros((0, 3))),
    "numbers with many axes": ({"kind": "values"}, np.zeros((1, 2, 2, 3))),
}


@pytest.mark.parametrize("case", NO_CHOICE)
def test_what_is_no_answer_of_its_kind_is_shown_as_numbers(case):
    entry, numbers = NO_CHOICE[case]
    kind, answer = answered(entry, y=numbers)
    assert kind is None
    assert answer.line().startswith(f"a: y {numbers.shape}:")


VALUES = {
    "one": ({"unit": "s"}, [[2.5]], ["2.5 s"], "2.5 s", 2.5),
    "whole": ({}, [1234567], ["1234567"], "1234567", 1234567),
    "named": (
        {"names": ["low", "top"], "unit": "m"},
        [[1, 2.25]],
        ["low  1 m", "top  2.25 m"],
        "low 1 m, top 2.25 m",
        {"low": 1, "top": 2.25},
    ),
    "several": ({"unit": "K"}, [[1, 2]], ["1, 2 K"], "1, 2 K", [1, 2]),
    "of steps": ({"names": ["x", "y"]}, [[[1, 2], [3, 4]]], ["1, 2, 3, 4"], "1, 2, 3, 4", [[1, 2], [3, 4]]),
}


@pytest.mark.parametrize("case", VALUES)
def test_values_have_units_and_names(case):
    entry, numbers, rows, line, plain = VALUES[case]
    values, answer = answered({"kind": "values", **entry}, y=numbers)
    assert str(answer).splitlines()[1:] == [f"  {row}" for row in rows]
    assert answer.line() == f"a: {line}"
    assert values.to_dict()["value"] == plain
    np.testing.assert_array_equal(answer.value, np.squeeze(numbers))


def test_a_text_of_words():
    tokens, looked = np.array([[3, 4, 5, 0, 0]], np.int32), np.arange(10.0).reshape(1, 5, 2)
    text, answer = answered(
        {"kind": "text", "vocabulary": "captions"}, "tokens", tokens=tokens, score=np.float32([-1.5]), attention=looked
    )
    assert str(answer) == "a  (b, float32)\n  a cat sleeps"
    assert answer.line() == "a: a cat sleeps"
    assert answer.text == "a cat sleeps"
    np.testing.assert_array_equal(text.attention, looked[0, :3])
    assert text.to_dict() == {
        "kind": "text",
        "text": "a cat sleeps",
        "tokens": ["a", "cat", "sleeps"],
        "score": -1.5,
    }


def test_a_text_of_no_words():
    _, answer = answered(
        {"kind": "text", "vocabulary": "captions"}, "tokens", tokens=np.zeros((1, 4), np.int32), score=[0.0]
    )
    assert (answer.text, answer.line()) == ("", "a: (no words)")


HEARD = {"tokens": [[1, 2, 1, 4, 3, 2, 0]], "first": [[0, 2, 3, 5, 6, 8, 0]], "last": [[1, 2, 4, 5, 7, 9, 0]]}


def test_a_transcript_says_when_each_word_is_heard():
    entry = {"kind": "transcript", "vocabulary": "letters", "seconds_a_step": 0.02}
    said, answer = answered(entry, "tokens", **HEARD, score=[-2.0])
    assert str(answer).splitlines()[1:] == ["  aha oh", "  0.00 s - 0.10 s  aha", "  0.12 s - 0.20 s  oh"]
    assert (answer.line(), answer.text) == ("a: aha oh", "aha oh")
    assert [piece.text for piece in said.pieces] == list("aha oh")
    assert said.pieces[4][1:] == pytest.approx((0.12, 0.16))
    found = json.loads(json.dumps(answer.to_dict()))["answers"]["tokens"]
    assert (found["unit"], [word["text"] for word in found["words"]]) == ("s", ["aha", "oh"])


def test_a_transcript_of_words_counts_steps_where_nobody_says_how_long_they_are():
    heard = {"tokens": [[4, 5, 0]], "first": [[3, 12, 0]], "last": [[9, 20, 0]]}
    _, answer = answered({"kind": "transcript", "vocabulary": "captions"}, "tokens", **heard, score=[0.0])
    assert str(answer).splitlines()[1:] == ["  cat sleeps", "   3 - 10  cat", "  12 - 21  sleeps"]
    assert answer.to_dict()["answers"]["tokens"]["unit"] == "steps"
