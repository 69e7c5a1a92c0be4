"""Bits, perplexity and loss of language models, against plain NumPy in float64."""

import numpy as np
import pytest
from data_sets import described
from scipy.special import log_softmax

from zoo.data.dataset import Examples, Target
from zoo.errors import InputError
from zoo.tasks import Batch, get_task

task = get_task("language_model")
LETTERS = ["<pad>", *"abcdef"]
VOCABULARY = {"kind": "characters", "tokens": LETTERS, "lowercase": True, "pad": 0}
DATA = described({"next": Target("class", shape=(9,), vocabulary="letters")}, vocabularies={"letters": VOCABULARY})


@pytest.fixture(scope="module")
def drawn():
    """(logits, tokens): 40 texts of up to nine letters, -1 behind their ends; one of them has no letter at all."""
    random = np.random.default_rng(0)
    tokens = random.integers(0, len(LETTERS), (40, 9)).astype(np.int32)
    lengths = random.integers(1, 10, 40)
    lengths[7] = 0
    tokens[np.arange(9) >= lengths[:, None]] = -1
    return random.normal(0, 4, (40, 9, len(LETTERS))).astype(np.float32), tokens


def examples(tokens) -> Examples:
    return Examples({"tokens": np.zeros_like(tokens)}, {"next": tokens})


def nats(logits, tokens) -> np.ndarray:
    """Minus the log probability of every token that is there."""
    rows, steps = np.nonzero(tokens >= 0)
    return -log_softmax(logits.astype(np.float64), axis=-1)[rows, steps, tokens[rows, steps]]


def scored(logits, tokens) -> dict[str, float]:
    return task.score(task.answers({"next": logits}, {"next": tokens}, DATA), examples(tokens), DATA)


def test_bits_and_perplexity_are_those_of_the_tokens_that_are_there(drawn):
    expected = np.mean(nats(*drawn)) / np.log(2)
    assert scored(*drawn) == pytest.approx({"bits": expected, "perplexity": 2**expected}, rel=1e-6)


def test_what_is_answered_behind_the_end_counts_nothing(drawn):
    logits, tokens = drawn
    garbled = np.where((tokens >= 0)[..., None], logits, 1e4).astype(np.float32)
    assert scored(garbled, tokens) == scored(logits, tokens)
    losses = [float(task.validation_loss(examples(tokens), DATA)(*told(each, tokens))) for each in (logits, garbled)]
    assert losses[0] == losses[1] == pytest.approx(np.mean(nats(logits, tokens)), rel=1e-5)


def told(logits, tokens):
    return {"next": logits}, Batch({}, {"next": tokens})


def test_great_logits_are_no_overflow():
    logits = np.array([[[1e4, 0, 0, 0, 0, 0, 0]]], np.float32)
    assert scored(logits, np.zeros((1, 1), np.int32)) == {"bits": 0, "perplexity": 1}


def test_texts_without_a_token_do_not_break_the_mean():
    nothing = np.full((2, 9), -1, np.int32)
    assert scored(np.zeros((2, 9, len(LETTERS)), np.float32), nothing) == {"bits": 0, "perplexity": 1}


def test_an_interval_holds_the_bits(drawn):
    logits, tokens = drawn
    answers = task.answers({"next": logits}, {"next": tokens}, DATA)
    low, high = task.interval("bits", answers, examples(tokens), DATA)
    assert low < scored(logits, tokens)["bits"] < high
    powers = task.interval("perplexity", answers, examples(tokens), DATA)
    assert powers == pytest.approx((2**low, 2**high))


def test_the_baseline_knows_how_often_a_letter_comes():
    train, test = np.array([[1, 1, 1, 2, -1]]), np.array([[1, 2, 3, -1, -1]])
    probabilities = np.array([4, 2, 1]) / (4 + len(LETTERS))  # one more of each than was counted
    expected = -np.log2(probabilities).mean()
    assert task.baselines(DATA, examples(train), examples(test))["frequencies"]["bits"] == pytest.approx(expected)


def test_the_unit_is_that_of_the_tokens():
    assert task.metrics(DATA)["bits"].text(1.5) == "1.5 bits a character"
    words = described(DATA.targets, vocabularies={"letters": {**VOCABULARY, "kind": "words"}})
    assert task.metrics(words)["bits"].unit == "bits a word"


def test_two_texts_to_go_on_with_are_refused():
    two = described(
        {name: Target("class", shape=(9,), vocabulary="letters") for name in ("next", "after")},
        vocabularies={"letters": VOCABULARY},
    )
    with pytest.raises(InputError, match="several texts to go on with: found next, after, expected one"):
        task.check(two)
