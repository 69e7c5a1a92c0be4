"""The loop `autoregressive` against an enumeration of all answers of a tiny model, in float64."""

import itertools

import numpy as np
import pytest

from zoo.errors import AnswerError, BundleError, InputError
from zoo.runtime.decode import get_loop

PAD, START, END, VOCABULARY = 0, 1, 2, 5
DECODE = {
    **{"loop": "autoregressive", "encode": "encode", "step": "step", "token": "token", "logits": "logits"},
    **{"attention": "attention", "start": START, "end": END, "longest": 4, "beam": 1},
}
STEP = {
    "inputs": {"token": {"shape": [1, 1], "dtype": "int32"}, "picture": {"shape": [1, 3], "dtype": "float32"}},
    "outputs": {"logits": {"shape": [1, VOCABULARY]}, "attention": {"shape": [1, 3]}},
    "state": {"h": {"shape": [1, 6], "dtype": "float32"}, "age": {"shape": [1], "dtype": "float32"}},
}
PARTS = {
    "encode": {"inputs": {"x": {"shape": [1, 3]}}, "outputs": {"picture": {}, "h": {}, "unused": {}}},
    "step": STEP,
}


class TinyModel:
    """A recurrence in NumPy: h' = tanh(U h + E[token] + P picture), logits = W h'; `age` counts the steps."""

    def __init__(self, seed=0, rows=None, forget=False):
        random = np.random.default_rng(seed)
        self.U, self.W = random.normal(size=(6, 6)), random.normal(size=(6, VOCABULARY)) * 2
        self.E, self.P = random.normal(size=(VOCABULARY, 6)), random.normal(size=(3, 6))
        self.rows, self.forget, self.calls = rows, forget, []

    def run(self, signature, /, **arrays):
        self.calls.append(signature)
        assert all(self.rows in (None, len(array)) for array in arrays.values())
        if signature == "encode":
            assert set(arrays) == {"x"}
            x = arrays["x"].astype(np.float64)
            return {"picture": x / 2, "h": np.sin(x @ self.P), "unused": x}
        assert set(arrays) == {"token", "picture", "h", "age"}
        assert arrays["token"].dtype == np.int32
        assert arrays["token"].shape == (len(arrays["h"]), 1)
        h = np.tanh(arrays["h"] @ self.U + self.E[arrays["token"][:, 0]] + arrays["picture"] @ self.P)
        age = arrays["age"] + 1
        said = arrays["picture"] * age[:, None]
        return {"logits": h @ self.W - 9 * (age[:, None] > 9), "attention": said, "h": h, "age": age}

    def log_probabilities(self, x, tokens):
        """Of each of these tokens, after the start and those before: a sequence at a time, from the equations."""
        h, found = np.sin(x @ self.P), []
        for before, token in itertools.pairwise([START, *tokens]):
            h = np.tanh(h @ self.U + self.E[before] + x / 2 @ self.P)
            logits = h @ self.W
            logits[[PAD, START]] = -np.inf
            found.append(logits[token] - np.log(np.exp(logits).sum()))
        return found

    def all_answers(self, x, longest):
        """Every answer with its mean log probability: those that end, and those that are cut."""
        letters = [token for token in range(VOCABULARY) if token not in (PAD, START, END)]
        for length in range(longest + 1):
            for tokens in itertools.product(letters, repeat=length):
                whole = tokens if length == longest else (*tokens, END)
                yield np.mean(self.log_probabilities(x, whole)), tokens


X = np.random.default_rng(7).normal(size=(5, 3))


def answers(found):
    return [tuple(row[:count]) for row, count in zip(found["tokens"].tolist(), found["count"], strict=True)]


def run(model, x=X, decode=DECODE, **options):
    return get_loop(decode, PARTS).run(model, {"x": x}, **options)


@pytest.mark.parametrize("seed", range(4))
def test_a_wide_beam_is_the_best_of_all_answers(seed):
    model = TinyModel(seed)
    found = run(model, beam=200)
    best = [max(model.all_answers(x, 4)) for x in X]
    assert answers(found) == [tokens for _, tokens in best]
    np.testing.assert_allclose(found["score"], [score for score, _ in best], rtol=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_beam_one_takes_the_most_probable_token_each_time(seed):
    model = TinyModel(seed)
    found = run(model)
    for x, answer, score in zip(X, answers(found), found["score"], strict=True):
        tokens = []
        while len(tokens) < 4 and (not tokens or tokens[-1] != END):
            tokens.append(max(range(2, VOCABULARY), key=lambda each: model.log_probabilities(x, [*tokens, each])[-1]))
        assert answer == tuple(token for token in tokens if token != END)
        assert score == pytest.approx(np.mean(model.log_probabilities(x, tokens)), rel=1e-5)


def test_a_wider_beam_is_no_worse_here_and_keeps_what_has_ended():
    scores = [run(TinyModel(1), beam=beam)["score"] for beam in (1, 2, 3, 200)]
    assert all((wide >= narrow - 1e-6).all() for narrow, wide in itertools.pairwise(scores))


@pytest.mark.parametrize("options", [{}, {"beam": 3}, {"temperature": 1.5, "seed": 3}])
def test_rows_do_not_know_of_each_other(options):
    together = run(TinyModel(2), **options)
    for row in range(len(X)):
        alone = run(TinyModel(2, rows=1), X[row : row + 1], **options)
        for name, values in alone.items():
            np.testing.assert_array_equal(values, together[name][row : row + 1], err_msg=name)


def test_outputs_have_their_shapes_and_padding():
    found = run(TinyModel(0), beam=2, longest=7)
    assert {name: (array.shape, array.dtype.name) for name, array in found.items()} == {
        "tokens": ((5, 7), "int32"),
        "count": ((5,), "int32"),
        "score": ((5,), "float32"),
        "attention": ((5, 7, 3), "float64"),
    }
    for row, count in enumerate(found["count"]):
        assert (found["tokens"][row, :count] > END).all()
        assert not found["tokens"][row, count:].any()
        assert not found["attention"][row, count:].any()
        ages = np.arange(1, count + 1)[:, None]  # the step that gave a token says what it looked at
        np.testing.assert_allclose(found["attention"][row, :count], ages * X[row] / 2)


def test_the_part_encode_runs_once_and_steps_end_with_the_answers():
    model = TinyModel(0)
    found = run(model)
    steps = int(max(found["count"] + (found["count"] < 4)))
    assert model.calls == ["encode"] + ["step"] * steps


class Script:
    """A step without context that gives the logits of a table, the token before saying which row."""

    def __init__(self, table):
        self.table, self.fed = np.asarray(table, np.float32), []

    def run(self, signature, /, **arrays):
        assert set(arrays) == {"token"}
        self.fed.append(arrays["token"][:, 0].tolist())
        return {"logits": self.table[arrays["token"][:, 0]]}


LANGUAGE = {key: value for key, value in DECODE.items() if key != "attention"} | {"encode": None}
ONLY_STEP = {"step": {"inputs": {"token": {}}, "outputs": {"logits": {"shape": [1, VOCABULARY]}}}}
NEXT = 9 * np.eye(VOCABULARY)[[3, 3, 4, 4, 3]]  # 3 and 4 by turns, for ever


def continued(runner, prompt, **options):
    return get_loop(LANGUAGE, ONLY_STEP).run(runner, {"token": np.array(prompt, np.int32)}, **options)


def test_a_language_model_is_fed_the_prompt_first():
    runner = Script(NEXT)
    found = continued(runner, [[3, 4, 0], [4, 0, 0], [START, 4, 3]])
    assert answers(found) == [(3, 4, 3, 4), (3, 4, 3, 4), (4, 3, 4, 3)]
    assert runner.fed[:3] == [[START, START, START], [3, 4, 4], [4, 3, 3]]


def test_a_language_model_needs_no_prompt():
    assert answers(continued(Script(NEXT), np.zeros((2, 0)))) == [(3, 4, 3, 4)] * 2
    assert answers(get_loop(LANGUAGE, ONLY_STEP).run(Script(NEXT), {})) == [(3, 4, 3, 4)]


@pytest.mark.parametrize("beam", [1, 2, 5])
def test_an_answer_may_be_empty(beam):
    found = continued(Script(np.tile([0, 0, 9, 0, 0], (VOCABULARY, 1))), [[3]], beam=beam)
    assert answers(found) == [()]
    assert found["score"][0] == pytest.approx(-np.log(1 + 2 * np.exp(-9)))


@pytest.mark.parametrize("options", [{}, {"beam": 4}, {"temperature": 5.0, "seed": 1, "longest": 50}])
def test_padding_and_start_never_come(options):
    found = continued(Script(np.tile([9, 9, 1, 2, 3], (VOCABULARY, 1))), [[3]], **options)
    assert found["count"][0] > 0
    assert set(answers(found)[0]) <= {3, 4}


@pytest.mark.parametrize("beam", [1, 2])
def test_of_equals_the_lower_token_comes(beam):
    found = continued(Script(np.tile([0, 0, -9, 1, 1], (VOCABULARY, 1))), [[4]], beam=beam)
    assert answers(found) == [(3, 3, 3, 3)]


def test_a_start_that_is_the_end_can_end():
    decode = LANGUAGE | {"start": END}
    table = np.full((VOCABULARY, VOCABULARY), -9.0)
    table[[END, 3], [3, END]] = 9
    assert answers(get_loop(decode, ONLY_STEP).run(Script(table), {})) == [(3,)]


def test_draws_are_repeated_by_their_seed_alone():
    model = TinyModel(3)
    first = run(model, temperature=1.0, seed=11, longest=9)
    run(model, temperature=1.0, seed=12, longest=9)
    again = run(TinyModel(3), temperature=1.0, seed=11, longest=9)
    for name in first:
        np.testing.assert_array_equal(first[name], again[name])
    others = {tuple(answers(run(model, temperature=1.0, seed=seed))) for seed in range(8)}
    assert len(others) > 1


def test_draws_are_as_frequent_as_they_are_probable():
    """The first token of 2,000 seeds against its probability; 4 standard deviations are 0.045."""
    logits = np.array([0.0, 0, 0.3, 1.0, 2.0])
    runner, seen = Script(np.tile(logits, (VOCABULARY, 1))), np.zeros(VOCABULARY)
    for seed in range(2000):
        found = continued(runner, [[3]], temperature=2.0, seed=seed, longest=1)
        seen[found["tokens"][0, 0] or END] += 1
    expected = np.exp(logits / 2) * [0, 0, 1, 1, 1]
    np.testing.assert_allclose(seen / 2000, expected / expected.sum(), atol=0.045)


def test_drawing_from_one_or_without_warmth_is_greedy():
    greedy = run(TinyModel(2))
    for options in ({"temperature": 0}, {"temperature": 3.0, "top_k": 1}, {"temperature": 1e-310}):
        np.testing.assert_array_equal(run(TinyModel(2), **options)["tokens"], greedy["tokens"])
    top = {
        token
        for seed in range(60)
        for token in answers(run(TinyModel(2), X[:1], temperature=9.0, top_k=2, longest=1, seed=seed))[0]
    }
    best = (
        np.argsort(
            TinyModel(2).run(
                "step",
                token=np.array([[START]], np.int32),
                picture=X[:1] / 2,
                h=np.sin(X[:1] @ TinyModel(2).P),
                age=np.zeros(1),
            )["logits"][0, 2:]
        )[-2:]
        + 2
    )
    assert top == set(best.tolist()) - {END}


WRONG = {
    "no beam": ({"beam": 0}, "wrong option `beam`: found 0, the loop `autoregressive` takes a whole number from 1 to"),
    "half a beam": ({"beam": 1.5}, "wrong option `beam`: found 1.5"),
    "a truth value": ({"beam": True}, "wrong option `beam`: found True"),
    "too long": ({"longest": 10**9}, "wrong option `longest`: found 1000000000, .* from 1 to 100,000"),
    "no length": ({"longest": 0}, "wrong option `longest`: found 0"),
    "cold": ({"temperature": -1.0}, "wrong option `temperature`: found -1.0, .* a finite number, 0 or more"),
    "text": ({"temperature": "hot"}, "wrong option `temperature`: found 'hot'"),
    "NaN": ({"temperature": float("nan")}, "wrong option `temperature`: found nan"),
    "none of the top": ({"temperature": 1.0, "top_k": 0}, "wrong option `top_k`: found 0"),
    "a negative seed": ({"temperature": 1.0, "seed": -1}, "wrong option `seed`: found -1"),
    "draws from a beam": ({"temperature": 1.0, "beam": 2}, "follows one hypothesis: found `beam` 2"),
    "a seed alone": ({"seed": 1}, "`seed` is of drawing tokens: found no `temperature`"),
    "an unknown one": (
        {"width": 2},
        "unknown option `width`: the decode loop `autoregressive` takes `beam`, `longest`",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_option_is_a_sentence(case):
    options, message = WRONG[case]
    model = TinyModel()
    with pytest.raises(InputError, match=message):
        run(model, **options)
    assert model.calls == []


def test_options_say_what_they_are():
    loop = get_loop(DECODE, PARTS)
    assert list(loop.options) == ["beam", "longest", "temperature", "top_k", "seed"]
    assert loop.options["beam"].endswith("a whole number from 1 to 1,000")
    np.testing.assert_array_equal(run(TinyModel(), beam=None)["tokens"], run(TinyModel())["tokens"])


PROMPTS = {
    "fractions": (np.ones((1, 2)), "found float64 of shape"),
    "one axis": (np.ones(3, int), r"found int64 of shape \(3,\)"),
    "beyond the vocabulary": (np.array([[3, 5]]), "found tokens from 3 to 5, expected 0 to 4"),
    "below it": (np.array([[3, -1]]), "found tokens from -1 to 3"),
}


@pytest.mark.parametrize("case", PROMPTS)
def test_a_wrong_prompt_is_a_sentence(case):
    prompt, message = PROMPTS[case]
    with pytest.raises(InputError, match=message):
        get_loop(LANGUAGE, ONLY_STEP).run(Script(NEXT), {"token": prompt})


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_logits_that_are_no_numbers_are_an_error(value):
    with pytest.raises(AnswerError, match="the part `step` answered with logits that are no numbers"):
        continued(Script(np.full((VOCABULARY, VOCABULARY), value)), [[3]])


FORGED = {
    "no such part": ({"step": "next"}, {}, "the bundle's manifest has no part `next`, .* found encode, step"),
    "no encoder": ({"encode": "read"}, {}, "has no part `read`"),
    "no such input": ({"token": "word"}, {}, "part `step` has no input `word`, .* found token, picture"),
    "no such output": ({"logits": "scores"}, {}, "part `step` has no output `scores`"),
    "no attention": ({"attention": "gaze"}, {}, "part `step` has no output `gaze`"),
    "context from nowhere": (
        {},
        {"encode": {"inputs": {}, "outputs": {}}},
        "part `encode` has no input or output `pict",
    ),
    "a start beyond": ({"start": 5}, {}, "wrong `start`: found 5, expected a whole number from 0 to 4"),
    "no end": ({"end": None}, {}, "wrong `end`: found None"),
    "no length": ({"longest": 0}, {}, "wrong `longest`: found 0"),
    "an endless beam": ({"beam": 10**6}, {}, "wrong `beam`: found 1000000, expected a whole number from 1 to 1,000"),
    "logits in time": (
        {},
        {"step": STEP | {"outputs": STEP["outputs"] | {"logits": {"shape": [1, 2, 3]}}}},
        r"has shape \[1, 2, 3\]: expected \(batch, vocabulary\)",
    ),
}


@pytest.mark.parametrize("case", FORGED)
def test_a_manifest_whose_parts_do_not_fit_is_refused(case):
    decode, parts, message = FORGED[case]
    with pytest.raises(BundleError, match=message):
        get_loop(DECODE | decode, PARTS | parts)


def test_logits_of_another_shape_are_refused():
    with pytest.raises(BundleError, match=r"gave `logits` of shape \(1, 3\): expected \(1, 5\)"):
        continued(Script(np.zeros((VOCABULARY, 3))), [[3]])
