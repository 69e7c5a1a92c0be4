"""Inputs in another unit or range are answered with a warning; answers that are no numbers are an error."""

import json
import warnings

import numpy as np
import pytest
from hand_made import means

from zoo import runtime
from zoo.errors import AnswerError, InputWarning

ECG = {"kind": "signal", "unit": "mV", "sample_rate": 360, "range": [-3, 3]}
BEAT = np.sin(np.arange(12)).reshape(12, 1)

DOUBTFUL = {
    "a signal in µV": (ECG, 1000 * BEAT, "input `x` holds -1000 to 989.4: expected -3 to 3 mV; is it in another unit?"),
    "a signal in V": (ECG, BEAT / 1000, "input `x` holds -0.001 to 0.0009894: expected -3 to 3 mV; is it in another"),
    "intervals in ms": (
        {"kind": "features", "unit": "s", "range": [0, 2]},
        np.full((12, 1), 800.0),
        "input `x` holds 800 to 800: expected 0 to 2 s; is it in another unit?",
    ),
    "values beyond": ({"kind": "array", "range": [0, 0.5]}, abs(BEAT), "holds 0 to 1: expected 0 to 0.5"),
}
FINE = {
    "a signal": (ECG, BEAT),
    "a flat line": (ECG, 0 * BEAT + 0.25),
    "both ends of a range": ({"kind": "array", "range": [-0.1, 0.3]}, np.repeat([-0.1, 0.3], 6)),
    "nothing declared": ({"kind": "array"}, 1e6 * BEAT),
    "silence": (ECG | {"unit": "1"}, 0 * BEAT),
}


@pytest.mark.parametrize("case", DOUBTFUL)
def test_a_doubtful_input_is_warned_of(tmp_path, case):
    meaning, array, sentence = DOUBTFUL[case]
    predictor = runtime.load(means(tmp_path, shape=(12, 1), **meaning))
    with pytest.warns(InputWarning) as said:
        answer = predictor(array)
    assert [str(each.message) for each in said] == [f"array: {text}" for text in answer.warnings]
    assert sentence in answer.warnings[0]
    assert answer.to_dict()["warnings"] == list(answer.warnings)
    np.testing.assert_allclose(answer.outputs["y"], array.mean(), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("case", FINE)
def test_what_is_as_declared_is_not(tmp_path, case):
    meaning, array = FINE[case]
    with warnings.catch_warnings(action="error"):
        assert runtime.load(means(tmp_path, shape=(12, 1), **meaning))(array).warnings == ()


PICTURE = np.random.default_rng(0).integers(0, 256, (4, 4, 3))


@pytest.mark.parametrize(
    ("array", "doubtful"),
    [(PICTURE / 255, True), (PICTURE / 127.5 - 1, True), (PICTURE, False), (PICTURE / 2, False), (0 * PICTURE, False)],
)
def test_a_picture_is_of_0_to_255(tmp_path, array, doubtful):
    predictor = runtime.load(means(tmp_path))
    with warnings.catch_warnings(action="ignore"):
        said = predictor(array.astype(np.float32)).warnings
    assert [("expected 0 to 255" in text) for text in said] == [True] * doubtful


@pytest.fixture
def loud(tmp_path):
    """A folder with a bundle whose answer to `big.npz` is infinite."""
    means(tmp_path, "loud", shape=(12, 1), labels=["one"], **ECG)
    np.savez(tmp_path / "big.npz", x=np.full((12, 1), 3e38, np.float32))
    np.savez(tmp_path / "volts.npz", x=1000 * BEAT)
    return tmp_path


def test_an_answer_that_is_no_number_is_an_error(loud):
    predictor = runtime.load(loud / "loud")
    with pytest.warns(InputWarning, match="holds 3e"), pytest.raises(AnswerError) as found:
        predictor(np.full((12, 1), 3e38))
    assert "`loud` (float32) answered with NaN or infinity: found 1 such numbers of 1 in output `y`" in str(found.value)


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_the_command_says_so(zoo, loud, more):
    process = zoo("predict", "loud", "big.npz", *more, code=2, cwd=loud)
    assert process.stdout == ""
    warning, error, _, hint = process.stderr.splitlines()
    assert warning.startswith("warning: big.npz: input `x` holds 3e+38 to 3e+38: expected -3 to 3 mV")
    assert error.startswith("error: big.npz: `loud` (float32) answered with NaN or infinity")
    assert "zoo verify" in hint


def test_the_command_warns_on_stderr_and_in_json(zoo, loud):
    process = zoo("predict", "loud", "volts.npz", "volts.npz", "--json", cwd=loud)
    said = "input `x` holds -1000 to 989.4: expected -3 to 3 mV; is it in another unit?"
    assert process.stderr.splitlines() == [f"warning: volts.npz: {said}"] * 2
    assert [json.loads(line)["warnings"] for line in process.stdout.splitlines()] == [[said]] * 2
