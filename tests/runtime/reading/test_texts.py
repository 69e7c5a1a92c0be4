"""Texts, as files and as they are typed, become tokens beside other inputs."""

import io
import sys

import numpy as np
import pytest
from PIL import Image

from zoo.errors import InputError
from zoo.runtime.reading import piped
from zoo.runtime.reading.arrays import InputSpec
from zoo.runtime.reading.inputs import read_inputs
from zoo.runtime.reading.vocabulary import Vocabulary

WORDS = Vocabulary.learn(["where is the cat", "what colour, a dog?"], "words", special=())
FACTS = {"shape": [1, 6], "dtype": "int32", "kind": "tokens", "vocabulary": "questions"}
QUESTION = InputSpec.of("question", FACTS, {"questions": WORDS})
LENGTH = InputSpec.of("length", {"shape": [1], "dtype": "int32", "kind": "length", "of": "question"})
IMAGE = InputSpec("image", (1, 2, 2, 3), "float32", "image")
ASKED = {"image": IMAGE, "question": QUESTION, "length": LENGTH}


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (4, 4), "white").save("cat.png")
    (tmp_path / "q.txt").write_text("\ufeffWhere is\nthe cat", "utf-8")
    (tmp_path / "cat").mkdir()
    return tmp_path


def words(found):
    return WORDS.decode(found["question"][0])


SAME = {
    "typed": "image=cat.png,question=where is the cat",
    "typed in capitals, first": "question=Where is the CAT, image=cat.png",
    "a file": "image=cat.png,question=q.txt",
    "a mapping": {"image": "cat.png", "question": "where is the cat"},
    "a mapping with its length": {"image": "cat.png", "question": "where is the cat", "length": [4]},
    "tokens": {"image": "cat.png", "question": WORDS.encode("where is the cat", 4)[0]},
}


@pytest.mark.parametrize("case", SAME)
def test_a_question_about_a_picture(files, case):
    found = read_inputs(SAME[case], ASKED)
    assert list(found) == ["image", "question", "length"]
    assert words(found) == "where is the cat"
    assert (found["question"].shape, found["question"].dtype) == ((1, 6), np.int32)
    assert (found["length"].tolist(), found["length"].dtype) == ([4], np.int32)


def test_commas_of_a_question_are_its_own(files):
    assert words(read_inputs("question=what colour, a dog,image=cat.png", ASKED)) == "what colour, a dog"


@pytest.mark.parametrize("specs", [{"question": QUESTION, "length": LENGTH}, {"question": QUESTION}])
def test_one_text_for_one_input(files, specs):
    for source in ("where is the cat", "q.txt", files / "q.txt", "question=where is the cat"):
        assert words(read_inputs(source, specs)) == "where is the cat"
    assert words(read_inputs("cat", specs)) == "cat"  # there is a folder of this name


def test_a_text_with_a_sign_of_equality_is_a_text():
    sums = Vocabulary.learn(["a=b, c=d"], "words", special=())
    spec = InputSpec("sum", (1, 9), "int32", "tokens", vocabulary=sums)
    assert sums.decode(read_inputs("a=b, c=d", {"sum": spec})["sum"][0]) == "a = b, c = d"


def test_a_text_comes_through_a_pipe(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"where is the cat\n")))
    piped.standard_input.cache_clear()
    try:
        assert words(read_inputs("-", {"question": QUESTION})) == "where is the cat"
    finally:
        piped.standard_input.cache_clear()


def test_text_of_another_shape_of_tokens():
    spec = InputSpec("question", (1, 6, 1), "int64", "tokens", vocabulary=WORDS)
    found = read_inputs("the cat", {"question": spec, "length": LENGTH})
    assert (found["question"].shape, found["question"].dtype) == ((1, 6, 1), np.int64)
    assert found["length"].tolist() == [2]


WRONG = {
    "too long": (
        "the the the the the the the",
        "the text does not fit input `question`: the text is too long: found 7",
    ),
    "an unknown word": (
        "where is the dolphin",
        "does not fit input `question`: the model knows no `dolphin`: the near",
    ),
    "nothing": (" ", "the text holds no words: input `question` takes 1 to 6"),
    "no such file": ("question.txt", "`question.txt` does not exist: expected a file"),
    "another file": ("cat.png", "`cat.png` is a picture: input `question` takes tokens of shape"),
    "another file that is missing": ("dog.png", "`dog.png` does not exist"),
    "an empty file": ("empty.txt", "`empty.txt` holds no words"),
    "no UTF-8": ("latin.txt", "`latin.txt` is no text in UTF-8"),
    "much too long": ("long.txt", "`long.txt` is too large: found more than 1,048,576 bytes"),
    "a token beyond": ([1, 2, 99], "holds the number 99: input `question` takes 0 to 10"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_text_is_refused(files, case):
    source, message = WRONG[case]
    (files / "empty.txt").touch()
    (files / "latin.txt").write_bytes("café".encode("latin-1"))
    (files / "long.txt").write_text("a " * 2**20)
    with pytest.raises(InputError, match=message):
        read_inputs(source, {"question": QUESTION, "length": LENGTH})


def test_two_inputs_are_asked_for_by_a_line_to_paste(files):
    with pytest.raises(InputError, match="one input was given: expected 2, `image`, `question`") as caught:
        read_inputs("cat.png", ASKED)
    assert caught.value.hint == "give an .npz with these keys, or `image=image.png,question=question.txt`"
