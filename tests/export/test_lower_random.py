"""Random recurrences: whatever a layer is asked for, a file answers as Keras does, in the same bits by both forms."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import Input, Model
from lowered_models import CELLS, lowered, ready, stored_answers, worst_error

FEATURES, EXAMPLES = 3, 12
EXACT = 1e-5

recurrences = st.fixed_dictionaries(
    {
        "cell": st.sampled_from(sorted(CELLS)),
        "length": st.integers(1, 70),
        "units": st.integers(1, 24),
        "mask": st.sampled_from((None, "none", "all", "left", "middle", "right")),
        "given_state": st.booleans(),
        "options": st.fixed_dictionaries(
            {"go_backwards": st.booleans(), "return_sequences": st.booleans(), "zero_output_for_mask": st.booleans()}
        ),
        "seed": st.integers(0, 99),
    }
)
batches = st.sampled_from((1, 2))


def built(
    cell: str, length: int, units: int, mask: str | None, given_state: bool, options: dict, seed: int
) -> tuple[Model, dict[str, np.ndarray]]:
    """A model of one recurrence that gives its output and its states, and examples of its inputs."""
    random = np.random.default_rng(seed)
    inputs, calls = {"x": Input((length, FEATURES), name="x")}, {}
    feeds = {"x": random.normal(size=(EXAMPLES, length, FEATURES)).astype(np.float32)}
    if mask is not None:
        inputs["valid"] = Input((length,), name="valid", dtype="int32")
        feeds["valid"] = np.array([valid_steps(mask, length, random) for _ in range(EXAMPLES)], np.int32)
        calls["mask"] = keras.ops.cast(inputs["valid"], "bool")
    if given_state:
        names = ("h", "c") if cell == "LSTM" else ("h",)
        inputs |= {name: Input((units,), name=name) for name in names}
        feeds |= {name: random.uniform(-1, 1, (EXAMPLES, units)).astype(np.float32) for name in names}
        calls["initial_state"] = [inputs[name] for name in names]
    outputs = CELLS[cell](units, return_state=True, **options)(inputs["x"], **calls)
    return ready(Model(inputs, {f"output{number}": tensor for number, tensor in enumerate(outputs)})), feeds


def valid_steps(mask: str, length: int, random: np.random.Generator) -> np.ndarray:
    """(length,) int, 0 at masked steps: none, all, those on one side of a random step, or those between two."""
    first, last = np.sort(random.integers(0, length + 1, 2))
    masked = {
        "none": slice(0, 0),
        "all": slice(None),
        "left": slice(None, last),
        "middle": slice(first, last),
        "right": slice(first, None),
    }
    valid = np.ones(length, int)
    valid[masked[mask]] = 0
    return valid


def answers_as_keras(converter, drawn: dict, form: str, batch: int) -> None:
    model, feeds = built(**drawn)
    assert worst_error(model, lowered(converter, model, form=form, batch=batch).data, feeds) <= EXACT


def gives_the_same_bits(converter, drawn: dict, batch: int) -> None:
    model, feeds = built(**drawn)
    unrolled, blocked = (
        lowered(converter, model, "int8", form=form, batch=batch, calibration=feeds) for form in ("unrolled", "blocked")
    )
    assert unrolled.int8_recipe == blocked.int8_recipe
    one, other = stored_answers(unrolled.data, feeds), stored_answers(blocked.data, feeds)
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


@settings(max_examples=14, derandomize=True)
@given(drawn=recurrences, form=st.sampled_from(("unrolled", "blocked")), batch=batches)
def test_float_files_answer_as_keras(converter, drawn, form, batch):
    answers_as_keras(converter, drawn, form, batch)


@settings(max_examples=5, derandomize=True)
@given(drawn=recurrences, batch=batches)
def test_both_forms_compute_the_same_bits(converter, drawn, batch):
    gives_the_same_bits(converter, drawn, batch)


@pytest.mark.slow
@settings(max_examples=200, derandomize=True)
@given(drawn=recurrences, form=st.sampled_from(("unrolled", "blocked")), batch=batches)
def test_many_float_files_answer_as_keras(converter, drawn, form, batch):
    answers_as_keras(converter, drawn, form, batch)


@pytest.mark.slow
@settings(max_examples=60, derandomize=True)
@given(drawn=recurrences, batch=batches)
def test_many_times_both_forms_compute_the_same_bits(converter, drawn, batch):
    gives_the_same_bits(converter, drawn, batch)
