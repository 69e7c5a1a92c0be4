"""Error rates as jiwer counts them, the loss as a sum over all alignments, and padding that means nothing."""

import itertools

import jiwer
import keras
import numpy as np
import pytest
import tensorflow as tf
from data_sets import column_of, of_texts, padded
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax, logsumexp

from zoo.data.columns import Ragged
from zoo.data.dataset import Examples
from zoo.errors import DataError, InputError
from zoo.runtime.reading.vocabulary import Vocabulary
from zoo.tasks import Batch, get_task

task = get_task("ctc")
LETTERS = ["<blank>", *"abc '"]
DATA = of_texts(LETTERS, "characters", 6)
VOCABULARY = Vocabulary.of(DATA.vocabularies["words"])

texts = st.text("abc '", max_size=8).map(lambda text: " ".join(text.split()))


def examples(texts: list[str], inputs=None) -> Examples:
    return Examples(inputs or {"x": np.zeros(len(texts))}, {"tokens": column_of([(text, "another") for text in texts])})


def answered(texts: list[str]) -> dict[str, np.ndarray]:
    return {"tokens": padded([[LETTERS.index(letter) for letter in text] for text in texts])}


@given(st.lists(st.tuples(texts.filter(len), texts), min_size=1, max_size=6))
def test_error_rates_are_jiwers(pairs):
    truths, answers = (list(each) for each in zip(*pairs, strict=True))
    scores = task.score(answered(answers), examples(truths), DATA)
    assert scores == pytest.approx({"wer": jiwer.wer(truths, answers), "cer": jiwer.cer(truths, answers)})


def test_every_letter_said_into_silence_is_an_error():
    """A truth without words: what is answered is inserted, and counts over the words of the others."""
    scores = task.score(answered(["a b", "c"]), examples(["", "c"]), DATA)
    assert scores == {"wer": 2, "cer": 3}
    assert task.score(answered([""]), examples([""]), DATA) == {"wer": 0, "cer": 0}
    assert task.score(answered(["a b"]), examples([""]), DATA) == {"wer": 2, "cer": 3}


def test_nothing_is_the_baseline():
    truth = examples(["a b", "c"])
    assert task.baselines(DATA, truth, truth) == {"nothing": {"wer": 1, "cer": 1}}


def test_an_interval_holds_the_rate():
    random = np.random.default_rng(0)
    truths = ["".join(random.choice(list("abc"), 5)) for _ in range(60)]
    answers = ["".join(letter for letter in text if random.random() > 0.2) for text in truths]
    low, high = task.interval("cer", answered(answers), examples(truths), DATA)
    assert low < jiwer.cer(truths, answers) < high


def nats_by_alignments(logits: np.ndarray, tokens: list[int]) -> float:
    """Minus the log of the probabilities of all ways through (steps, tokens) that give `tokens`, one by one."""
    probabilities = log_softmax(logits.astype(np.float64), axis=-1)
    ways = itertools.product(range(logits.shape[1]), repeat=len(logits))
    kept = [way for way in ways if [token for token, _ in itertools.groupby(way) if token] == tokens]
    return -logsumexp([probabilities[range(len(way)), way].sum() for way in kept])


def loss_and_gradient(logits, rows, counts, steps=None) -> tuple[float, np.ndarray]:
    """Of (batch, steps, tokens)."""
    logits = tf.constant(logits, tf.float32)
    outputs = {"logits": logits} | ({} if steps is None else {"steps": tf.constant(steps, tf.int32)})
    batch = Batch({}, {"tokens": tf.constant(rows, tf.int32), "count": tf.constant(counts, tf.int32)})
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = task.loss(task.Settings(), None, DATA)(outputs, batch)
    return float(loss), tape.gradient(loss, logits).numpy()


@pytest.mark.parametrize("tokens", [[1], [1, 2], [1, 1], [2, 1, 2], [2, 2, 1], []], ids=str)
def test_the_loss_is_the_sum_over_all_alignments(tokens):
    """Five steps of a blank and two letters: 243 ways through them."""
    logits = np.random.default_rng(len(tokens)).normal(0, 2, (2, 5, 3))
    rows, counts = padded([tokens, [1]]), [len(tokens), 1]
    expected = np.mean([nats_by_alignments(logits[0], tokens), nats_by_alignments(logits[1], [1])])
    assert loss_and_gradient(logits, rows, counts)[0] == pytest.approx(expected, rel=1e-5)


def test_steps_that_are_not_real_are_no_part_of_an_alignment():
    logits = np.random.default_rng(1).normal(0, 2, (2, 5, 3))
    expected = np.mean([nats_by_alignments(logits[0, :3], [1, 2]), nats_by_alignments(logits[1, :4], [2, 2])])
    for steps in ([3, 4], [[3], [4]]):  # as a model gives them, (batch,) or (batch, 1)
        assert loss_and_gradient(logits, padded([[1, 2], [2, 2]]), [2, 2], steps)[0] == pytest.approx(
            expected, rel=1e-5
        )


def test_logits_behind_the_end_change_no_bit_of_loss_and_gradient():
    random = np.random.default_rng(2)
    logits, steps = random.normal(0, 2, (4, 8, 6)).astype(np.float32), np.array([8, 3, 5, 4], np.int32)
    rows, counts = padded([[1, 2, 3], [2], [3, 3], [1, 2, 1]]), [3, 1, 2, 3]
    behind = np.arange(8) >= steps[:, None]
    loss, gradient = loss_and_gradient(logits, rows, counts, steps)
    assert not gradient[behind].any()
    assert gradient[~behind].any()
    for garbage in (0, -50, 1e30, random.normal(0, 1000, (4, 8, 6))):
        garbled = np.where(behind[..., None], garbage, logits)
        found, bits = loss_and_gradient(garbled, rows, counts, steps)
        assert found == loss
        assert bits.tobytes() == gradient.tobytes()


def model_of(steps: bool = True) -> keras.Model:
    """Frames to letters, two frames a step, from the left to the right."""
    keras.utils.set_random_seed(3)
    sound, length = keras.Input((12, 4), name="sound"), keras.Input((), dtype="int32", name="length")
    frames = keras.layers.Conv1D(6, 2, 2, activation="relu")(sound)
    logits = keras.layers.Dense(len(LETTERS), name="letter")(keras.layers.GRU(6, return_sequences=True)(frames))
    outputs = {"logits": logits, "steps": length // 2} if steps else {"logits": logits}
    return keras.Model({"sound": sound, **({"length": length} if steps else {})}, outputs)


def test_what_a_sound_holds_behind_its_length_changes_no_bit():
    """Of outputs, loss and all gradients of weights."""
    model, random = model_of(), np.random.default_rng(4)
    length = np.array([12, 6, 8, 10], np.int32)
    quiet = np.where((np.arange(12) < length[:, None])[..., None], random.normal(size=(4, 12, 4)), 0)
    noisy = np.where((np.arange(12) < length[:, None])[..., None], quiet, random.normal(0, 30, (4, 12, 4)))
    prepared = task.prepare(examples(["abc", "a", "aa", "b a"]), DATA)
    batch = Batch({}, {name: tf.constant(column[:]) for name, column in prepared.targets.items()})
    found = []
    for sound in (quiet, noisy):
        with tf.GradientTape() as tape:
            outputs = model({"sound": sound.astype(np.float32), "length": length}, training=True)
            loss = task.loss(task.Settings(), prepared, DATA)(outputs, batch)
        gradients = tape.gradient(loss, model.trainable_variables)
        real = np.arange(6) < length[:, None] // 2
        found.append([loss.numpy(), outputs["logits"].numpy()[real], *(gradient.numpy() for gradient in gradients)])
    assert all(one.tobytes() == other.tobytes() for one, other in zip(*found, strict=True))


def test_texts_become_tokens_and_their_number():
    prepared = task.prepare(examples(["abc", "A", ""]), DATA)
    assert prepared.targets["tokens"].tolist() == [[1, 2, 3, 0, 0, 0], [1, 0, 0, 0, 0, 0], [0] * 6]
    assert prepared.targets["count"].tolist() == [3, 1, 0]
    assert {column.dtype for column in prepared.targets.values()} == {np.dtype(np.int32)}
    with pytest.raises(
        DataError, match=r"1 of 2 texts of `drawn` cannot be learned, the first is `abcabca`: .*at most 6"
    ):
        task.prepare(examples(["abcabca", "a"]), DATA)


@pytest.mark.parametrize(
    ("texts", "lengths", "words"),
    [
        (
            ["abc", "abc", "a"],
            [12, 4, 2],
            "1 of 3 texts of `drawn` are too long for their sequence: `abc` lacks 1 steps",
        ),
        (["aab", "aab", "aaab"], [8, 6, 6], "2 of 3 texts .*: `aaab` lacks 3 steps"),  # a blank between two equal ones
    ],
    ids=["long", "repeats"],
)
def test_texts_without_an_alignment_are_counted(texts, lengths, words):
    sound = Ragged.of([np.zeros((length, 4), np.float32) for length in lengths], 12)
    prepared = task.prepare(examples(texts, {"sound": sound, "length": sound.lengths}), DATA)
    with pytest.raises(DataError, match=words):
        task.check_examples(model_of(), prepared, DATA)
    task.check_examples(model_of(), prepared.take(np.array([0])), DATA)
    task.check_examples(model_of(steps=False), prepared, DATA)  # six steps, whatever the length: all have room


def test_the_blank_is_token_0():
    assert task.decode(model_of()) == {
        **{"loop": "ctc", "part": "predict", "logits": "logits", "steps": "steps"},
        **{"blank": 0, "beam": 1},
    }
    assert "steps" not in task.decode(model_of(steps=False))
    with pytest.raises(InputError, match="has a `start` token, which `ctc` never answers"):
        task.check(of_texts(["<blank>", "<start>", "a"], "characters", 4, start=1))
