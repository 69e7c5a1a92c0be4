"""The loop `ctc` against sums over all paths; chunk by chunk it says what it says of the whole."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.errors import AnswerError, BundleError, InputError
from zoo.runtime.decode import CtcStream, get_loop

DECODE = {"loop": "ctc", "part": "predict", "logits": "logits", "steps": "steps", "blank": 0, "beam": 1}


class Fixed:
    """A part whose outputs are what it is made with."""

    def __init__(self, **outputs):
        self.outputs = {name: np.asarray(values) for name, values in outputs.items()}

    def run(self, signature, /, **arrays):
        assert (signature, arrays) == ("predict", {})
        return self.outputs


def decoded(logits, steps=None, blank=0, **options):
    logits = np.asarray(logits, np.float32)
    steps = [logits.shape[1]] * len(logits) if steps is None else steps
    runner = Fixed(logits=logits, steps=np.array(steps, np.int32))
    return get_loop(DECODE | {"blank": blank}, {}).run(runner, {}, **options)


def rows(found, name="tokens"):
    return [row[:count].tolist() for row, count in zip(found[name], found["count"], strict=True)]


def path(*tokens, vocabulary=4):
    """Logits of one row whose best path is this one."""
    return 5 * np.eye(vocabulary)[list(tokens)][None]


def merged(path, blank):
    return tuple(token for token, _ in itertools.groupby(path) if token != blank)


def log_softmax(logits):
    logits = np.asarray(logits, np.float64)
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


def all_paths(logits, blank):
    """By transcript the sum of the probabilities of its paths, and its best path with that one's probability."""
    values, sums, best = log_softmax(logits), {}, {}
    for each in itertools.product(range(values.shape[1]), repeat=len(values)):
        probability = np.exp(sum(values[step, token] for step, token in enumerate(each)))
        transcript = merged(each, blank)
        sums[transcript] = sums.get(transcript, 0) + probability
        best[transcript] = max(best.get(transcript, (0, ())), (probability, each))
    return sums, best


def frames(path, blank):
    """First and last step of each token of a path."""
    runs = [
        (token, [step for step, _ in steps])
        for token, steps in itertools.groupby(enumerate(path), key=lambda pair: pair[1])
    ]
    return [(steps[0], steps[-1]) for token, steps in runs if token != blank]


RULES = {
    "repeats are one": ([1, 1, 2, 2, 2], [1, 2], [0, 2], [1, 4]),
    "a repeat behind a blank is another": ([1, 0, 1, 1], [1, 1], [0, 2], [0, 3]),
    "all blank": ([0, 0, 0], [], [], []),
    "blanks around": ([0, 3, 0, 0, 2, 0], [3, 2], [1, 4], [1, 4]),
    "no blank": ([3, 2, 1], [3, 2, 1], [0, 1, 2], [0, 1, 2]),
}


@pytest.mark.parametrize("beam", [1, 50])
@pytest.mark.parametrize("case", RULES)
def test_repeats_are_merged_and_blanks_dropped(case, beam):
    steps, tokens, first, last = RULES[case]
    found = decoded(path(*steps), beam=beam)
    assert rows(found) == [tokens]
    assert rows(found, "first") == [first]
    assert rows(found, "last") == [last]
    assert found["tokens"].shape == (1, len(steps))
    assert not found["tokens"][0, len(tokens) :].any()
    assert {name: array.dtype.name for name, array in found.items()} == {
        **dict.fromkeys(("tokens", "count", "first", "last"), "int32"),
        "score": "float32",
    }


def test_the_best_path_and_its_probability():
    logits = np.random.default_rng(0).normal(size=(3, 5, 4))
    found = decoded(logits)
    values = log_softmax(logits.astype(np.float32))
    np.testing.assert_allclose(found["score"], values.max(-1).mean(-1), rtol=1e-5)
    assert rows(found) == [list(merged(row.argmax(-1).tolist(), 0)) for row in logits]


@pytest.mark.parametrize(("length", "vocabulary", "blank"), [(1, 3, 0), (3, 3, 2), (5, 3, 0), (5, 3, 2), (6, 2, 0)])
def test_a_wide_beam_is_the_most_probable_transcript(length, vocabulary, blank):
    logits = np.random.default_rng(length).normal(size=(12, length, vocabulary)).astype(np.float32)
    if blank:
        logits[:, :, 0] = -100  # padding, which never comes
    found = decoded(logits, blank=blank, beam=200)
    for row, x in enumerate(logits):
        sums, best = all_paths(x, blank)
        transcript = max(sums, key=sums.get)
        assert rows(found)[row] == list(transcript)
        assert found["score"][row] == pytest.approx(np.log(sums[transcript]) / length, abs=1e-5)
        spans = list(zip(rows(found, "first")[row], rows(found, "last")[row], strict=True))
        assert spans == frames(best[transcript][1], blank)


def test_the_sum_over_paths_can_say_more_than_the_best_path():
    """Graves 2012, figure 7.4: each step is blank at 0.6, and yet the letter is likelier than silence."""
    logits = np.log([[[0.6, 0.4], [0.6, 0.4]]])
    assert rows(decoded(logits)) == [[]]
    found = decoded(logits, beam=10)
    assert rows(found) == [[1]]
    assert found["score"][0] == pytest.approx(np.log(0.64) / 2)


def test_a_narrow_beam_finds_less():
    logits = np.random.default_rng(4).normal(size=(20, 8, 3))
    scores = [decoded(logits, beam=beam)["score"] for beam in (2, 4, 400)]
    assert (scores[0] <= scores[1] + 1e-6).all()
    assert (scores[1] <= scores[2] + 1e-6).all()
    assert (scores[0] < scores[2] - 1e-6).any()


@pytest.mark.parametrize("beam", [1, 3])
def test_what_stands_beyond_the_steps_is_nothing(beam):
    random = np.random.default_rng(1)
    logits = random.normal(size=(4, 6, 3))
    steps = [6, 3, 0, 1]
    found = decoded(logits, steps, beam=beam)
    for row, count in enumerate(steps):
        alone = decoded(logits[row : row + 1, :count], beam=beam)
        assert rows(found)[row] == rows(alone)[0]
        assert found["score"][row] == alone["score"][0]
        logits[row, count:] = np.nan
    for name, values in decoded(logits, steps, beam=beam).items():
        np.testing.assert_array_equal(values, found[name])


def test_without_steps_all_count():
    decode = {key: value for key, value in DECODE.items() if key != "steps"}
    found = get_loop(decode, {}).run(Fixed(logits=path(1, 0, 2)), {})
    assert rows(found) == [[1, 2]]


def test_nothing_is_an_empty_transcript():
    found = decoded(np.zeros((2, 0, 3)))
    assert found["tokens"].shape == (2, 0)
    assert found["count"].tolist() == found["score"].tolist() == [0, 0]


def test_padding_never_comes():
    logits = path(0, 1, 0, 2, vocabulary=4) - path(3, 3, 3, 3)
    for beam in (1, 20):
        assert 0 not in rows(decoded(logits, blank=3, beam=beam))[0]


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 5]), st.lists(st.integers(0, 5), max_size=6))
def test_chunks_say_what_the_whole_says(seed, beam, chunks):
    logits = np.random.default_rng(seed).normal(size=(2, sum(chunks), 4), scale=2)
    stream, said = CtcStream(beam=beam), [[], []]
    ends = np.cumsum(chunks, dtype=int)
    for end, size in zip(ends, chunks, strict=True):
        new = stream.feed(logits[:, end - size : end])
        for row, tokens in enumerate(rows(new)):
            said[row] += tokens
    for row, tokens in enumerate(rows(stream.end())):
        said[row] += tokens
    if not chunks:
        return
    whole, found = decoded(logits, beam=beam), stream.whole()
    assert said == rows(whole)
    for name, values in decoded(logits, beam=beam).items():
        if name == "score":  # logits of one float32 are those of the other
            np.testing.assert_allclose(found[name], values, rtol=1e-5)
        else:
            np.testing.assert_array_equal(found[name], values, err_msg=name)


@pytest.mark.parametrize("beam", [1, 4])
def test_a_long_stream_forgets_nothing(beam):
    """Longer than what the search keeps of its prefixes at a time."""
    logits = np.random.default_rng(5).normal(size=(1, 700, 4), scale=4).astype(np.float32)
    stream, said = CtcStream(beam=beam), []
    for first in range(0, 700, 70):
        said += rows(stream.feed(logits[:, first : first + 70]))[0]
    assert len(said) > 5
    said += rows(stream.end())[0]
    whole = decoded(logits, beam=beam)
    assert len(said) > 300
    assert [said] == rows(whole) == rows(stream.whole())
    np.testing.assert_array_equal(stream.whole()["first"], whole["first"])
    assert (np.diff(whole["first"][0, : whole["count"][0]]) > 0).all()


def test_tokens_come_when_they_are_certain():
    stream = CtcStream()
    assert rows(stream.feed(path(1, 1))) == [[1]]
    assert rows(stream.feed(path(1, 0))) == [[]]
    assert rows(stream.feed(path(1, 2))) == [[1, 2]]
    assert rows(stream.end()) == [[]]
    stream = CtcStream(beam=2)
    assert rows(stream.feed(np.log([[[0.6, 0.4]]]))) == [[]]
    assert rows(stream.feed(np.log([[[0.6, 0.4]]]))) == [[]]
    assert rows(stream.end()) == [[1]]
    stream.begin()
    assert rows(stream.feed(path(2, 2), steps=[0])) == [[]]


def test_a_stream_refuses_what_does_not_follow():
    stream = CtcStream()
    with pytest.raises(InputError, match=r"wrong shape of logits: found \(2, 3\), expected \(batch, n, vocabulary\)"):
        stream.feed(np.zeros((2, 3)))
    stream.feed(path(1))
    with pytest.raises(InputError, match=r"found \(2, 1, 3\), expected \(1, n, vocabulary\)"):
        stream.feed(np.zeros((2, 1, 3)))
    stream.end()
    with pytest.raises(InputError, match="the stream has ended: found more frames"):
        stream.feed(path(1))
    with pytest.raises(InputError, match="wrong blank: found 4, expected one of 4 tokens"):
        CtcStream(blank=4).feed(path(1))


@pytest.mark.parametrize("options", [{"beam": 0}, {"beam": "wide"}, {"beam": 1001}])
def test_a_wrong_beam_is_a_sentence(options):
    with pytest.raises(
        InputError, match=r"wrong option `beam`: found .*, the loop `ctc` takes a whole number from 1 to"
    ):
        decoded(path(1), **options)


def test_an_unknown_option_names_those_there_are():
    with pytest.raises(InputError, match="unknown option `longest`: the decode loop `ctc` takes `beam`"):
        decoded(path(1), longest=3)
    assert list(get_loop(DECODE, {}).options) == ["beam"]


def test_logits_that_are_no_numbers_are_an_error():
    with pytest.raises(AnswerError, match="the part `predict` answered with logits that are no numbers"):
        decoded(np.full((1, 2, 3), np.nan))


FORGED = {
    "no such output": (DECODE | {"logits": "scores"}, "the part `predict` has no output `scores`: found logits, steps"),
    "no steps": (DECODE | {"steps": "length"}, "has no output `length`"),
    "a blank beyond": (DECODE | {"blank": 4}, r"shape \(1, 1, 4\), expected .* with the blank 4 in the vocabulary"),
    "no blank": (DECODE | {"blank": -1}, "wrong `blank`: found -1"),
    "no beam": (DECODE | {"beam": 0}, "wrong `beam`: found 0"),
}


@pytest.mark.parametrize("case", FORGED)
def test_a_manifest_that_its_part_contradicts_is_refused(case):
    decode, message = FORGED[case]
    with pytest.raises(BundleError, match=message):
        get_loop(decode, {}).run(Fixed(logits=path(1), steps=[1]), {})
