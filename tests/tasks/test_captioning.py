"""BLEU as sacrebleu has it, and how captions become what a model is trained on."""

import numpy as np
import pytest
from data_sets import column_of, of_texts, padded
from hypothesis import given
from hypothesis import strategies as st
from sacrebleu.metrics import BLEU
from scipy.special import log_softmax

from zoo.data.columns import Indexed, Read
from zoo.data.dataset import Examples, Target
from zoo.errors import DataError, InputError
from zoo.runtime.reading.vocabulary import Vocabulary
from zoo.tasks import Batch, get_task

task = get_task("captioning")
WORDS = ["a", "dog", "cat", "runs", "sits", "on", "the", "grass", ".", ","]
PICTURES = {"image": {"kind": "image", "shape": (2, 2, 1), "dtype": "uint8"}}
DATA = of_texts(["<pad>", "<start>", "<end>", *WORDS], "words", 6, PICTURES, start=1, end=2)
VOCABULARY = Vocabulary.of(DATA.vocabularies["words"])


def examples(texts: list[tuple[str, ...]]) -> Examples:
    return Examples({"image": np.zeros((len(texts), 2, 2, 1), np.uint8)}, {"tokens": column_of(texts)})


def answered(texts: list[str]) -> dict[str, np.ndarray]:
    return {"tokens": padded([VOCABULARY.encode(text, 20)[0][: len(VOCABULARY.split(text))] for text in texts])}


sentences = st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join)
references = st.lists(sentences.filter(len), min_size=1, max_size=3)


@given(st.lists(st.tuples(sentences, references), min_size=1, max_size=6))
def test_bleu_is_sacrebleus(pairs):
    """Of the whole corpus, with as many references as each example has, and answers that are empty."""
    answers = answered([text for text, _ in pairs])
    texts = [VOCABULARY.decode(row) for row in answers["tokens"]]
    those = [tuple(text.title() for text in each) for _, each in pairs]
    most = max(map(len, those))
    streams = [[each[place] if place < len(each) else None for each in those] for place in range(most)]
    scores = task.score(answers, examples(those), DATA)
    for name, order in (("bleu1", 1), ("bleu4", 4)):
        expected = BLEU(lowercase=True, smooth_method="none", max_ngram_order=order).corpus_score(texts, streams)
        assert scores[name] == pytest.approx(expected.score / 100, abs=1e-9)
    same = [text in {each.lower() for each in refs} for text, refs in zip(texts, those, strict=True)]
    assert scores["exact"] == np.mean(same)


def test_a_short_answer_is_worth_less():
    """Two of four words, all of them right: the brevity penalty is exp(1 - 4 / 2)."""
    scores = task.score(answered(["the dog"]), examples([("the dog runs .",)]), DATA)
    assert scores["bleu1"] == pytest.approx(np.exp(-1))
    assert scores["bleu4"] == 0


def test_no_words_at_all_are_no_division_by_zero():
    scores = task.score(answered(["", ""]), examples([("a dog",), ("the cat sits .", "a cat")]), DATA)
    assert scores == {"bleu4": 0, "bleu1": 0, "exact": 0}
    low, high = task.interval("bleu4", answered(["", ""]), examples([("a dog",), ("a cat",)]), DATA)
    assert (low, high) == (0, 0)


def test_the_baseline_answers_the_commonest_caption():
    train = examples([("a dog runs", "the cat sits"), ("the cat sits",)])
    test = examples([("the cat sits",), ("the dog sits on the grass",)])
    expected = task.score(answered(["the cat sits"] * 2), test, DATA)
    assert task.baselines(DATA, train, test) == {"commonest": pytest.approx(expected)}
    assert expected["exact"] == 0.5


def test_every_reference_is_an_example_of_its_picture():
    pictures = np.arange(12, dtype=np.uint8).reshape(3, 2, 2, 1)
    texts = column_of([("a dog", "The dog runs on grass"), ("a cat",), ("the cat sits", "a cat .")])
    whole = Examples({"image": pictures}, {"tokens": texts}, np.array([7, 8, 9], np.int32))
    prepared = task.prepare(whole, DATA)
    assert len(prepared) == 5
    assert prepared.groups.tolist() == [7, 7, 8, 9, 9]
    np.testing.assert_array_equal(prepared.inputs["image"][:], pictures[[0, 0, 1, 2, 2]])
    number = {token: place for place, token in enumerate(VOCABULARY.tokens)}
    told, asked = prepared.inputs["tokens"], prepared.targets["logits"]
    assert (told.dtype, asked.dtype) == (np.int32, np.int32)
    words = [number[word] for word in ("the", "dog", "runs", "on", "grass")]
    assert told[:][1].tolist() == [1, *words]  # as long as it may be: the last place asks for the end
    assert asked[:][1].tolist() == [*words, 2]
    assert told[:][2].tolist() == [1, number["a"], number["cat"], 0, 0, 0]
    assert asked[:][2].tolist() == [number["a"], number["cat"], 2, -1, -1, -1]


def test_pictures_are_kept_once_and_not_read_early():
    pictures = np.zeros((3, 2, 2, 1), np.uint8)
    texts = column_of([("a dog", "a cat"), ("a cat",), ("a dog",)])
    kept = task.prepare(Examples({"image": pictures}, {"tokens": texts}), DATA).inputs["image"]
    assert isinstance(kept, Indexed)
    assert np.shares_memory(kept.rows, pictures)

    reads = []
    stored = Read(lambda number: reads.append(number) or pictures[number], np.arange(3), (2, 2, 1), np.dtype(np.uint8))
    prepared = task.prepare(Examples({"image": stored}, {"tokens": texts}), DATA).take(np.array([0, 1]))
    assert not reads
    assert prepared.inputs["image"][:].shape == (2, 2, 2, 1)
    assert reads == [0, 0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "the dog runs on the grass",
            "`the dog runs on the grass`: the text is too long: found 6 words, expected at most 5",
        ),
        ("a dgo", "`a dgo`: the model knows no `dgo`: the nearest of its words are `dog`"),
    ],
    ids=["long", "unknown"],
)
def test_a_caption_that_cannot_be_learned_is_named(text, words):
    with pytest.raises(DataError) as caught:
        task.prepare(examples([("a dog",), (text, "a cat")]), DATA)
    assert caught.value.message.startswith(f"1 of 3 texts of `drawn` cannot be learned, the first is {words}")


def test_the_loss_is_that_of_the_words_and_the_ends():
    random = np.random.default_rng(0)
    prepared = task.prepare(examples([("a dog",), ("the cat sits on grass",)]), DATA)
    logits, asked = random.normal(0, 3, (2, 6, 13)).astype(np.float32), prepared.targets["logits"]
    rows, steps = np.nonzero(asked >= 0)
    assert len(rows) == 3 + 6
    expected = -log_softmax(logits.astype(np.float64), axis=-1)[rows, steps, asked[rows, steps]].mean()
    loss = task.loss(task.Settings(), prepared, DATA)
    assert float(loss({"logits": logits}, Batch({}, {"logits": asked}))) == pytest.approx(expected, rel=1e-5)


def test_data_without_captions_are_refused():
    without_end = of_texts(["<pad>", "<start>", "a"], "words", 4, start=1)
    with pytest.raises(InputError, match="the vocabulary of `drawn` has no `end` token, which a caption needs"):
        task.check(without_end)
    for target in (Target("class", ("a", "b")), Target("text", vocabulary="others")):
        data = of_texts(["<pad>", "a"], "words", 4)
        object.__setattr__(data, "targets", {"tokens": target})
        with pytest.raises(InputError, match=r"no text for the task `captioning`|have no vocabulary"):
            task.check(data)
