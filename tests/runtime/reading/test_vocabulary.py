"""Texts become tokens and texts again, the same in training and on a device."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.errors import BundleError, InputError
from zoo.runtime.reading.vocabulary import Vocabulary

CAPTIONS = ["A cat sits.", "A dog sits, a cat runs!", "Two dogs: 3.5 kg"]
WORDS = Vocabulary.learn(CAPTIONS, "words", special=("start", "end", "unknown"))
LETTERS = Vocabulary.learn(["abba", "a b"], "characters", special=())


def test_the_most_frequent_come_first_and_equals_by_their_letters():
    assert WORDS.tokens[:4] == ("<pad>", "<start>", "<end>", "<unknown>")
    assert WORDS.tokens[4:] == ("a", "cat", "sits", "!", ",", ".", "3.5", ":", "dog", "dogs", "kg", "runs", "two")
    assert (WORDS.pad, WORDS.start, WORDS.end, WORDS.unknown) == (0, 1, 2, 3)
    assert LETTERS.tokens == ("<pad>", "a", "b", " ")


@pytest.mark.parametrize(("more", "tokens"), [({"size": 4}, ("a", "cat")), ({"least": 3}, ("a",))])
def test_rare_tokens_are_left_out(more, tokens):
    assert Vocabulary.learn(CAPTIONS, "words", **more).tokens == ("<pad>", "<unknown>", *tokens)


SPLITS = {
    "case and punctuation": ("Where is the CAT?", ["where", "is", "the", "cat", "?"]),
    "apostrophes": ("Don't: rock 'n' roll’s", ["don't", ":", "rock", "'", "n", "'", "roll’s"]),
    "numbers": ("1,000.5 kg, 3. 4x", ["1,000.5", "kg", ",", "3", ".", "4", "x"]),
    "marks": ("a_b--c @d", ["a", "_", "b", "-", "-", "c", "@", "d"]),
    "other scripts": ("Straße ΣΊΣΥΦΟΣ 猫", ["straße", "σίσυφος", "猫"]),
    "an accent apart": ("cafe\u0301 x\u0331y\u0331 \u0331", ["café", "x\u0331y\u0331", "\u0331"]),
    "a capital of two": ("\u0130x", ["i\u0307x"]),
    "blanks": (" \t\n", []),
}


@pytest.mark.parametrize("case", SPLITS)
def test_words(case):
    text, pieces = SPLITS[case]
    assert Vocabulary("words", ("<pad>",)).split(text) == pieces


def test_case_is_kept_where_it_means_something():
    assert Vocabulary("words", ("<pad>",), lowercase=False).split("A cat") == ["A", "cat"]


def test_tokens_are_padded_and_counted():
    ids, count = WORDS.encode("A dog sits", 5)
    assert (ids.tolist(), ids.dtype, count) == ([4, 12, 6, 0, 0], np.int32, 3)
    ids, count = LETTERS.encode(" B  A\n", 4)
    assert (ids.tolist(), count) == ([2, 3, 1, 0], 3)
    assert WORDS.encode("", 2)[1] == 0


def test_what_is_in_no_token_is_unknown():
    ids, _ = WORDS.encode("A zebra <pad> sits", 8)
    assert ids.tolist() == [4, 3, 3, 3, 3, 6, 0, 0]
    assert WORDS.decode(ids) == "a <unknown> <unknown> <unknown> <unknown> sits"


@pytest.mark.parametrize(
    ("vocabulary", "text", "message"),
    [
        (
            Vocabulary.learn(CAPTIONS, "words", special=()),
            "a cut",
            "the model knows no `cut`: the nearest of its words are `cat`",
        ),
        (LETTERS, "abc", "the model knows no `c`: the nearest of its characters are"),
    ],
)
def test_without_a_token_for_it_it_is_a_sentence(vocabulary, text, message):
    with pytest.raises(InputError, match=message):
        vocabulary.encode(text, 9)


def test_a_longer_text_is_refused_or_cut():
    with pytest.raises(InputError, match="the text is too long: found 4 words, expected at most 3"):
        WORDS.encode("a cat sits.", 3)
    ids, count = WORDS.encode("a cat sits.", 3, cut=True)
    assert (WORDS.decode(ids), count) == ("a cat sits", 3)
    with pytest.raises(InputError, match="found 1,000 characters, expected at most 10"):
        LETTERS.encode("a" * 1000, 10)


def test_a_text_ends_at_its_end():
    assert WORDS.decode([1, 4, 5, 9, 2, 5, 0, 0]) == "a cat."
    assert WORDS.decode([]) == WORDS.decode([0, 0]) == ""
    with pytest.raises(InputError, match="no token has the number 17: the vocabulary holds 17"):
        WORDS.decode([17])


@given(st.lists(st.sampled_from([*WORDS.tokens[4:], "(", ")", "'", "don't"]), max_size=9), st.booleans())
def test_words_come_back(pieces, cut):
    vocabulary = Vocabulary("words", (*WORDS.tokens, "(", ")", "'", "don't"), unknown=3)
    ids, count = vocabulary.encode(" ".join(pieces), 9, cut=cut)
    assert [vocabulary.tokens[number] for number in ids[:count]] == pieces
    again, _ = vocabulary.encode(vocabulary.decode(ids), 9)
    np.testing.assert_array_equal(again, ids)


@given(st.text(max_size=30))
def test_any_text_comes_back_from_what_was_learnt_of_it(text):
    for kind in ("words", "characters"):
        try:
            vocabulary = Vocabulary.learn([text], kind, special=())
        except InputError:
            assert not text.split()
            continue
        ids, count = vocabulary.encode(text, 200)
        assert (ids[:count] > 0).all()
        again, _ = vocabulary.encode(vocabulary.decode(ids), 200)
        np.testing.assert_array_equal(again, ids)


@pytest.mark.parametrize("vocabulary", [WORDS, LETTERS, Vocabulary.learn(["É"], "words", lowercase=False)])
def test_a_manifest_holds_it(vocabulary):
    assert Vocabulary.of(json.loads(json.dumps(vocabulary.entry))) == vocabulary


ENTRY = {"kind": "words", "tokens": ["<pad>", "a", "b"], "lowercase": True, "pad": 0}
FORGED = {
    "another kind": ({"kind": "bytes"}, "has the kind 'bytes': expected words or characters"),
    "no tokens": ({"tokens": None}, "no list of texts"),
    "an empty token": ({"tokens": ["<pad>", ""]}, "no list of texts that are not empty"),
    "a token twice": ({"tokens": ["<pad>", "a", "a"]}, "holds the token `a` twice"),
    "an end beyond": ({"end": 3}, "wrong `end`: found 3, expected 0 to 2"),
    "a truth value": ({"unknown": True}, "wrong `unknown`: found True"),
    "another padding": ({"pad": 1}, "wrong `pad`: found 1, expected 0"),
    "words for characters": ({"kind": "characters", "tokens": ["<pad>", "ab"]}, "holds the token `ab`: expected one"),
}


@pytest.mark.parametrize("case", FORGED)
def test_a_forged_vocabulary_is_refused(case):
    change, message = FORGED[case]
    with pytest.raises(BundleError, match=message):
        Vocabulary.of(ENTRY | change)


WRONG = {
    "another kind": (["a"], "bytes", {}, "unknown kind of vocabulary: `bytes`; expected words or characters"),
    "no room": (["a"], "words", {"size": 2}, "a vocabulary of 2 tokens has no room: expected more than 2"),
    "no words": ([" "], "words", {}, "found no token that is there 1 times or more"),
    "all rare": (["a"], "words", {"least": 2}, "there 2 times or more"),
    "no text": ([3], "words", {}, "no text: found int"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_learnt_is_a_sentence(case):
    texts, kind, more, message = WRONG[case]
    with pytest.raises(InputError, match=message):
        Vocabulary.learn(texts, kind, **more)
